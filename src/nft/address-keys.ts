import { type Address, type Family, familyBits, formatAddress, ipv4, ipv6 } from '../core/net/address.ts';
import type { Cidr } from '../core/net/cidr.ts';
import type { Elements, Value } from './ruleset.ts';

/** So many prefixes are compared one after another; more are looked up at once. */
export const FEW_PREFIXES = 4;

type Span = { readonly from: bigint; readonly to: bigint; readonly value: string };

/**
 * Prefixes of one family as keys that do not overlap: where prefixes do, the longest holds; of equal ones the first. Neighbours with equal
 * values are one key. The kernel refuses overlaps, so unions are made here.
 */
export function prefixKeys(family: Family, prefixes: readonly (readonly [Cidr, string])[]): Elements {
  const spans = prefixes.map(([cidr, value]) => ({ ...spanOf(cidr), value }));
  const outerFirst = spans.toSorted((a, b) => compare(a.from, b.from) || compare(b.to, a.to));
  const cut: Span[] = [];
  const open: Span[] = [];
  let at = 0n;
  const writeUntil = (end: bigint): void => {
    const top = open.at(-1);
    if (top !== undefined && at < end) cut.push({ from: at, to: end - 1n, value: top.value });
    at = at > end ? at : end;
  };
  for (const span of outerFirst) {
    while (open.length > 0 && (open.at(-1)?.to ?? 0n) < span.from) {
      writeUntil((open.at(-1)?.to ?? 0n) + 1n);
      open.pop();
    }
    const top = open.at(-1);
    if (top?.from === span.from && top.to === span.to) continue;
    writeUntil(span.from);
    at = span.from;
    open.push(span);
  }
  for (let top = open.pop(); top !== undefined; top = open.pop()) {
    if (at <= top.to) cut.push({ from: at, to: top.to, value: top.value });
    at = at > top.to ? at : top.to + 1n;
  }
  return join(cut).map(({ from, to, value }) => [spanText(family, from, to), value]);
}

/** The smallest text for a range of addresses as nft prints it: one address, a prefix, or both ends. */
export function spanText(family: Family, from: bigint, to: bigint): Value {
  const size = to - from + 1n;
  const first = formatAddress(addressAt(family, from));
  if (size === 1n) return first;
  const isPrefix = (size & (size - 1n)) === 0n && from % size === 0n;
  return isPrefix
    ? `${first}/${familyBits(family) - (size.toString(2).length - 1)}`
    : `${first}-${formatAddress(addressAt(family, to))}`;
}

/** Every address of a prefix that is narrow enough to be written out. */
export function addressTexts(cidr: Cidr): readonly Value[] {
  const { from, to } = spanOf(cidr);
  return Array.from({ length: Number(to - from) + 1 }, (_, index) =>
    formatAddress(addressAt(cidr.family, from + BigInt(index))),
  );
}

/** The first and last address of a prefix as numbers. */
export function spanOf({ family, base, length }: Cidr): { readonly from: bigint; readonly to: bigint } {
  const from = addressNumber(base);
  return { from, to: from + (1n << BigInt(familyBits(family) - length)) - 1n };
}

/** An address as a number. */
export function addressNumber({ family, w0, w1, w2, w3 }: Address): bigint {
  if (family === 'ipv4') return BigInt(w0);
  return (BigInt(w0) << 96n) | (BigInt(w1) << 64n) | (BigInt(w2) << 32n) | BigInt(w3);
}

function addressAt(family: Family, number: bigint): Address {
  const word = (shift: bigint): number => Number((number >> shift) & 0xffff_ffffn);
  return family === 'ipv4' ? ipv4(word(0n)) : ipv6([word(96n), word(64n), word(32n), word(0n)]);
}

function join(spans: readonly Span[]): readonly Span[] {
  const joined: Span[] = [];
  for (const span of spans) {
    const last = joined.at(-1);
    if (last !== undefined && last.to + 1n === span.from && last.value === span.value)
      joined[joined.length - 1] = { ...last, to: span.to };
    else joined.push(span);
  }
  return joined;
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
