import { type ConnectionTimeouts, type Eni, isUnfiltered } from '../core/model/eni.ts';
import type { SecurityGroup } from '../core/model/security-group.ts';
import type { World } from '../core/model/world.ts';
import type { HostView } from '../core/policy/host-view.ts';
import { groupsOf } from '../core/policy/match.ts';
import { DEFAULT_TIMEOUTS, LOAD_BALANCER_TIMEOUTS } from '../core/track/timeouts.ts';
import { layBorders } from './border-chains.ts';
import { type Attached, attachedEnis, layDevices, quote } from './device-sets.ts';
import { layForwardHooks } from './forward-hooks.ts';
import {
  classElements,
  type KeptProfile,
  keptProfile,
  layUnfiltered,
  portElements,
  type Profile,
  wideElements,
} from './group-chains.ts';
import type { Work } from './kept-work.ts';
import { layNeighbourSets } from './neighbour-chains.ts';
import { layArpSets } from './arp-chains.ts';
import { layLocalHooks } from './local-hooks.ts';
import { hashText } from './names.ts';
import type { Past } from './past.ts';
import { type Given, type Meaning, NO_NUMBERS, type Numbering, Plan, type Problem } from './plan.ts';
import type { Elements, KeyType, NftSet, Ruleset } from './ruleset.ts';
import { layRenewal } from './renewal-chains.ts';
import { familyName, SIDES, type Side, sideName } from './side.ts';
import { seal } from './seal.ts';
import { layStart } from './start-chains.ts';
import { forwards, layState } from './state-chains.ts';
import { is } from './steps.ts';
import { TextMap } from './text-map.ts';
import { TURN } from './turn.ts';
import type { Wiring } from './wiring.ts';

/** What the kernel must hold, what its counters mean, and what could not be said so that the user must know of it. */
export type Layout = {
  readonly ruleset: Ruleset;
  readonly meaning: Meaning;
  readonly numbering: Numbering;
  readonly problems: readonly Problem[];
  /** What need not be made again for the next layout. */
  readonly kept: Kept;
};

/** Profiles by side and groups, what their numbers are, and sets of texts, which mostly stay. `made`: what all of it was made of, and the rest of it in parts. */
export type Kept = {
  readonly made: Made | undefined;
  readonly profiles: ReadonlyMap<string, KeptProfile>;
  readonly given: Given;
  readonly sets: ReadonlyMap<string, NftSet>;
};

export type Made = {
  readonly view: HostView;
  readonly wiring: Wiring;
  readonly past: Past;
  readonly parts: Parts;
  readonly hasBorders: boolean;
  /** What is to be said of groups that are not known. */
  readonly unknown: readonly Problem[];
};

/** What there is beside profiles: about devices, where packets start and what is remembered of them, the NACLs, and the hooks that lead to all of it. */
export type Parts = Readonly<Record<'devices' | 'state' | 'borders' | 'hooks', Work>>;

const NOTHING_KEPT: Kept = {
  made: undefined,
  profiles: new Map(),
  given: { numbers: new Map(), classes: new Map() },
  sets: new Map(),
};

/**
 * The ruleset that enforces a view of the world on the interfaces of one network namespace. `previous` keeps numbers from one layout to the
 * next, so that what did not change stays as it is; with what was `kept` of it, only what changed is made anew. Throws on a wiring that cannot be enforced: two interfaces on one device, overlapping VPCs.
 */
export function layout(
  view: HostView,
  wiring: Wiring,
  previous: Numbering = NO_NUMBERS,
  before: Kept = NOTHING_KEPT,
): Layout {
  const plan = new Plan(view, wiring, previous, before.given);
  const devices = plan.record(() => layAttached(plan));
  const attached = devices.result;
  const borders = plan.record(() => layBorders(plan, attached));
  const state = plan.record(() => {
    for (const side of SIDES) {
      layState(plan, side);
      layStart(plan, side);
    }
  });
  const { profiles, unknown } = layProfiles(plan, attached, before);
  const hasBorders = borders.result;
  const hooks = plan.record(() => {
    layHooks(plan, hasBorders);
  });
  const { ruleset, nameOf } = seal(plan.ruleset);
  const sets = new Map([...ruleset.sets].map(([name, set]) => [name, sameSet(before.sets.get(name), set) ?? set]));
  const parts = { devices: devices.work, state: state.work, borders: borders.work, hooks: hooks.work };
  const entries = new Map([...plan.entries].map(([chain, entry]) => [nameOf(chain), entry] as const));
  const { classes, numbering } = plan;
  return {
    ruleset: { ...ruleset, sets },
    meaning: { classes, entries },
    numbering,
    problems: [...plan.problems],
    kept: {
      made: { view, wiring, past: numbering.past, parts, hasBorders, unknown },
      profiles,
      given: { numbers: numbering.numbers, classes },
      sets: textSets(sets),
    },
  };
}

