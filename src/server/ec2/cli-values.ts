import { fail, ok, type Result } from '../../core/net/result.ts';
import type { FormTree } from './form.ts';
import type { Member, Shape, ShapeRef, WireTable } from './wire-shape.ts';

/** What a value of the AWS CLI says before it is held to a shape: what JSON has, and what its shorthand has. */
export type Loose = string | readonly Loose[] | ReadonlyMap<string, Loose>;

/** Structures in structures: the wire nests to 5. */
const MAX_DEPTH = 16;

/** Reads a value that the AWS CLI would take for a structure or a list: JSON, or shorthand (`From=22,To=22`, `Key=a,Values=[b,c]`). */
export function parseValue(text: string): Result<Loose> {
  const first = text.trimStart().charAt(0);
  if (first === '[' || first === '{' || first === '"') {
    const json = parseJson(text);
    return json.ok ? looseOf(json.value, 0) : json;
  }
  return new Shorthand(text).read();
}

/** The name of a member as text that does not mind dashes and case: the CLI has its own way to write both. */
export function plainName(name: string): string {
  return name.replaceAll('-', '').toLowerCase();
}

/** A value as the parameters of a request have it, for a shape; what the shape does not have is refused. */
export function formOf(table: WireTable, ref: ShapeRef, value: Loose, place: string): Result<FormTree> {
  if (typeof ref !== 'number')
    return typeof value === 'string'
      ? ok({ value, children: new Map() })
      : fail(`${place} is one value, not a ${value instanceof Map ? 'structure' : 'list'}`);
  const shape = shapeOf(table, ref);
  if (shape.kind === 'list') return listForm(table, shape, value, place);
  if (!isMap(value)) return fail(`${place} has members: write them as Name=value,… or as JSON`);
  const children = new Map<string, FormTree>();
  for (const [name, one] of value) {
    const member = memberOf(shape, name);
    if (member === undefined)
      return fail(`${place} has no ${name}: it has ${shape.members.map((known) => known.name).join(', ')}`);
    const form = formOf(table, member.shape, one, `${place}.${member.name}`);
    if (!form.ok) return form;
    children.set(member.query, form.value);
  }
  return ok({ children });
}

function listForm(
  table: WireTable,
  shape: Extract<Shape, { kind: 'list' }>,
  value: Loose,
  place: string,
): Result<FormTree> {
  // One item stands for a list of one, as in the CLI's shorthand.
  const items: readonly Loose[] = typeof value === 'string' || isMap(value) ? [value] : value;
  const children = new Map<string, FormTree>();
  for (const [index, item] of items.entries()) {
    const form = formOf(table, shape.of, item, `${place}[${index}]`);
    if (!form.ok) return form;
    children.set(String(index + 1), form.value);
  }
  return ok({ children });
}

/** The member that a word of the CLI means. */
export function memberOf(shape: Extract<Shape, { kind: 'structure' }>, name: string): Member | undefined {
  const wanted = plainName(name);
  return shape.members.find((member) => plainName(member.name) === wanted);
}

/** A shape by its index. */
export function shapeOf(table: WireTable, index: number): Shape {
  const shape = table.shapes[index];
  if (shape === undefined) throw new Error(`the wire table has no shape ${index}`);
  return shape;
}

/** Whether a value has members. */
function isMap(value: Loose): value is ReadonlyMap<string, Loose> {
  return value instanceof Map;
}

function parseJson(text: string): Result<unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return ok(value);
  } catch {
    return fail('it begins like JSON and is none');
  }
}

function looseOf(value: unknown, depth: number): Result<Loose> {
  if (depth > MAX_DEPTH) return fail(`it nests deeper than ${MAX_DEPTH}`);
  if (typeof value === 'string') return ok(value);
  if (typeof value === 'number' || typeof value === 'boolean') return ok(String(value));
  if (typeof value !== 'object' || value === null) return fail('it holds null, which stands for nothing');
  if (Array.isArray(value)) {
    const items: Loose[] = [];
    for (const item of value) {
      const loose = looseOf(item, depth + 1);
      if (!loose.ok) return loose;
      items.push(loose.value);
    }
    return ok(items);
  }
  const members = new Map<string, Loose>();
  for (const [name, member] of Object.entries(value)) {
    const loose = looseOf(member, depth + 1);
    if (!loose.ok) return loose;
    members.set(name, loose.value);
  }
  return ok(members);
}

