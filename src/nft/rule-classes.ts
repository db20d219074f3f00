import { axisPart, type AxisPart } from '../core/net/axis.ts';
import { isAnyCidr } from '../core/net/cidr.ts';
import { type IntervalSet, normalizeIntervals } from '../core/net/interval-set.ts';
import type { RuleId } from '../core/model/ids.ts';
import { type Peer, peerText, type SecurityGroup } from '../core/model/security-group.ts';
import { type PlacedRule, placeRules } from '../core/policy/match.ts';
import { type Side, sideName } from './side.ts';
import { AXIS_PARTS, cover, partBounds, type Stretch } from './stretches.ts';

/** Who is admitted on a stretch of the axis, and by which rules. */
export type RuleClass =
  /** Everybody. `keeps`: whether what is admitted is tracked; `answers`: only what does not come from these UDP ports (flat intervals). */
  | {
      readonly kind: 'open';
      readonly keeps: 'all' | 'none' | { readonly answers: IntervalSet };
      readonly rules: readonly RuleId[];
    }
  | { readonly kind: 'peers'; readonly peers: readonly ClassPeer[] };

/** A peer with the first rule that names it: what it admits is counted there. */
export type ClassPeer = { readonly peer: Peer; readonly rule: RuleId };

/**
 * The rules of a combination of groups in two layers: those for a few ports each, and the wider ones. A packet that the first layer does not
 * admit goes on to the second; were both one, every wide rule would stand once more at each port, and no two groups would have anything in
 * common that the kernel could share.
 */
export type RuleLayers = {
  readonly narrow: readonly Stretch<RuleClass>[];
  /** A few wide stretches may overlap: they are tried one after another, open ones first. Many are disjoint. */
  readonly wide: { readonly stretches: readonly Stretch<RuleClass>[]; readonly isDisjoint: boolean };
};

/**
 * The stretches of the axis on which rules of these groups admit somebody. Where one of them admits everybody, the others make no
 * difference; such a flow needs no tracking when the other direction admits everybody on all ports (E2:conntrack; core/track/untracked.ts).
 * So where a wide rule is open to everybody, nothing stands in the narrow layer.
 */
export function ruleLayers(groups: readonly SecurityGroup[], side: Side, memory: PlacedMemory): RuleLayers {
  const placed = placedRules(groups, side, memory);
  const opposite = openOf(
    placedRules(groups, { ...side, direction: side.direction === 'egress' ? 'ingress' : 'egress' }, memory),
  );
  const openness = { here: openOf(placed), opposite };
  const wide = placed.filter((one) => !isNarrow(one));
  const narrow = placed.filter((one) => isNarrow(one) || isOpen(one));
  return {
    narrow: classes(
      cover(narrow).filter(({ value }) => value.every(isNarrow)),
      openness,
    ),
    wide: wideLayer(wide, openness),
  };
}

/** So many wide rules are tried one after another: a comparison costs less than a lookup, and every map costs the nft program time. */
const FEW_STRETCHES = 12;

function wideLayer(wide: readonly PlacedRule[], openness: Parameters<typeof classes>[1]): RuleLayers['wide'] {
  const byStretch = Map.groupBy(wide, ({ from, to }) => `${from}-${to}`);
  if (byStretch.size > FEW_STRETCHES) return { stretches: classes(cover(wide), openness), isDisjoint: true };
  const stretches = [...byStretch.values()].flatMap((value): readonly Stretch<readonly PlacedRule[]>[] => {
    const { from, to } = value[0] ?? { from: 0, to: 0 };
    const all = { from, to, value };
    // Of traffic of all protocols that everybody may send, TCP and UDP may go untracked, each by itself.
    const isSplit = value.some(isOpen) && partOf(from) !== partOf(to);
    return isSplit ? [...(['tcp', 'udp'] as const).map((part) => partStretch(part, value)), all] : [all];
  });
  const placed = classes(stretches, openness);
  return { stretches: placed.toSorted((a, b) => rank(a) - rank(b)), isDisjoint: false };
}

function partStretch<T>(part: AxisPart, value: T): Stretch<T> {
  const [from, to] = partBounds(part);
  return { from, to, value };
}

function rank({ value }: Stretch<RuleClass>): number {
  return value.kind === 'open' ? 0 : 1;
}

