/** Matches a filter's value: `*` is any number of characters, `?` none or one, a backslash takes the next as it is (E2:Using_Filtering). */
export function wildcardMatcher(pattern: string): (text: string) => boolean {
  const steps = stepsOf(pattern);
  if (steps.every((step) => step.kind === 'exact')) {
    const wanted = steps.map(({ character }) => character).join('');
    return (text) => text === wanted;
  }
  return (text) => matches(steps, text);
}

type Step = { readonly kind: 'exact' | 'any' | 'maybe'; readonly character: string };

function stepsOf(pattern: string): readonly Step[] {
  const steps: Step[] = [];
  const characters = Array.from(pattern);
  for (let at = 0; at < characters.length; at += 1) {
    const character = characters[at] ?? '';
    const escaped = character === '\\' ? characters[at + 1] : undefined;
    if (escaped !== undefined) {
      steps.push({ kind: 'exact', character: escaped });
      at += 1;
    } else if (character === '*') {
      // Several stars in a row are one: the work stays bounded.
      if (steps.at(-1)?.kind !== 'any') steps.push({ kind: 'any', character });
    } else {
      steps.push({ kind: character === '?' ? 'maybe' : 'exact', character });
    }
  }
  return steps;
}

/** All places in the pattern that the text so far may have led to, character by character: no backtracking, whatever the pattern. */
function matches(steps: readonly Step[], text: string): boolean {
  let places = withoutText(steps, new Set([0]));
  for (const character of text) {
    const next = new Set<number>();
    for (const place of places) {
      const step = steps[place];
      if (step === undefined) continue;
      if (step.kind === 'any') next.add(place);
      else if (step.kind === 'maybe' || step.character === character) next.add(place + 1);
    }
    if (next.size === 0) return false;
    places = withoutText(steps, next);
  }
  return places.has(steps.length);
}

/** The places and those that are reached from them without a character. */
function withoutText(steps: readonly Step[], places: Set<number>): ReadonlySet<number> {
  // A set hands out what is added while it is walked.
  for (const place of places) {
    const kind = steps[place]?.kind;
    if (kind === 'any' || kind === 'maybe') places.add(place + 1);
  }
  return places;
}
