/** Longest text that is compared; names of AWS records are shorter, hostile ones are cut. */
const MAX_LENGTH = 64;
/** Most names that are looked at. A world may hold more, and a suggestion is a courtesy. */
const MAX_CANDIDATES = 50_000;
const MAX_SUGGESTIONS = 3;

/** The names nearest to a mistyped one, best first; none where nothing is near. Cost is bounded whatever the input. */
export function suggestNames(typed: string, candidates: Iterable<string>): readonly string[] {
  const wanted = typed.slice(0, MAX_LENGTH).toLowerCase();
  const limit = Math.min(3, Math.max(1, Math.floor(wanted.length / 3)));
  const found = new Map<string, number>();
  let seen = 0;
  for (const candidate of candidates) {
    seen += 1;
    if (seen > MAX_CANDIDATES) break;
    if (candidate.length > MAX_LENGTH || found.has(candidate)) continue;
    const text = candidate.toLowerCase();
    const isBeginning = wanted.length >= 3 && text.startsWith(wanted);
    const distance = isBeginning ? 0.5 : editDistance(wanted, text, limit);
    if (distance <= limit) found.set(candidate, distance);
  }
  return [...found]
    .toSorted((a, b) => a[1] - b[1] || (a[0] < b[0] ? -1 : 1))
    .slice(0, MAX_SUGGESTIONS)
    .map(([name]) => name);
}

/** Insertions, deletions, replacements and swaps of neighbours between two texts; more than `limit` counts as `limit + 1`. */
export function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  let older: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const current = [i];
    let best = i;
    for (let j = 1; j <= b.length; j += 1) {
      const replace = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      let cost = Math.min(replace, (previous[j] ?? 0) + 1, (current[j - 1] ?? 0) + 1);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        cost = Math.min(cost, (older[j - 2] ?? 0) + 1);
      current.push(cost);
      best = Math.min(best, cost);
    }
    if (best > limit) return limit + 1;
    older = previous;
    previous = current;
  }
  return Math.min(previous[b.length] ?? limit + 1, limit + 1);
}
