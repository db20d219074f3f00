import type { Chain, Rule } from './ruleset.ts';

/**
 * A chain whose rules are made each time they are asked for, out of what takes less room than they do: a host has a hundred thousand rules, and once
 * they are in the kernel they are hardly ever looked at. INVARIANT: `make` is a pure function, and `of` holds nothing of the plan that the chain was made in.
 */
export class MadeChain<T> implements Chain {
  readonly name: string;
  readonly of: T;
  readonly make: (of: T) => readonly Rule[];

  constructor(name: string, of: T, make: (of: T) => readonly Rule[]) {
    this.name = name;
    this.of = of;
    this.make = make;
  }

  get rules(): readonly Rule[] {
    return this.make(this.of);
  }
}
