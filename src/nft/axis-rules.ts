import type { Family } from '../core/net/address.ts';
import { type AxisPart, otherProtocol } from '../core/net/axis.ts';
import { icmpOf, TCP, UDP } from '../core/net/protocol.ts';
import type { Elements, Field, Rule, Step, Value } from './ruleset.ts';
import { is, isOneOf } from './steps.ts';
import { AXIS_PARTS, joinStretches, partBounds, type Stretch } from './stretches.ts';

/** How a layout says "there, this": by a lookup that maps keys to what stretches hold, or for all packets that are left. */
export type AxisForm = {
  readonly lookup: (key: readonly Field[], elements: Elements) => Rule;
  readonly all: (value: string) => Rule;
};

/** Keys of one lookup with what they map to. */
type Keyed = { readonly exact: Elements; readonly ranges: Elements };

type Parts = ReadonlyMap<AxisPart, readonly Stretch<string>[]>;

/**
 * The rules by which packets of a family find the stretch of the axis that they are on. TCP and UDP come first: as a whole, for a comparison
 * costs least, then by port, by hash where there are no ranges. A packet on no stretch falls through. Stretches in order, disjoint, each
 * within one part.
 */
export function axisRules(stretches: readonly Stretch<string>[], family: Family, form: AxisForm): readonly Rule[] {
  const joined = joinStretches(stretches);
  const everything = wholeAxis(joined);
  if (everything !== undefined) return [form.all(everything)];
  const parts: Parts = new Map(AXIS_PARTS.map((part) => [part, ownPart(joined, part)]));
  const exact = [...exactKeys(partly(parts, 'tcp'), TCP), ...exactKeys(partly(parts, 'udp'), UDP)];
  const icmp = family === 'ipv4' ? 'icmp' : 'icmpv6';
  const types = icmpKeys(partly(parts, 'icmp'));
  const others = partly(parts, 'other').flatMap(({ from, to, value }) => otherKeys(from, to, family, value));
  const whole = wholeParts(parts);
  const rule = ({ value, of }: Whole): Rule => [isOfParts(of, family), ...form.all(value)];
  return [
    ...whole.filter(hasPorts).map(rule),
    ...lookups(form, ['meta l4proto', 'th dport'], exact),
    ...rangeRules(partly(parts, 'tcp'), 'tcp dport', form),
    ...rangeRules(partly(parts, 'udp'), 'udp dport', form),
    ...whole.filter((one) => !hasPorts(one)).map(rule),
    ...lookups(form, [`${icmp} type`, `${icmp} code`], types.exact),
    ...lookups(form, [`${icmp} type`], types.ranges),
    ...lookups(form, ['meta l4proto'], others),
  ];
}

/** What a packet of a stretch must be: nothing for the whole axis. A stretch of ICMP is one type, one code of it, or all types. */
export function stretchSteps({ from, to }: Pick<Stretch<unknown>, 'from' | 'to'>, family: Family): Rule {
  const part = AXIS_PARTS.findLast((name) => partBounds(name)[0] <= from) ?? 'tcp';
  const [start, last] = partBounds(part);
  if (to > last) return [];
  const icmp = family === 'ipv4' ? 'icmp' : 'icmpv6';
  const isWhole = from === start && to === last;
  switch (part) {
    case 'tcp':
    case 'udp':
      return isWhole ? [is('meta l4proto', NUMBERS[part])] : [is(`${part} dport`, rangeText(from - start, to - start))];
    case 'icmp': {
      if (isWhole) return [is('meta l4proto', icmpOf(family))];
      const type = is(`${icmp} type`, Math.floor((from - start) / CODES));
      return to > from ? [type] : [type, is(`${icmp} code`, (from - start) % CODES)];
    }
    case 'other':
      return [is('meta l4proto', otherProtocol(from - start, family))];
  }
}

const NUMBERS = { tcp: TCP, udp: UDP } as const;

function lookups(form: AxisForm, key: readonly Field[], elements: Elements): readonly Rule[] {
  return elements.length === 0 ? [] : [form.lookup(key, elements)];
}

function wholeAxis(stretches: readonly Stretch<string>[]): string | undefined {
  const [first] = stretches;
  if (first === undefined || stretches.length !== AXIS_PARTS.length) return undefined;
  const isWhole = AXIS_PARTS.every((part, index) => {
    const [from, to] = partBounds(part);
    const one = stretches[index];
    return one?.value === first.value && one.from === from && one.to === to;
  });
  return isWhole ? first.value : undefined;
}

