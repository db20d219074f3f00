import { type Address, parseAddress } from '../core/net/address.ts';
import { type Cidr, parseCidr } from '../core/net/cidr.ts';
import type { Result } from '../core/net/result.ts';
import type { Tags } from '../core/model/tag.ts';
import { sortTags } from '../core/model/tag.ts';

/** A fault in a document: the file, the path to the value inside it, and what is wrong. */
export class FormatError extends Error {}

/** One JSON value with the place that it stands at. Reading what is not there or of another type throws `FormatError`. */
export class Value {
  readonly raw: unknown;
  readonly place: string;

  constructor(raw: unknown, place: string) {
    this.raw = raw;
    this.place = place;
  }

  /** A member of an object; absent and null are the same, as AWS prints them. */
  get(name: string): Value {
    if (typeof this.raw !== 'object' || this.raw === null || Array.isArray(this.raw)) this.fail('expected an object');
    const member: unknown = Object.hasOwn(this.raw, name) ? Reflect.get(this.raw, name) : undefined;
    return new Value(member ?? undefined, `${this.place}.${name}`);
  }

  /** Fails where an object has a member of another name: in our own documents a mistyped field must not pass unseen. */
  only(names: readonly string[]): void {
    if (typeof this.raw !== 'object' || this.raw === null || Array.isArray(this.raw)) this.fail('expected an object');
    const stranger = Object.keys(this.raw).find((name) => !names.includes(name));
    if (stranger !== undefined) this.fail(`unknown field ${JSON.stringify(stranger)}; known are ${names.join(', ')}`);
  }

  get isPresent(): boolean {
    return this.raw !== undefined;
  }

  /** The elements of an array; none when it is absent. */
  list(): readonly Value[] {
    if (this.raw === undefined) return [];
    if (!Array.isArray(this.raw)) this.fail('expected a list');
    return this.raw.map((item: unknown, index) => new Value(item, `${this.place}[${index}]`));
  }

  text(): string {
    if (typeof this.raw !== 'string') this.fail('expected text');
    return this.raw;
  }

  textOr(fallback: string): string {
    return this.isPresent ? this.text() : fallback;
  }

  /** One of a closed list of words. */
  oneOf<T extends string>(words: readonly T[]): T {
    const word = words.find((one) => one === this.raw);
    return word ?? this.fail(`expected ${words.join(' or ')}`);
  }

  flagOr(fallback: boolean): boolean {
    if (!this.isPresent) return fallback;
    if (typeof this.raw !== 'boolean') this.fail('expected true or false');
    return this.raw;
  }

  /** An integer; `min` and `max` are both allowed. */
  integer(min: number, max: number): number {
    const { raw } = this;
    if (typeof raw !== 'number' || !Number.isInteger(raw) || raw < min || raw > max)
      this.fail(`expected an integer in ${min}-${max}`);
    return raw;
  }

  /** A finite number; `min` and `max` are both allowed. */
  number(min: number, max: number): number {
    const { raw } = this;
    if (typeof raw !== 'number' || !Number.isFinite(raw) || raw < min || raw > max)
      this.fail(`expected a number in ${min}-${max}`);
    return raw;
  }

  address(): Address {
    return this.parsed(parseAddress(this.text()));
  }

  cidr(): Cidr {
    return this.parsed(parseCidr(this.text()));
  }

  tags(): Tags {
    return sortTags(this.list().map((tag) => ({ key: tag.get('Key').text(), value: tag.get('Value').textOr('') })));
  }

  parsed<T>(result: Result<T>): T {
    if (!result.ok) this.fail(result.error);
    return result.value;
  }

  fail(message: string): never {
    const shown = this.raw === undefined ? 'it is absent' : JSON.stringify(this.raw).slice(0, 80);
    throw new FormatError(`${this.place}: ${message}; found ${shown}`);
  }
}
