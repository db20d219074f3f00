// Ordered binary decision diagrams, each function once: equal functions have equal numbers.

/** A function of the variables, by its number. */
export type Bdd = number;

/** The function that never holds, and the one that always does. */
export const NEVER: Bdd = 0;
export const ALWAYS: Bdd = 1;

/** One way through a diagram: what each variable on it is. Variables that are not on it do not matter. */
export type Assignment = ReadonlyMap<number, boolean>;

const AND = 1;
const OR = 2;
const WITHOUT = 3;
/** Words of an entry of the memory of operations: what is done to which two, and what came of it. */
const ENTRY = 4;
const FIRST_NODES = 1 << 16;
const MOST_MEMORY = 1 << 22;

/** Diagrams over variables 0, 1, 2, …, tested in this order from the top. The memory of operations forgets, the diagrams do not. */
export class Diagrams {
  #variable = new Int32Array(FIRST_NODES);
  #low = new Int32Array(FIRST_NODES);
  #high = new Int32Array(FIRST_NODES);
  #count = 2;
  /** Open addressing by variable and branches: numbers of nodes, 0 for none. */
  #slots = new Int32Array(FIRST_NODES * 2);
  #memory = new Int32Array(FIRST_NODES * ENTRY);

  constructor() {
    const last = 0x7fff_ffff;
    this.#variable[NEVER] = last;
    this.#variable[ALWAYS] = last;
  }

  /** How many nodes there are, all functions together. */
  get size(): number {
    return this.#count;
  }

