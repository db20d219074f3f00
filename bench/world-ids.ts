/** An id as AWS writes them: a word and seventeen hexadecimal digits, spread as AWS's are, the same for the same number. */
export function idOf(word: string, number: number): string {
  const high = Math.imul(number + 1, 0x9e37_79b1) >>> 0;
  const low = Math.imul(number ^ 0x5bd1_e995, 0x85eb_ca6b) >>> 0;
  return `${word}-0${high.toString(16).padStart(8, '0')}${low.toString(16).padStart(8, '0')}`;
}
