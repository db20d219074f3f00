import { axisPart, type AxisPart } from '../core/net/axis.ts';
import { isAnyCidr } from '../core/net/cidr.ts';
import { type IntervalSet, normalizeIntervals } from '../core/net/interval-set.ts';
import type { RuleId } from '../core/model/ids.ts';
import { type Peer, peerText, type SecurityGroup } from '../core/model/security-group.ts';
import { type PlacedRule, preparedRules } from '../core/policy/match.ts';
import type { Side } from './side.ts';
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
 * The stretches of the axis on which rules of these groups admit somebody. Where one of them admits everybody, the others make no
 * difference; such a flow needs no tracking when the other direction admits everybody on all ports (E2:conntrack; core/track/untracked.ts).
 */
export function ruleClasses(groups: readonly SecurityGroup[], side: Side): readonly Stretch<RuleClass>[] {
  const placed = placedRules(groups, side);
  const opposite = openOf(
    placedRules(groups, { ...side, direction: side.direction === 'egress' ? 'ingress' : 'egress' }),
  );
  const openHere = openOf(placed);
  return cover(placed).map(({ from, to, value }) => {
    const part = partOf(from);
    const open = value.filter(isOpen);
    if (open.length === 0) return { from, to, value: { kind: 'peers', peers: peersOf(value) } };
    const keeps = keepsOf(part, { here: openHere, opposite });
    return { from, to, value: { kind: 'open', keeps, rules: open.map(({ rule }) => rule.id) } };
  });
}

function placedRules(groups: readonly SecurityGroup[], { direction, family }: Side): readonly PlacedRule[] {
  return groups
    .flatMap((group) => preparedRules(group, direction, family).placed)
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
