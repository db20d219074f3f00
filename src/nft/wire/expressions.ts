import type { Value, Verdict } from '../ruleset.ts';
import { attributesOf, numberOf, textOf } from './byte-reader.ts';
import type { ByteWriter } from './byte-writer.ts';
import type { PartType } from './keys.ts';

/** A set that belongs to the one rule that looks into it. */
export type AnonymousSet = {
  readonly types: readonly PartType[];
  readonly data?: 'mark' | 'verdict';
  readonly elements: ReadonlyMap<Value, Value>;
};

/** Where a value stands while a rule is run. `verdict` is where verdicts go. */
export type Register = 'verdict' | number;

/** One expression as the kernel knows it: its name, and by number what each of its attributes says. */
export type Expr = { readonly name: ExprName; readonly values: readonly (readonly [attribute: number, ExprValue])[] };
export type ExprValue = number | bigint | string | Uint8Array | { readonly verdict: Verdict } | AnonymousSet;

export type ExprName =
  | 'payload'
  | 'meta'
  | 'ct'
  | 'cmp'
  | 'range'
  | 'bitwise'
  | 'byteorder'
  | 'lookup'
  | 'immediate'
  | 'counter'
  | 'dynset'
  | 'objref';
export type Form = 'byte' | 'word' | 'long' | 'text' | 'data' | 'set';

/** How the attributes of the expressions that our rules are made of are written, from the first on (linux/netfilter/nf_tables.h). */
const FORMS: Readonly<Record<ExprName, readonly Form[]>> = {
  payload: ['word', 'word', 'word', 'word'],
  meta: ['word', 'word', 'word'],
  ct: ['word', 'word', 'byte', 'word'],
  cmp: ['word', 'word', 'data'],
  range: ['word', 'word', 'data', 'data'],
  bitwise: ['word', 'word', 'word', 'data', 'data', 'word', 'data'],
  byteorder: ['word', 'word', 'word', 'word', 'word'],
  lookup: ['set', 'word', 'word', 'word', 'word'],
  immediate: ['word', 'data'],
  counter: ['long', 'long'],
  dynset: ['text', 'word', 'word', 'word', 'word', 'long', 'data', 'long', 'word'],
  objref: ['word', 'text'],
};

const CMP = { eq: 0, neq: 1, lte: 3, gte: 5 } as const;
const BASES = { link: 0, network: 1, transport: 2 } as const;
/** How an attribute of an expression is written; undefined of one that is not known here. */
export function formOf(name: ExprName, attribute: number): Form | undefined {
  return FORMS[name][attribute - 1];
}

/** Attributes of `lookup` that are written in more than one way. */
export const LOOKUP = { set: 1, to: 3, id: 4 } as const;
const DYNSET_UPDATE = 1;
const TIMEOUT_OBJECT = 7;
/** Keys of what `meta` and `ct` read and write. */
export const META = { mark: 3, iifname: 6, oifname: 7, iiftype: 8, nfproto: 15, l4proto: 16 } as const;
export const CT = { state: 0, direction: 1, mark: 3, expiration: 5 } as const;

function expr(name: ExprName, ...values: Expr['values']): Expr {
  return { name, values };
}

/** Reads bytes of the packet. */
export function loadPayload(
  base: keyof typeof BASES,
  { offset, size }: { readonly offset: number; readonly size: number },
  to: number,
): Expr {
  return expr('payload', [1, to], [2, BASES[base]], [3, offset], [4, size]);
}

export function loadMeta(key: keyof typeof META, to: number): Expr {
  return expr('meta', [1, to], [2, META[key]]);
}

export function setMeta(key: keyof typeof META, from: number): Expr {
  return expr('meta', [2, META[key]], [3, from]);
}

export function loadCt(key: keyof typeof CT, to: number): Expr {
  return expr('ct', [1, to], [2, CT[key]]);
}

export function setCt(key: keyof typeof CT, from: number): Expr {
  return expr('ct', [2, CT[key]], [4, from]);
}

export function compare(operator: keyof typeof CMP, value: Uint8Array, from = 1): Expr {
  return expr('cmp', [1, from], [2, CMP[operator]], [3, value]);
}

/** A value outside of a range. */
export function outside({ from, to }: { readonly from: Uint8Array; readonly to: Uint8Array }): Expr {
  return expr('range', [1, 1], [2, 1], [3, from], [4, to]);
}

/** `(register & mask) ^ xor`, in place. */
export function bitwise(mask: Uint8Array, xor: Uint8Array): Expr {
  return expr('bitwise', [1, 1], [2, 1], [3, mask.length], [4, mask], [5, xor]);
}

