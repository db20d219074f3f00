/** How often a random check runs: `base` times, or as many times more as CRENEL_CHECKS says (nightly runs set it). */
export function checks(base: number): number {
  const factor = Number(process.env['CRENEL_CHECKS'] ?? '1');
  return Math.round(base * (Number.isFinite(factor) && factor > 0 ? factor : 1));
}