/** A rule for at most so many ports is narrow: each stands by itself in the map of ports. */
const FEW_PORTS = 8;

function isNarrow({ from, to }: PlacedRule): boolean {
  const part = partOf(from);
  return (part === 'tcp' || part === 'udp') && to - from < FEW_PORTS && partOf(to) === part;
}

function classes(
  stretches: readonly Stretch<readonly PlacedRule[]>[],
  openness: { readonly here: Openness; readonly opposite: Openness },
): readonly Stretch<RuleClass>[] {
  return stretches.map(({ from, to, value }) => {
    const open = value.filter(isOpen);
    if (open.length === 0) return { from, to, value: { kind: 'peers', peers: peersOf(value) } };
    const keeps = partOf(from) === partOf(to) ? keepsOf(partOf(from), openness) : 'all';
    return { from, to, value: { kind: 'open', keeps, rules: open.map(({ rule }) => rule.id) } };
  });
}

/** Rules of groups that were placed on the axis, by side: as long-lived as the layout in the making. */
export type PlacedMemory = Map<string, Map<SecurityGroup, readonly PlacedRule[]>>;

function placedRules(groups: readonly SecurityGroup[], side: Side, memory: PlacedMemory): readonly PlacedRule[] {
  const name = sideName(side);
  const known = memory.get(name) ?? new Map<SecurityGroup, readonly PlacedRule[]>();
  memory.set(name, known);
  return groups.flatMap((group) => {
    const placed = known.get(group) ?? ownRules(group, side);
    known.set(group, placed);
    return placed;
  });
}

/** The rules of a group that are certain and name a peer of the family, if they name one of a family. */
function ownRules(group: SecurityGroup, { direction, family }: Side): readonly PlacedRule[] {
  return placeRules(group, direction, family)
    .filter(({ rule }) => rule.doubt === undefined)
    .filter(({ rule }) => rule.peer.kind !== 'cidr' || rule.peer.cidr.family === family);
}

function isOpen({ rule }: PlacedRule): boolean {
  return rule.peer.kind === 'cidr' && isAnyCidr(rule.peer.cidr);
}

/** What each part of the axis is open for, and whether one rule opens all ports of it: two halves do not count (semantics 3.2). */
type Openness = Readonly<Record<'tcp' | 'udp', { readonly open: IntervalSet; readonly isAllPorts: boolean }>>;

function openOf(placed: readonly PlacedRule[]): Openness {
  const open = placed.filter(isOpen);
  const set = normalizeIntervals(open.flatMap(({ from, to }) => [from, to]));
  const of = (part: 'tcp' | 'udp'): Openness['tcp'] => {
    const [from, to] = partBounds(part);
    return { open: axisPart(set, part), isAllPorts: open.some((one) => one.from <= from && to <= one.to) };
  };
  return { tcp: of('tcp'), udp: of('udp') };
}

function keepsOf(
  part: AxisPart,
  { here, opposite }: { readonly here: Openness; readonly opposite: Openness },
): Extract<RuleClass, { kind: 'open' }>['keeps'] {
  if (part !== 'tcp' && part !== 'udp') return 'all';
  if (opposite[part].isAllPorts) return 'none';
  // A UDP packet from a port that is open to everybody may answer an untracked flow; TCP tells by its flags.
  const mayAnswer = part === 'udp' && here.udp.isAllPorts && opposite.udp.open.length > 0;
  return mayAnswer ? { answers: opposite.udp.open } : 'all';
}

function peersOf(rules: readonly PlacedRule[]): readonly ClassPeer[] {
  const peers = new Map<string, ClassPeer>();
  for (const { rule } of rules) {
    const key = `${KIND_ORDER[rule.peer.kind]} ${peerText(rule.peer)}`;
    if (!peers.has(key)) peers.set(key, { peer: rule.peer, rule: rule.id });
  }
  return [...peers].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, peer]) => peer);
}

/** References come last: they need to know the interface at the other end. */
const KIND_ORDER: Readonly<Record<Peer['kind'], number>> = { cidr: 0, 'prefix-list': 1, group: 2 };

function partOf(point: number): AxisPart {
  return AXIS_PARTS.findLast((part) => partBounds(part)[0] <= point) ?? 'tcp';
}