/**
 * The CLI's shorthand: `Name=value,Name=value`; a value is `[…]`, `{…}`, quoted, or plain text up to a comma; plain values that follow one
 * another belong to the name before them. Goes over the text once.
 */
class Shorthand {
  readonly #text: string;
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  read(): Result<Loose> {
    if (!/^\s*[A-Za-z0-9_-]+\s*=/.test(this.#text)) return ok(this.#text);
    const members = this.#members('');
    if (!members.ok) return members;
    return this.#at < this.#text.length ? this.#wrong('nothing more') : members;
  }

  /** `Name=value,…` up to the end, or up to a closing bracket. */
  #members(close: string): Result<ReadonlyMap<string, Loose>> {
    const members = new Map<string, Loose>();
    let last: string | undefined;
    /** The values of the last name, once there are several. */
    let several: Loose[] | undefined;
    for (;;) {
      const name = this.#name();
      if (name === undefined) {
        // `Values=a,b`: what has no name goes on with the value before it.
        if (last === undefined) return this.#wrong('a name and =');
        const more = this.#value(close);
        if (!more.ok) return more;
        if (several === undefined) {
          several = [...listOf(members.get(last) ?? [])];
          members.set(last, several);
        }
        several.push(more.value);
      } else {
        if (members.has(name)) return fail(`${name} is given twice`);
        const value = this.#value(close);
        if (!value.ok) return value;
        members.set(name, value.value);
        last = name;
        several = undefined;
      }
      if (this.#text[this.#at] !== ',') return ok(members);
      this.#at += 1;
    }
  }

  #name(): string | undefined {
    const named = /^\s*([A-Za-z0-9_-]+)\s*=/.exec(this.#text.slice(this.#at, this.#at + 256));
    if (named === null) return undefined;
    this.#at += named[0].length;
    return named[1];
  }

  #value(close: string): Result<Loose> {
    const first = this.#text[this.#at];
    if (first === '[') return this.#nested(']', () => this.#items());
    if (first === '{') return this.#nested('}', () => this.#members('}'));
    if (first === '"' || first === "'") return this.#quoted(first);
    const from = this.#at;
    while (this.#at < this.#text.length && !`,${close}`.includes(this.#text.charAt(this.#at))) this.#at += 1;
    return ok(this.#text.slice(from, this.#at).trim());
  }

  #nested(close: string, read: () => Result<Loose>): Result<Loose> {
    this.#depth += 1;
    if (this.#depth > MAX_DEPTH) return fail(`it nests deeper than ${MAX_DEPTH}`);
    this.#at += 1;
    const value = read();
    this.#depth -= 1;
    if (!value.ok) return value;
    if (this.#text[this.#at] !== close) return this.#wrong(close);
    this.#at += 1;
    return value;
  }

  #items(): Result<Loose> {
    const items: Loose[] = [];
    if (this.#text[this.#at] === ']') return ok(items);
    for (;;) {
      const item = this.#value(']');
      if (!item.ok) return item;
      items.push(item.value);
      if (this.#text[this.#at] !== ',') return ok(items);
      this.#at += 1;
    }
  }

  #quoted(quote: string): Result<Loose> {
    let value = '';
    for (this.#at += 1; this.#at < this.#text.length; this.#at += 1) {
      const char = this.#text.charAt(this.#at);
      if (char === quote) {
        this.#at += 1;
        return ok(value);
      }
      if (char === '\\') this.#at += 1;
      value += this.#text.charAt(this.#at);
    }
    return this.#wrong(quote);
  }

  #wrong(expected: string): { readonly ok: false; readonly error: string } {
    return fail(`expected ${expected} at character ${this.#at + 1}`);
  }
}

function listOf(value: Loose): readonly Loose[] {
  return typeof value === 'string' || isMap(value) ? [value] : value;
}
