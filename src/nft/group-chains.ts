import { TCP, UDP } from '../core/net/protocol.ts';
import { intervalsOf } from '../core/net/interval-set.ts';
import { peerText, type SecurityGroup } from '../core/model/security-group.ts';
import { axisRules, stretchSteps } from './axis-rules.ts';
import type { Work } from './kept-work.ts';
import { MadeChain } from './made-chain.ts';
import { hashText } from './names.ts';
import { listSet, memberSets, peerChain, peersKey } from './peer-chains.ts';
import type { Plan } from './plan.ts';
import type { Elements, Rule, Verdict } from './ruleset.ts';
import { type RuleClass, ruleLayers } from './rule-classes.ts';
import { type Side, sideName } from './side.ts';
import { end, is, isOneOf, markBy } from './steps.ts';
import { AXIS_PARTS, partBounds, type Stretch } from './stretches.ts';

/** A profile as it was laid out, with the records that it was made from. */
export type KeptProfile = {
  readonly profile: Profile;
  readonly groups: readonly SecurityGroup[];
  readonly work: Work;
};

/**
 * The number of a combination of groups on one side, and what the global maps get from it. A host has some hundred thousand elements, so they stand as
 * numbers by turns: protocol and port (`PORTS` of each) with a class, and classes, beside the chains to which these lead. `wide`: the chain that whoever is
 * not admitted goes on to.
 */
export type Profile = {
  readonly number: number;
  readonly ports: readonly number[];
  readonly wide: string | undefined;
  readonly classes: readonly number[];
  readonly targets: readonly string[];
};

const PORTS = 65_536;

/** A profile that is made anew only if something of what it was made from is not as it was. */
export function keptProfile(
  plan: Plan,
  groups: readonly SecurityGroup[],
  { side, known }: { readonly side: Side; readonly known: KeptProfile | undefined },
): KeptProfile {
  if (known !== undefined && isSame(known.groups, groups) && plan.reuse(known.work)) {
    laySets(plan, known.work, side);
    return known;
  }
  const { result: profile, work } = plan.record(() => layProfile(plan, groups, side));
  return { profile, groups, work };
}

function isSame(a: readonly SecurityGroup[], b: readonly SecurityGroup[]): boolean {
  return a.length === b.length && a.every((one, at) => one === b[at]);
}

/** The sets that rules of a profile look into: what is in them is as new as the view. */
function laySets(plan: Plan, { lists, members }: Work, side: Side): void {
  for (const [id] of lists) listSet(plan, id, side.family);
  for (const id of members) memberSets(plan, id, side.family);
}

/** Classes by profile and port. */
export function portElements({ number, ports }: Profile): Elements {
  return pairsIn(ports).map(([port, own]) => [
    `${number} . ${Math.floor(port / PORTS)} . ${port % PORTS}`,
    String(own),
  ]);
}

/** Where whoever is not admitted goes on, by the profile or by the class that was met at the port. */
export function wideElements({ number, ports, wide }: Profile): Elements {
  if (wide === undefined) return [];
  return [...new Set([number, ...pairsIn(ports).map(([, own]) => own)])].map((one) => [String(one), `goto ${wide}`]);
}

/** Where classes lead. */
export function classElements({ classes, targets }: Profile): Elements {
  return classes.map((one, at) => [String(one), `goto ${targets[at] ?? ''}`]);
}

function pairsIn(flat: readonly number[]): readonly (readonly [number, number])[] {
  return Array.from({ length: flat.length / 2 }, (_, at) => [flat[2 * at] ?? 0, flat[2 * at + 1] ?? 0]);
}

/**
 * A combination of groups on one side: narrow rules stand in the map of all ports, wide ones in a chain of its own; both lead to a class of
 * rules, and the class to the chain that knows its peers. Who is not admitted comes back from there. Gives the number of the profile and its
 * elements of the global maps. INVARIANT: a number stands for the same wide rules as long as it stands for anything. A packet that a class did
 * not admit goes on by the number of that class, so it meets the wide rules that belong to the ports which it has met, though the rules
 * change in between.
 */
export function layProfile(plan: Plan, groups: readonly SecurityGroup[], side: Side): Profile {
  const { narrow, wide } = ruleLayers(groups, side, plan.placed);
  const ids = groups.map((group) => group.id);
  const number = plan.numberOf(['profile', sideName(side), ...ids, wideKey(plan, wide.stretches, side)].join(' '));
  const numbered = (value: RuleClass): { readonly own: number; readonly target: string } => {
    const target = classChain(plan, value, side);
    // Joined, a key stands in one piece: there are so many that what else they are made of counts.
    const own = plan.numberOf(['class', number, target, rulesKey(value)].join(' '));
    plan.classOf(own, value.kind === 'open' ? value.rules.slice(0, 1) : value.peers.map((peer) => peer.rule));
    return { own, target };
  };
  const classes = new Map<number, string>();
  const ports = narrow.flatMap((one) => {
    const { own, target } = numbered(one.value);
    classes.set(own, target);
    return portKeys(one).flatMap((port) => [port, own]);
  });
  const stretches = wide.stretches.map(({ from, to, value }): Stretch<Led> => {
    const { own, target } = numbered(value);
    if (wide.isDisjoint) classes.set(own, target);
    return { from, to, value: { own, target } };
  });
  const name = `profile-${number}.${sideName(side)}`;
  if (stretches.length > 0) plan.draft(profileChain(name, { stretches, isDisjoint: wide.isDisjoint, side }));
  return {
    number,
    ports,
    wide: stretches.length > 0 ? name : undefined,
    classes: [...classes.keys()],
    targets: [...classes.values()],
  };
}