/** Turns a number of four bytes from this machine's order into the network's, in which ranges are compared. */
export function toNetwork(register: number): Expr {
  return expr('byteorder', [1, register], [2, register], [3, TO_NETWORK], [4, 4], [5, 4]);
}

const TO_NETWORK = 1;

/** Ends the rule when the key is not in the set, or is when `isNot`; a map puts what it holds into `to`. */
export function lookup(
  set: string | AnonymousSet,
  { to, isNot = false }: { readonly to?: Register; readonly isNot?: boolean } = {},
): Expr {
  const target: Expr['values'] = to === undefined ? [] : [[LOOKUP.to, to === 'verdict' ? 0 : to]];
  return expr('lookup', [LOOKUP.set, set], [2, 1], ...target, ...(isNot ? NOT : []));
}

const NOT: Expr['values'] = [[5, 1]];

export function immediate(value: Uint8Array): Expr {
  return expr('immediate', [1, 1], [2, value]);
}

export function verdictOf(verdict: Verdict): Expr {
  return expr('immediate', [1, 0], [2, { verdict }]);
}

export function counter(): Expr {
  return expr('counter', [1, 0n], [2, 0n]);
}

/** Puts the key into a set, or starts its time anew. */
export function updateSet(set: string, timeoutSeconds: number | undefined): Expr {
  const timeout: Expr['values'] = timeoutSeconds === undefined ? [] : [[6, BigInt(timeoutSeconds) * 1000n]];
  return expr('dynset', [1, set], [3, DYNSET_UPDATE], [4, 1], ...timeout);
}

export function useTimeout(name: string): Expr {
  return expr('objref', [1, TIMEOUT_OBJECT], [2, name]);
}

/** The kernel's codes of verdicts; jumps and gotos name a chain. */
const CODES: Readonly<Record<string, number>> = { drop: 0, accept: 1, jump: -3, goto: -4, return: -5 };
const KINDS: ReadonlyMap<number, string> = new Map(Object.entries(CODES).map(([kind, code]) => [code, kind]));
const DATA = { value: 1, verdict: 2 } as const;

/** Writes the data that a verdict is. */
export function writeVerdict(writer: ByteWriter, verdict: Value): void {
  const [kind = '', chain] = verdict.split(' ');
  writer.nest(DATA.verdict, () => {
    writer.word32(1, CODES[kind] ?? 0);
    if (chain !== undefined) writer.text(2, chain);
  });
}

/** Writes the data that bytes are. */
export function writeValue(writer: ByteWriter, bytes: Uint8Array): void {
  writer.bytes(DATA.value, bytes);
}

/** Reads data: bytes as they are, verdicts as rules write them; undefined of what is neither. */
export function readData(body: Uint8Array): Uint8Array | Value | undefined {
  const attributes = attributesOf(body);
  const verdict = attributes.get(DATA.verdict);
  if (verdict === undefined) return attributes.get(DATA.value);
  const parts = attributesOf(verdict);
  const kind = KINDS.get(numberOf(parts.get(1)) | 0);
  const chain = parts.get(2);
  return kind === undefined || chain === undefined ? kind : `${kind} ${textOf(chain)}`;
}

/** Writes an expression as an element of a list. `place` gives the name and number of a set that is made for this rule. */
export function writeExpr(
  writer: ByteWriter,
  { name, values }: Expr,
  place: (set: AnonymousSet) => { readonly name: string; readonly id: number },
): void {
  writer.nest(1, () => {
    writer.text(1, name);
    writer.nest(2, () => {
      for (const [type, value] of values) writeExprValue(writer, { name, type, value }, place);
    });
  });
}

function writeExprValue(
  writer: ByteWriter,
  { name, type, value }: { readonly name: ExprName; readonly type: number; readonly value: ExprValue },
  place: (set: AnonymousSet) => { readonly name: string; readonly id: number },
): void {
  if (typeof value === 'bigint') writer.word64(type, value);
  else if (typeof value === 'string') writer.text(type, value);
  else if (typeof value === 'number') {
    if (formOf(name, type) === 'byte') writer.byte(type, value);
    else writer.word32(type, value);
  } else if (value instanceof Uint8Array) writer.nest(type, () => writeValue(writer, value));
  else if ('verdict' in value) writer.nest(type, () => writeVerdict(writer, value.verdict));
  else {
    const made = place(value);
    writer.text(LOOKUP.set, made.name);
    writer.word32(LOOKUP.id, made.id);
  }
}

/** The elements of an anonymous set in a fixed order. */
export function anonymousText(elements: ReadonlyMap<Value, Value>): string {
  const texts = [...elements].map(([key, data]) => (data === '' ? key : `${key} : ${data}`));
  return `{ ${texts.toSorted().join(', ')} }`;
}
