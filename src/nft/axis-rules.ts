import type { Family } from '../core/net/address.ts';
import { type AxisPart, otherProtocol } from '../core/net/axis.ts';
import { icmpOf, TCP, UDP } from '../core/net/protocol.ts';
import type { Elements, Field, Rule, Step, Value } from './ruleset.ts';
import { is } from './steps.ts';
import { AXIS_PARTS, joinStretches, partBounds, type Stretch } from './stretches.ts';

/** How a layout says "there, this": by a lookup that maps keys to what stretches hold, or for all packets that are left. */
export type AxisForm = {
  readonly lookup: (key: readonly Field[], elements: Elements) => Rule;
  readonly all: (value: string) => Rule;
};

/** Keys of one lookup with what they map to. */
type Keyed = { readonly exact: Elements; readonly ranges: Elements };

/**
 * The rules by which packets of a family find the stretch of the axis that they are on: exact ports and types by hash, ranges by tree. A
 * packet on no stretch falls through. Stretches in order, disjoint, each within one part.
 */
export function axisRules(stretches: readonly Stretch<string>[], family: Family, form: AxisForm): readonly Rule[] {
  const joined = joinStretches(stretches);
  const everything = wholeAxis(joined);
  if (everything !== undefined) return [form.all(everything)];
  const parts = new Map(AXIS_PARTS.map((part) => [part, ownPart(joined, part)]));
  const ports = (['tcp', 'udp'] as const).map((part) => portKeys(parts.get(part) ?? [], part));
  const icmp = family === 'ipv4' ? 'icmp' : 'icmpv6';
  const types = icmpKeys(parts.get('icmp') ?? []);
  const others = (parts.get('other') ?? []).flatMap(({ from, to, value }) => otherKeys(from, to, family, value));
  return [
    ...lookups(
      form,
      ['meta l4proto', 'th dport'],
      ports.flatMap(({ exact }) => exact),
    ),
    ...lookups(form, ['tcp dport'], ports[0]?.ranges ?? []),
    ...lookups(form, ['udp dport'], ports[1]?.ranges ?? []),
    ...lookups(form, [`${icmp} type`, `${icmp} code`], types.exact),
    ...lookups(form, [`${icmp} type`], types.ranges),
    ...lookups(form, ['meta l4proto'], others),
    ...(['tcp', 'udp', 'icmp'] as const).flatMap((part) => wholePart(parts.get(part) ?? [], { part, family, form })),
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

const PART_SIZE = 65_536;

function isWholePart(stretches: readonly Stretch<string>[]): boolean {
  return stretches[0]?.from === 0 && stretches[0].to === PART_SIZE - 1;
}

function wholePart(
  stretches: readonly Stretch<string>[],
  { part, family, form }: { readonly part: 'tcp' | 'udp' | 'icmp'; readonly family: Family; readonly form: AxisForm },
): readonly Rule[] {
  const [only] = stretches;
  if (only === undefined || !isWholePart(stretches)) return [];
  const number = part === 'icmp' ? icmpOf(family) : NUMBERS[part];
  const isPart: Step = is('meta l4proto', number);
  return [[isPart, ...form.all(only.value)]];
}

function portKeys(stretches: readonly Stretch<string>[], part: 'tcp' | 'udp'): Keyed {
  if (isWholePart(stretches)) return { exact: [], ranges: [] };
  const number = NUMBERS[part];
  return {
    exact: stretches.flatMap(({ from, to, value }) => (from === to ? [[`${number} . ${from}`, value] as const] : [])),
    ranges: stretches.flatMap(({ from, to, value }) => (from < to ? [[rangeText(from, to), value] as const] : [])),
  };
}

/** Whole types as ranges of types; types of which only some codes count, code by code. */
function icmpKeys(stretches: readonly Stretch<string>[]): Keyed {
  if (isWholePart(stretches)) return { exact: [], ranges: [] };
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

function otherKeys(from: number, to: number, family: Family, value: string): Elements {
  return Array.from({ length: to - from + 1 }, (_, index) => [String(otherProtocol(from + index, family)), value]);
}

function rangeText(from: number, to: number): Value {
  return from === to ? String(from) : `${from}-${to}`;
}
