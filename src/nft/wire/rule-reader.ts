import type { Count } from '../listing.ts';
import { everyAttribute, findAttribute, hexOf, numberAt, type Place, textOf } from './byte-reader.ts';
import { anonymousText, type Expr, type ExprValue, formOf, LOOKUP, readData } from './expressions.ts';

/** Attributes that every expression has, and those of a counter. */
const EXPR = { name: 1, data: 2 } as const;
const COUNTER = { bytes: 1, packets: 2 } as const;

/** What an anonymous set holds, by the name that the kernel gave it; undefined of a set that has a name of its own. */
export type ContentOf = (name: string) => string | undefined;

/**
 * Whether a list of expressions is what a rule of ours is made of. The kernel may tell more of an expression than there was when this was
 * written, and leaves out or adds what is zero.
 */
export function isMadeOf(list: Uint8Array, exprs: readonly Expr[], contentOf: ContentOf): boolean {
  const rest = exprs.values();
  const areSame = everyAttribute(list, whole(list), (_, place) => {
    const next = rest.next();
    return next.done !== true && isExpr(list, place, { expr: next.value, contentOf });
  });
  return areSame && rest.next().done === true;
}

function isExpr(
  list: Uint8Array,
  place: Place,
  { expr, contentOf }: { readonly expr: Expr; readonly contentOf: ContentOf },
): boolean {
  const [name, data] = [EXPR.name, EXPR.data].map((part) => findAttribute(list, place, part));
  if (name === undefined || data === undefined || !isText(list, name, expr.name)) return false;
  if (expr.name === 'counter') return true;
  const isComplete = expr.values.every(
    (value) => mayBeAbsent(expr, value) || findAttribute(list, data, value[0]) !== undefined,
  );
  return (
    isComplete &&
    everyAttribute(list, data, (type, at) => {
      const form = formOf(expr.name, type);
      const wanted = expr.values.find(([attribute]) => attribute === type)?.[1];
      if (form === undefined) return true;
      if (form === 'byte' || form === 'word' || form === 'long')
        return numberAt(list, at) === Number(wanted ?? 0) && (wanted !== undefined || !isTarget(expr, type));
      return wanted !== undefined && isValue(list.subarray(at.from, at.to), wanted, contentOf);
    })
  );
}

/** What is zero may as well be absent, but where a map puts things. */
function mayBeAbsent(expr: Expr, [type, value]: Expr['values'][number]): boolean {
  return value === 0 && !isTarget(expr, type);
}

function isTarget({ name }: Expr, type: number): boolean {
  return name === 'lookup' && type === LOOKUP.to;
}

function isValue(bytes: Uint8Array, wanted: ExprValue, contentOf: ContentOf): boolean {
  if (typeof wanted === 'string') return isText(bytes, whole(bytes), wanted);
  if (typeof wanted !== 'object') return false;
  if ('elements' in wanted) return contentOf(textOf(bytes)) === anonymousText(wanted.elements);
  const data = readData(bytes);
  return wanted instanceof Uint8Array
    ? data instanceof Uint8Array && hexOf(data) === hexOf(wanted)
    : data === wanted.verdict;
}

/** Text, with or without its final zero. */
function isText(bytes: Uint8Array, { from, to }: Place, text: string): boolean {
  const end = bytes[to - 1] === 0 ? to - 1 : to;
  if (end - from !== text.length) return false;
  for (let at = 0; at < text.length; at += 1) if (bytes[from + at] !== text.charCodeAt(at)) return false;
  return true;
}

/** What the counter among these expressions counted; undefined when none is there. */
export function countIn(list: Uint8Array): Count | undefined {
  const found: { count?: Count } = {};
  everyAttribute(list, whole(list), (_, place) => {
    const count = countOf(list, place);
    if (count !== undefined) found.count = count;
    return count === undefined;
  });
  return found.count;
}

/** What an expression counted; undefined when it is no counter. */
export function countOf(bytes: Uint8Array, place: Place): Count | undefined {
  const [name, data] = [EXPR.name, EXPR.data].map((part) => findAttribute(bytes, place, part));
  if (name === undefined || data === undefined || !isText(bytes, name, 'counter')) return undefined;
  const [packets, counted] = [COUNTER.packets, COUNTER.bytes].map((type) => findAttribute(bytes, data, type));
  return {
    packets: packets === undefined ? 0 : numberAt(bytes, packets),
    bytes: counted === undefined ? 0 : numberAt(bytes, counted),
  };
}

function whole(bytes: Uint8Array): Place {
  return { from: 0, to: bytes.length };
}
