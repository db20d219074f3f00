import type { Elements, Field, Operator, Rule, Step, Value, Verdict } from './ruleset.ts';

// The vocabulary in which layouts are written.

export function is(field: Field, value: Value | number, operator: Operator = '=='): Step {
  return { kind: 'compare', field, operator, value: String(value) };
}

/** nft prints a set of one as the one, so that is how it is written. */
export function isOneOf(field: Field, values: readonly (Value | number)[], operator: Operator = '=='): Step {
  const [only] = values;
  if (only !== undefined && values.length === 1) return is(field, only, operator);
  return { kind: 'one-of', field, operator, values: values.map(String) };
}

export function isIn(key: readonly Field[], set: string, operator: Operator = '=='): Step {
  return { kind: 'lookup', key, operator, set };
}

export function end(verdict: Verdict): Step {
  return { kind: 'verdict', verdict };
}

export function verdictBy(key: readonly Field[], map: string | Elements): Step {
  return { kind: 'verdict-map', key, map };
}

export function markBy(key: readonly Field[], map: string | Elements): Step {
  return { kind: 'map-mark', key, map };
}

export function update(set: string, key: readonly Field[], timeoutSeconds?: number): Step {
  return { kind: 'update', set, key, timeoutSeconds };
}

/** A packet of a connection's first direction, or of its answers. */
export function goes(direction: 'original' | 'reply'): Step {
  return is('ct direction', direction === 'original' ? 0 : 1);
}

export const COUNT: Step = { kind: 'counter' };

/** The packet is of a flow of its own, not an error about one. */
export const OWN_FLOW: Step = { kind: 'ct-own' };

/** A drop that shows in a listing how often it happened. */
export const DROP: Rule = [COUNT, end('drop')];
