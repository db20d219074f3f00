/**
 * Matches text against a pattern of IAM's: `*` is any number of characters, `?` exactly one. Time is bounded by the product of the lengths,
 * whatever the pattern: after a star only the newest one is tried again.
 */
export function globMatches(pattern: string, text: string): boolean {
  let [at, place] = [0, 0];
  let [star, taken] = [-1, 0];
  while (at < text.length) {
    const wanted = pattern[place];
    if (wanted === '*') {
      star = place;
      taken = at;
      place += 1;
    } else if (wanted === '?' || wanted === text[at]) {
      at += 1;
      place += 1;
    } else if (star >= 0) {
      taken += 1;
      at = taken;
      place = star + 1;
    } else {
      return false;
    }
  }
  while (pattern[place] === '*') place += 1;
  return place === pattern.length;
}

/** Matches ARNs part by part: a wildcard never reaches over a colon, but in the last part (IAM, ArnLike). `*` alone matches everything. */
export function arnMatches(pattern: string, arn: string): boolean {
  if (pattern === '*') return true;
  const [wanted, given] = [arnParts(pattern), arnParts(arn)];
  return wanted.length === given.length && wanted.every((part, index) => globMatches(part, given[index] ?? ''));
}

/** The six parts of an ARN; fewer for what is none. */
export function arnParts(arn: string): readonly string[] {
  const parts = arn.split(':');
  return parts.length <= 6 ? parts : [...parts.slice(0, 5), parts.slice(5).join(':')];
}
