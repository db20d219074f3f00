import type { RuleId } from '../core/model/ids.ts';

const NO_RULES: readonly RuleId[] = [];

/** What numbers of classes count, by number, packed: a host has a hundred thousand classes, of one rule or two each. Never changes. */
export class ClassMap implements ReadonlyMap<number, readonly RuleId[]> {
  /** In order. */
  readonly numbers: Uint32Array;
  /** Where the rules of each end among all of them. */
  readonly ends: Uint32Array;
  readonly rules: readonly RuleId[];

  constructor(classes: ReadonlyMap<number, readonly RuleId[]>) {
    this.numbers = Uint32Array.from(classes.keys()).toSorted();
    this.ends = new Uint32Array(this.numbers.length);
    const rules: RuleId[] = [];
    for (const [place, number] of this.numbers.entries()) {
      for (const rule of classes.get(number) ?? NO_RULES) rules.push(rule);
      this.ends[place] = rules.length;
    }
    this.rules = rules;
  }

  get size(): number {
    return this.numbers.length;
  }

  get(number: number): readonly RuleId[] | undefined {
    const place = this.#placeOf(number);
    return place < 0 ? undefined : this.#at(place);
  }

  has(number: number): boolean {
    return this.#placeOf(number) >= 0;
  }

  *entries(): Generator<[number, readonly RuleId[]], undefined, unknown> {
    for (const [place, number] of this.numbers.entries()) yield [number, this.#at(place)];
    return undefined;
  }

  *keys(): Generator<number, undefined, unknown> {
    yield* this.numbers;
    return undefined;
  }

  *values(): Generator<readonly RuleId[], undefined, unknown> {
    for (let place = 0; place < this.size; place += 1) yield this.#at(place);
    return undefined;
  }

  forEach(act: (rules: readonly RuleId[], number: number, map: ReadonlyMap<number, readonly RuleId[]>) => void): void {
    for (const [number, rules] of this) act(rules, number, this);
  }

  [Symbol.iterator](): Generator<[number, readonly RuleId[]], undefined, unknown> {
    return this.entries();
  }

  #at(place: number): readonly RuleId[] {
    return this.rules.slice(this.ends[place - 1] ?? 0, this.ends[place]);
  }

  #placeOf(wanted: number): number {
    let [low, high] = [0, this.size - 1];
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const number = this.numbers[middle] ?? 0;
      if (number === wanted) return middle;
      if (number < wanted) low = middle + 1;
      else high = middle - 1;
    }
    return -1;
  }
}