/** The stretches of a part, counted from its start. */
function ownPart(stretches: readonly Stretch<string>[], part: AxisPart): readonly Stretch<string>[] {
  const [from, to] = partBounds(part);
  return stretches
    .filter((one) => one.from >= from && one.to <= to)
    .map((one) => ({ ...one, from: one.from - from, to: one.to - from }));
}

/** What holds for the whole of a part. */
function wholeValue(parts: Parts, part: AxisPart): string | undefined {
  const [from, to] = partBounds(part);
  const [only] = parts.get(part) ?? [];
  return only?.from === 0 && only.to === to - from ? only.value : undefined;
}

/** The stretches of a part that is not one stretch as a whole. */
function partly(parts: Parts, part: AxisPart): readonly Stretch<string>[] {
  return wholeValue(parts, part) === undefined ? (parts.get(part) ?? []) : [];
}

/** The parts as a whole of which one thing holds. */
type Whole = { readonly value: string; readonly of: readonly AxisPart[] };

function wholeParts(parts: Parts): readonly Whole[] {
  const byValue = Map.groupBy(AXIS_PARTS, (part) => wholeValue(parts, part));
  return [...byValue].flatMap(([value, of]) => (value === undefined ? [] : [{ value, of }]));
}

function hasPorts({ of }: Whole): boolean {
  return of.includes('tcp') || of.includes('udp');
}

/** The packet is of one of these parts: the other protocols are those that are none of the rest. */
function isOfParts(parts: readonly AxisPart[], family: Family): Step {
  const isNot = parts.includes('other');
  const numbers = (['tcp', 'udp', 'icmp'] as const)
    .filter((part) => parts.includes(part) !== isNot)
    .map((part) => (part === 'icmp' ? icmpOf(family) : NUMBERS[part]));
  return isOneOf('meta l4proto', numbers, isNot ? '!=' : '==');
}

/** Single ports of a part that has no ranges. */
function exactKeys(stretches: readonly Stretch<string>[], protocol: number): Elements {
  return stretches.some(isRange) ? [] : stretches.map(({ from, value }) => [`${protocol} . ${from}`, value]);
}

/** A part with ranges is looked up at once, its single ports too. */
function rangeRules(
  stretches: readonly Stretch<string>[],
  field: 'tcp dport' | 'udp dport',
  form: AxisForm,
): readonly Rule[] {
  if (!stretches.some(isRange)) return [];
  const [first, last] = [stretches[0], stretches.at(-1)];
  const isAround = first?.from === 0 && last?.to === LAST_PORT && first.value === last.value && isGapless(stretches);
  const inner = isAround && stretches.length > 2 ? stretches.slice(1, -1) : stretches;
  const keys = inner.map(({ from, to, value }) => [rangeText(from, to), value] as const);
  const [start, end] = [inner[0]?.from ?? 0, inner.at(-1)?.to ?? 0];
  // Below and above the ports that rules name it is all one, and there are most packets, answers first of all: a comparison will do for them.
  const around: readonly Rule[] =
    inner === stretches ? [] : [[is(field, rangeText(start, end), '!='), ...form.all(first?.value ?? '')]];
  return [...around, form.lookup([field], keys)];
}

function isGapless(stretches: readonly Stretch<string>[]): boolean {
  return stretches.every(({ from }, index) => index === 0 || stretches[index - 1]?.to === from - 1);
}

function isRange({ from, to }: Stretch<string>): boolean {
  return from < to;
}

/** Whole types as ranges of types; types of which only some codes count, code by code. */
function icmpKeys(stretches: readonly Stretch<string>[]): Keyed {
  const exact: (readonly [Value, Value])[] = [];
  const ranges: (readonly [Value, Value])[] = [];
  for (const { from, to, value } of stretches) {
    const firstWhole = Math.ceil(from / CODES);
    const afterWhole = Math.floor((to + 1) / CODES);
    if (firstWhole < afterWhole) ranges.push([rangeText(firstWhole, afterWhole - 1), value]);
    for (let point = from; point <= to; point += 1) {
      const type = Math.floor(point / CODES);
      if (type >= firstWhole && type < afterWhole) point = afterWhole * CODES - 1;
      else exact.push([`${type} . ${point % CODES}`, value]);
    }
  }
  return { exact, ranges };
}

const CODES = 256;
const LAST_PORT = 65_535;

function otherKeys(from: number, to: number, family: Family, value: string): Elements {
  return Array.from({ length: to - from + 1 }, (_, index) => [String(otherProtocol(from + index, family)), value]);
}

function rangeText(from: number, to: number): Value {
  return from === to ? String(from) : `${from}-${to}`;
}
