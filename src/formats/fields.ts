import { type Address, parseAddress } from '../core/net/address.ts';
import { type Cidr, parseCidr } from '../core/net/cidr.ts';
import type { Result } from '../core/net/result.ts';
import type { Tags } from '../core/model/tag.ts';
import { sortTags } from '../core/model/tag.ts';

/** A fault in a document: the file, the path to the value inside it, and what is wrong. */
export class FormatError extends Error {}

/** Memory of a pure function: exports say the same few prefixes over and over. Bounded. */
const CIDRS = new Map<string, Cidr>();
const NO_TAGS: Tags = [];
const MAX_CIDRS = 10_000;

type JsonObject = { readonly [name: string]: unknown };

function isObject(raw: unknown): raw is JsonObject {
  return typeof raw === 'object' && raw !== null && !Array.isArray(raw);
}

/**
 * One JSON value with the place that it stands at: text for a document, else the value around it and the name or index in that. Places
 * are put into words only when something is wrong: an export has millions. Reading what is not there or of another type throws `FormatError`.
 */
export class Value {
  readonly raw: unknown;
  readonly around: Value | string;
  readonly key: string | number;

  constructor(raw: unknown, around: Value | string, key: string | number = '') {
    this.raw = raw;
    this.around = around;
    this.key = key;
  }

  /** Where the value stands: the document and the path inside it. */
  get place(): string {
    if (typeof this.around === 'string') return this.around;
    const step = typeof this.key === 'number' ? `[${this.key}]` : `.${this.key}`;
    return `${this.around.place}${step}`;
  }

  /** A member of an object; absent and null are the same, as AWS prints them. */
  get(name: string): Value {
    if (!isObject(this.raw)) this.fail('expected an object');
    // The names asked for are AWS's; none is one that every object inherits.
    return new Value(this.raw[name] ?? undefined, this, name);
  }

  /** Whether an object has a member; nothing is made for one that it has not. */
  has(name: string): boolean {
    return isObject(this.raw) && (this.raw[name] ?? undefined) !== undefined;
  }

  /** Fails where an object has a member of another name: in our own documents a mistyped field must not pass unseen. */
  only(names: readonly string[]): void {
    if (!isObject(this.raw)) this.fail('expected an object');
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
    return this.raw.map((item: unknown, index) => new Value(item, this, index));
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
    const text = this.text();
    const known = CIDRS.get(text);
    if (known !== undefined) return known;
    const cidr = this.parsed(parseCidr(text));
    if (CIDRS.size >= MAX_CIDRS) CIDRS.clear();
    CIDRS.set(text, cidr);
    return cidr;
  }

  tags(): Tags {
    if (this.raw === undefined) return NO_TAGS;
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