  /** What holds as `high` where the variable is true, and as `low` where it is not. Both must read later variables alone. */
  node(variable: number, low: Bdd, high: Bdd): Bdd {
    if (low === high) return low;
    const mask = this.#slots.length - 1;
    let slot = mixed(variable, low, high) & mask;
    for (let found = this.#slots[slot] ?? 0; found !== 0; found = this.#slots[slot] ?? 0) {
      if (this.#low[found] === low && this.#high[found] === high && this.#variable[found] === variable) return found;
      slot = (slot + 1) & mask;
    }
    const made = this.#count;
    this.#slots[slot] = made;
    this.#variable[made] = variable;
    this.#low[made] = low;
    this.#high[made] = high;
    this.#count += 1;
    if (this.#count === this.#variable.length) this.#grow();
    return made;
  }

  and(a: Bdd, b: Bdd): Bdd {
    if (a === b || b === ALWAYS) return a;
    if (a === ALWAYS) return b;
    if (a === NEVER || b === NEVER) return NEVER;
    return a < b ? this.#apply(AND, a, b) : this.#apply(AND, b, a);
  }

  or(a: Bdd, b: Bdd): Bdd {
    if (a === b || b === NEVER) return a;
    if (a === NEVER) return b;
    if (a === ALWAYS || b === ALWAYS) return ALWAYS;
    return a < b ? this.#apply(OR, a, b) : this.#apply(OR, b, a);
  }

  /** Where the first holds and the second does not. */
  without(a: Bdd, b: Bdd): Bdd {
    if (a === b || a === NEVER || b === ALWAYS) return NEVER;
    return b === NEVER ? a : this.#apply(WITHOUT, a, b);
  }

  not(a: Bdd): Bdd {
    return this.without(ALWAYS, a);
  }

  /** The union of many, two neighbours at a time: so intermediate results stay small. */
  union(all: readonly Bdd[]): Bdd {
    if (all.length <= 1) return all[0] ?? NEVER;
    const middle = all.length >> 1;
    return this.or(this.union(all.slice(0, middle)), this.union(all.slice(middle)));
  }

  /** `then` where the first holds, `otherwise` elsewhere. */
  choose(condition: Bdd, then: Bdd, otherwise: Bdd): Bdd {
    return this.or(this.and(condition, then), this.without(otherwise, condition));
  }

  /** The function with these variables set: it reads them no longer. `values` gives each variable's bit, undefined where it stays. */
  restrict(a: Bdd, values: readonly (0 | 1 | undefined)[]): Bdd {
    const known = new Map<Bdd, Bdd>();
    const walk = (at: Bdd): Bdd => {
      if (at <= ALWAYS) return at;
      const found = known.get(at);
      if (found !== undefined) return found;
      const [variable, low, high] = this.#parts(at);
      const value = values[variable];
      const made = value === undefined ? this.node(variable, walk(low), walk(high)) : walk(value === 1 ? high : low);
      known.set(at, made);
      return made;
    };
    return walk(a);
  }

  /** Where the function holds for some values of the variables from `first` to `last`. */
  some(a: Bdd, first: number, last: number): Bdd {
    const known = new Map<Bdd, Bdd>();
    const walk = (at: Bdd): Bdd => {
      if (at <= ALWAYS) return at;
      const [variable, low, high] = this.#parts(at);
      if (variable > last) return at;
      const found = known.get(at);
      if (found !== undefined) return found;
      const made = variable < first ? this.node(variable, walk(low), walk(high)) : this.or(walk(low), walk(high));
      known.set(at, made);
      return made;
    };
    return walk(a);
  }

  /** One way on which the function holds; undefined where it never does. */
  witness(a: Bdd): Assignment | undefined {
    if (a === NEVER) return undefined;
    const found = new Map<number, boolean>();
    for (let at = a; at !== ALWAYS;) {
      const [variable, low, high] = this.#parts(at);
      found.set(variable, low === NEVER);
      at = low === NEVER ? high : low;
    }
    return found;
  }

  #parts(at: Bdd): readonly [number, Bdd, Bdd] {
    return [this.#variable[at] ?? 0, this.#low[at] ?? NEVER, this.#high[at] ?? NEVER];
  }

  #apply(operation: typeof AND | typeof OR | typeof WITHOUT, a: Bdd, b: Bdd): Bdd {
    const memory = this.#memory;
    const entry = (mixed(operation, a, b) & (memory.length / ENTRY - 1)) * ENTRY;
    if (memory[entry] === operation && memory[entry + 1] === a && memory[entry + 2] === b)
      return memory[entry + 3] ?? NEVER;
    const [ofA, ofB] = [this.#variable[a] ?? 0, this.#variable[b] ?? 0];
    const top = ofA < ofB ? ofA : ofB;
    const [lowA, highA] = ofA === top ? [this.#low[a] ?? NEVER, this.#high[a] ?? NEVER] : [a, a];
    const [lowB, highB] = ofB === top ? [this.#low[b] ?? NEVER, this.#high[b] ?? NEVER] : [b, b];
    const made = this.node(top, this.#operate(operation, lowA, lowB), this.#operate(operation, highA, highB));
    // The memory may have been replaced by a larger one in between.
    const now = this.#memory;
    const place = (mixed(operation, a, b) & (now.length / ENTRY - 1)) * ENTRY;
    now[place] = operation;
    now[place + 1] = a;
    now[place + 2] = b;
    now[place + 3] = made;
    return made;
  }

  #operate(operation: typeof AND | typeof OR | typeof WITHOUT, a: Bdd, b: Bdd): Bdd {
    switch (operation) {
      case AND:
        return this.and(a, b);
      case OR:
        return this.or(a, b);
      case WITHOUT:
        return this.without(a, b);
    }
  }

  #grow(): void {
    const size = this.#variable.length * 2;
    this.#variable = grown(this.#variable, size);
    this.#low = grown(this.#low, size);
    this.#high = grown(this.#high, size);
    this.#slots = new Int32Array(size * 2);
    const mask = this.#slots.length - 1;
    for (let at = 2; at < this.#count; at += 1) {
      let slot = mixed(this.#variable[at] ?? 0, this.#low[at] ?? 0, this.#high[at] ?? 0) & mask;
      while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
      this.#slots[slot] = at;
    }
    if (size <= MOST_MEMORY) this.#memory = new Int32Array(size * ENTRY);
  }
}

function grown(old: Int32Array, size: number): Int32Array<ArrayBuffer> {
  const made = new Int32Array(size);
  made.set(old);
  return made;
}

function mixed(a: number, b: number, c: number): number {
  let hash = Math.imul(a, 0x9e37_79b1) ^ Math.imul(b, 0x85eb_ca6b) ^ Math.imul(c, 0xc2b2_ae35);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b_3c6d);
  return hash ^ (hash >>> 13);
}