/** Those of sets that hold texts. */
export function textSets(sets: Ruleset['sets']): Kept['sets'] {
  return new Map([...sets].filter(([, { content }]) => content.kind === 'texts'));
}

function layAttached(plan: Plan): readonly Attached[] {
  const attached = attachedEnis(plan);
  layDevices(plan, attached);
  layTracking(plan, attached);
  if (plan.wiring.mode === 'forward') {
    layNeighbourSets(plan);
    layArpSets(plan);
  }
  return attached;
}

/** The hooks that lead to all the rest. */
export function layHooks(plan: Plan, hasBorders: boolean): void {
  layRenewal(plan);
  if (plan.wiring.mode === 'forward') layForwardHooks(plan, hasBorders);
  else layLocalHooks(plan, hasBorders);
}

/** The set of before, where it is the one that is wanted: then whoever compares the two has nothing to compare. */
export function sameSet(before: NftSet | undefined, { key, data, isInterval, content }: NftSet): NftSet | undefined {
  if (before?.content.kind !== 'texts' || content.kind !== 'texts') return undefined;
  const [known, wanted] = [before.content.elements, content.elements];
  if (!(known instanceof TextMap && wanted instanceof TextMap && known.equals(wanted))) return undefined;
  return before.data === data && before.isInterval === isInterval && before.key.join() === key.join()
    ? before
    : undefined;
}

function layProfiles(
  plan: Plan,
  attached: readonly Attached[],
  before: Kept,
): { readonly profiles: Kept['profiles']; readonly unknown: Made['unknown'] } {
  const laid = new Map<string, Profile>();
  const kept = new Map<string, KeptProfile>();
  const isWiredAlike = before.made !== undefined && wiringKey(before.made.wiring) === wiringKey(plan.wiring);
  const known = isWiredAlike ? before.profiles : NOTHING_KEPT.profiles;
  const profileOf = (key: string, groups: readonly SecurityGroup[], side: Side): Profile => {
    const made = keptProfile(plan, groups, { side, known: known.get(key) });
    kept.set(key, made);
    return made.profile;
  };
  for (const side of SIDES) {
    const devices = attached.map(({ eni, attachment }) => {
      const { key, groups } = combinationOf(plan.world, eni, side);
      const profile = laid.get(key) ?? (isUnfiltered(eni) ? layUnfiltered(plan, side) : profileOf(key, groups, side));
      laid.set(key, profile);
      return [quote(attachment.device), String(profile.number)] as const;
    });
    plan.texts(sideName(side), ['ifname'], { elements: devices, data: 'mark' });
  }
  const unknown = unknownGroups(
    plan.world,
    attached.map(({ eni }) => eni),
  );
  for (const problem of unknown) plan.problem(problem);
  layElements(plan, [...laid.values()]);
  return { profiles: kept, unknown };
}

/** The groups of an interface in the order of their ids, and what their combination is called on a side. */
export function combinationOf(
  world: World,
  eni: Eni,
  side: Side,
): { readonly key: string; readonly groups: readonly SecurityGroup[] } {
  const groups = groupsOf(world, eni).groups.toSorted((a, b) => (a.id < b.id ? -1 : 1));
  return { key: `${sideName(side)} ${isUnfiltered(eni) ? '*' : groups.map(({ id }) => id).join(' ')}`, groups };
}

/** What is to be said of groups of interfaces that are not known. */
export function unknownGroups(world: World, enis: readonly Eni[]): readonly Problem[] {
  const ids = new Set(enis.flatMap((eni) => groupsOf(world, eni).unknownGroups));
  return [...ids].map((id) => `group ${id} is not known: its rules admit nothing`);
}