/** A class of a profile and the chain that knows its peers. */
type Led = { readonly own: number; readonly target: string };

type Wide = { readonly stretches: readonly Stretch<Led>[]; readonly isDisjoint: boolean; readonly side: Side };

/** The chain of a profile's wide rules, which notes ends, classes and targets of stretches in lists. */
function profileChain(name: string, { stretches, isDisjoint, side }: Wide): MadeChain<WideList> {
  const numbers = stretches.flatMap(({ from, to, value }) => [from, to, value.own]);
  const list: WideList = { numbers, targets: stretches.map(({ value }) => value.target), isDisjoint, side };
  return new MadeChain(name, list, wideRules);
}

type WideList = {
  readonly numbers: readonly number[];
  readonly targets: readonly string[];
  readonly isDisjoint: boolean;
  readonly side: Side;
};

function wideRules({ numbers, targets, isDisjoint, side }: WideList): readonly Rule[] {
  const stretches = targets.map((target, at): Stretch<Led> => {
    const [from = 0, to = 0, own = 0] = numbers.slice(3 * at, 3 * at + 3);
    return { from, to, value: { own, target } };
  });
  if (!isDisjoint)
    return stretches.map((one) => [
      ...stretchSteps(one, side.family),
      { kind: 'set-mark', value: one.value.own },
      end(`jump ${one.value.target}`),
    ]);
  const byClass = stretches.map((one) => ({ ...one, value: String(one.value.own) }));
  return axisRules(byClass, side.family, toClass(side));
}

/** What the wide rules of a profile are, in a few letters. */
function wideKey(plan: Plan, stretches: readonly Stretch<RuleClass>[], side: Side): string {
  const texts = stretches.map(
    ({ from, to, value }) => `${from} ${to} ${classChain(plan, value, side)} ${classKey(value)}`,
  );
  return hashText(texts.join('\n'));
}

/** A profile of interfaces that no group filters (V:nat-gateway-basics, NLB). */
export function layUnfiltered(plan: Plan, side: Side): Profile {
  const number = plan.numberOf(`unfiltered ${sideName(side)}`);
  plan.chain(`unfiltered.${sideName(side)}`, [[end('accept')]]);
  return { number, ports: [], wide: `unfiltered.${sideName(side)}`, classes: [], targets: [] };
}

function toClass(side: Side): Parameters<typeof axisRules>[2] {
  const next: Verdict = `goto class.${sideName(side)}`;
  return {
    lookup: (key, elements) => [markBy(key, elements), end(next)],
    all: (value) => [{ kind: 'set-mark', value: Number(value) }, end(next)],
  };
}

/** Protocol and port of every port of a narrow stretch. */
function portKeys({ from, to }: Stretch<unknown>): readonly number[] {
  const part = AXIS_PARTS.findLast((name) => partBounds(name)[0] <= from) ?? 'tcp';
  const [start] = partBounds(part);
  const first = (part === 'tcp' ? TCP : UDP) * PORTS + from - start;
  return Array.from({ length: to - from + 1 }, (_, index) => first + index);
}

/** The rules that a class counts; who its peers are says the chain that it leads to. */
function rulesKey(value: RuleClass): string {
  return value.kind === 'open' ? value.rules.slice(0, 1).join(' ') : value.peers.map(({ rule }) => rule).join(' ');
}

function classKey(value: RuleClass): string {
  return value.kind === 'open'
    ? value.rules.slice(0, 1).join(' ')
    : value.peers.map(({ peer, rule }) => `${peerText(peer)} ${rule}`).join(' ');
}

/** The chain that says which peers a class admits; classes of the same peers share it, whatever their rules and ports. */
function classChain(plan: Plan, value: RuleClass, side: Side): string {
  const suffix = sideName(side);
  if (value.kind === 'peers') {
    const peers = value.peers.map(({ peer }) => peer);
    return plan.sharedChain('peers', suffix, {
      key: peersKey(peers, side),
      rules: (name) => peerChain(plan, name, { peers, side }),
    });
  }
  if (value.keeps === 'all') return `tracked.${suffix}`;
  if (value.keeps === 'none') return `untracked.${suffix}`;
  const ports = intervalsOf(value.keeps.answers);
  const isAll = ports[0]?.[0] === 0 && ports[0][1] === 65_535;
  const values = ports.map(([from, to]) => (from === to ? String(from) : `${from}-${to}`));
  return plan.sharedChain('answers', suffix, {
    key: `${suffix} ${values.join(' ')}`,
    rules: () => [
      [isAll ? is('meta l4proto', UDP) : isOneOf('udp sport', values), end(`goto untracked.${suffix}`)],
      [end(`goto tracked.${suffix}`)],
    ],
  });
}
