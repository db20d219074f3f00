import { fail, ok, type Result } from '../../core/net/result.ts';
import { base64Bytes } from '../control/base64.ts';
import type { FormTree } from './form.ts';
import type { Scalar, Shape, ShapeRef, WireTable } from './wire-shape.ts';

/** A request as a handler sees it: the SDK's member names, lists as arrays, absent members absent. */
export type Input = { readonly [member: string]: unknown };

/** What is wrong with a parameter, with AWS's code for it. */
export type DecodeFault = {
  readonly code: 'UnknownParameter' | 'MissingParameter' | 'InvalidParameterValue';
  readonly message: string;
};

/** Parameters that every request has and no operation's input names. */
const COMMON: ReadonlySet<string> = new Set(['Action', 'Version']);

/** Signing leaves these in the query of a presigned request. */
const SIGNATURE = /^X-Amz-/i;

/**
 * The input of an operation from a request's parameters, by the operation's shape alone. Lists may have gaps and go by the order of their
 * numbers; what no member of the shape is called is refused, for a mistyped parameter must not pass unseen.
 */
export function decodeInput(table: WireTable, shape: number, form: FormTree): Result<Input, DecodeFault> {
  const named = new Map([...form.children].filter(([name]) => !COMMON.has(name) && !SIGNATURE.test(name)));
  const decoder = new Decoder(table);
  const value = decoder.structure(shape, { children: named }, '');
  return decoder.fault === undefined ? ok(value) : fail(decoder.fault);
}

/** Goes through the shapes; the first fault ends it. */
class Decoder {
  fault: DecodeFault | undefined;
  readonly #table: WireTable;

  constructor(table: WireTable) {
    this.#table = table;
  }

  structure(index: number, tree: FormTree, path: string): Input {
    const shape = this.#shapeOf(index);
    const decoded: { [member: string]: unknown } = {};
    if (shape.kind === 'list') return decoded;
    const unknown = new Set(tree.children.keys());
    for (const { name, query, shape: ref, required } of shape.members) {
      unknown.delete(query);
      const child = tree.children.get(query);
      const place = path === '' ? query : `${path}.${query}`;
      if (child !== undefined) decoded[name] = this.#value(ref, child, place);
      else if (required === true) this.#refuse('MissingParameter', `The request must contain the parameter ${place}`);
      if (this.fault !== undefined) return decoded;
    }
    const [first] = unknown;
    if (first !== undefined)
      this.#refuse('UnknownParameter', `The parameter ${path === '' ? first : `${path}.${first}`} is not recognized`);
    return decoded;
  }

  #value(ref: ShapeRef, tree: FormTree, path: string): unknown {
    if (typeof ref !== 'number') return this.#scalar(ref, tree, path);
    const shape = this.#shapeOf(ref);
    if (shape.kind === 'list') return this.#list(shape, tree, path);
    if (tree.value !== undefined && tree.value !== '')
      this.#refuse('InvalidParameterValue', `The parameter ${path} has members and no value of its own`);
    return this.structure(ref, tree, path);
  }

  #list(shape: Extract<Shape, { kind: 'list' }>, tree: FormTree, path: string): readonly unknown[] {
    // An empty list is written as a name without a value.
    if (tree.value !== undefined && tree.value !== '') {
      this.#refuse('InvalidParameterValue', `The parameter ${path} is a list: write ${path}.1`);
      return [];
    }
    const numbered = [...tree.children].map(([name, child]) => ({ name, child, number: Number(name) }));
    const stranger = numbered.find(({ name }) => !/^[1-9][0-9]{0,6}$/.test(name));
    if (stranger !== undefined)
      this.#refuse('UnknownParameter', `The parameter ${path}.${stranger.name} is not recognized`);
    const items: unknown[] = [];
    for (const { name, child } of numbered.toSorted((a, b) => a.number - b.number)) {
      if (this.fault !== undefined) break;
      items.push(this.#value(shape.of, child, `${path}.${name}`));
    }
    return items;
  }

  #scalar(kind: Scalar, tree: FormTree, path: string): unknown {
    const [stranger] = tree.children.keys();
    if (stranger !== undefined) this.#refuse('UnknownParameter', `The parameter ${path}.${stranger} is not recognized`);
    const text = tree.value ?? '';
    const value = parseScalar(kind, text);
    if (value === undefined) {
      const shown = text.length > 80 ? `${text.slice(0, 80)}…` : text;
      this.#refuse('InvalidParameterValue', `Value (${shown}) for parameter ${path} is invalid. Expected: ${kind}.`);
    }
    return value;
  }

  #refuse(code: DecodeFault['code'], message: string): void {
    this.fault ??= { code, message };
  }

  #shapeOf(index: number): Shape {
    const shape = this.#table.shapes[index];
    if (shape === undefined) throw new Error(`the wire table has no shape ${index}`);
    return shape;
  }
}

/** The value of a scalar's text, or undefined when the text is none. */
function parseScalar(kind: Scalar, text: string): string | number | boolean | Date | Uint8Array | undefined {
  switch (kind) {
    case 'string':
      return text;
    case 'integer':
      return /^-?[0-9]{1,16}$/.test(text) && Number.isSafeInteger(Number(text)) ? Number(text) : undefined;
    case 'boolean':
      return /^(?:true|false)$/i.test(text) ? text.toLowerCase() === 'true' : undefined;
    case 'timestamp': {
      const isDate = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:?\d{2})$/.test(text);
      const date = new Date(isDate ? text : Number.NaN);
      return Number.isNaN(date.getTime()) ? undefined : date;
    }
    case 'blob':
      return base64Bytes(text);
  }
}