/** What profiles have in the maps that all share. */
export function layElements(plan: Plan, profiles: readonly Profile[]): void {
  const elements = function* (of: (profile: Profile) => Elements): Generator<Elements[number], void, undefined> {
    for (const profile of profiles) yield* of(profile);
  };
  plan.texts('ports', ['mark', 'inet_proto', 'inet_service'], { elements: elements(portElements), data: 'mark' });
  plan.texts('irregular', ['mark'], { elements: elements(wideElements), data: 'verdict' });
  plan.texts('classes', ['mark'], { elements: elements(classElements), data: 'verdict' });
}

/** What rules of profiles read of the wiring. */
function wiringKey({ mode, fabric }: Wiring): string {
  return `${mode} ${fabric.size > 0 ? 'fabric' : ''}`;
}

const MANY_FLOWS = 262_144;
const HALF_FLOWS = 65_536;

/** The memory beside connection tracking, each flow by the holder whose memory it is; and timeouts that interfaces have of their own. */
function layTracking(plan: Plan, attached: readonly Attached[]): void {
  plan.set(TURN);
  plan.dynamic('hits', ['mark'], { size: 1_048_576, counts: true });
  for (const family of ['ipv4', 'ipv6'] as const) {
    const address: KeyType = family === 'ipv4' ? 'ipv4_addr' : 'ipv6_addr';
    const name = familyName(family);
    plan.dynamic(`others${name}`, ['mark', 'inet_proto', address, address], { size: MANY_FLOWS });
    const flow: readonly KeyType[] = ['mark', address, 'inet_service', address, 'inet_service'];
    for (const protocol of ['tcp', 'udp']) {
      if (plan.wiring.mode === 'forward') plan.dynamic(`half-${protocol}${name}`, flow, { size: HALF_FLOWS });
      if (forwards(plan)) plan.dynamic(`${protocol}${name}`, flow, { size: MANY_FLOWS });
    }
  }
  for (const side of SIDES) layTimeouts(plan, attached, side);
}

function layTimeouts(plan: Plan, attached: readonly Attached[], side: Side): void {
  const elements = attached.flatMap(({ eni, attachment }): Elements => {
    const policies = policiesOf(eni);
    if (policies.length === 0) return [];
    const key = JSON.stringify([sideName(side), policies]);
    const chain = plan.sharedChain('timeouts', sideName(side), {
      key,
      rules: () =>
        policies.map(({ protocol, policy }) => [
          is('meta l4proto', protocol === 'tcp' ? 6 : 17),
          { kind: 'ct-timeout', name: timeoutOf(plan, side, { protocol, policy }) },
        ]),
    });
    return [[quote(attachment.device), `jump ${chain}`]];
  });
  if (elements.length > 0) plan.texts(`timeouts.${sideName(side)}`, ['ifname'], { elements, data: 'verdict' });
}

/** Whether an interface has timeouts of its own. */
export function hasOwnTimeouts(eni: Eni): boolean {
  return policiesOf(eni).length > 0;
}

type TimeoutPolicy = { readonly protocol: 'tcp' | 'udp'; readonly policy: Readonly<Record<string, number>> };

function policiesOf({ interfaceType, timeouts }: Eni): readonly TimeoutPolicy[] {
  const own: ConnectionTimeouts = interfaceType === 'network_load_balancer' ? LOAD_BALANCER_TIMEOUTS : timeouts;
  const { tcpEstablishedSeconds, udpSeconds, udpStreamSeconds } = own;
  const tcp = tcpEstablishedSeconds === undefined ? {} : { established: tcpEstablishedSeconds };
  const udp =
    udpSeconds === undefined && udpStreamSeconds === undefined
      ? {}
      : {
          unreplied: udpSeconds ?? DEFAULT_TIMEOUTS.udpSeconds,
          replied: udpStreamSeconds ?? DEFAULT_TIMEOUTS.udpStreamSeconds,
        };
  const policies = [
    { protocol: 'tcp' as const, policy: tcp },
    { protocol: 'udp' as const, policy: udp },
  ];
  return policies.filter(({ policy }) => Object.keys(policy).length > 0);
}

function timeoutOf(plan: Plan, { family }: Side, of: TimeoutPolicy): string {
  const name = `${of.protocol}-${hashText(JSON.stringify(of.policy))}.${familyName(family)}`;
  return plan.timeout({ name, l3proto: family === 'ipv4' ? 'ip' : 'ip6', ...of });
}
