import { AXIS_SIZE, trafficInterval } from '../core/net/axis.ts';
import { cidrCovers, cidrsOverlap, isAnyCidr } from '../core/net/cidr.ts';
import type { AclEntry, NetworkAcl } from '../core/model/network-acl.ts';
import { getRecord } from '../core/model/world.ts';
import { orderedEntries } from '../core/policy/match.ts';
import { FEW_PREFIXES, prefixKeys, spanOf, spanText } from './address-keys.ts';
import { type AxisForm, axisRules } from './axis-rules.ts';
import { nameOf } from './names.ts';
import type { Plan } from './plan.ts';
import type { Rule, Verdict } from './ruleset.ts';
import { familyName, fieldsOf, type Side, sideName } from './side.ts';
import { COUNT, end, is, verdictBy } from './steps.ts';
import { cover, type Stretch } from './stretches.ts';

/**
 * A NACL on one side: `return` where it allows. Numbered order is worked out here: the axis falls into stretches, each with the entries that a
 * packet there may meet, and these end with the first that takes every address. So a packet costs a lookup of its port, and one of its address
 * where entries tell addresses apart; not one comparison for each entry.
 */
export function layAcl(plan: Plan, acl: NetworkAcl, side: Side): string {
  const name = nameOf(acl.id, sideName(side));
  if (plan.hasChain(name)) return name;
  const own: Own = { acl, side, entries: ownEntries(acl, side) };
  const placed = own.entries.map(({ traffic }, index) => {
    const [from, to] = trafficInterval(traffic, side.family);
    return { from, to, index };
  });
  const stretches = cover(placed).map(({ from, to, value }): Stretch<readonly AclEntry[]> => ({
    from,
    to,
    value: untilDecided(value.flatMap(({ index }) => own.entries[index] ?? [])),
  }));
  const everywhere = sameEverywhere(stretches);
  if (everywhere !== undefined) return plan.chain(name, entriesRules(plan, own, everywhere));
  const chained = stretches.map(({ from, to, value }) => ({
    from,
    to,
    value: `goto ${entriesChain(plan, own, value)}`,
  }));
  return plan.chain(name, [
    ...axisRules(chained, side.family, AS_VERDICTS),
    [end(`goto ${leaf(plan, own, undefined)}`)],
  ]);
}

/** The entries that a packet may meet, where they are the same for all traffic. */
function sameEverywhere(stretches: readonly Stretch<readonly AclEntry[]>[]): readonly AclEntry[] | undefined {
  const points = stretches.reduce((sum, { from, to }) => sum + to - from + 1, 0);
  const kinds = new Set(stretches.map(({ value }) => numbersOf(value)));
  return points === AXIS_SIZE && kinds.size === 1 ? stretches[0]?.value : undefined;
}

function numbersOf(entries: readonly AclEntry[]): string {
  return entries.map(({ number }) => number).join(' ');
}

type Own = { readonly acl: NetworkAcl; readonly side: Side; readonly entries: readonly AclEntry[] };

function ownEntries(acl: NetworkAcl, side: Side): readonly AclEntry[] {
  return orderedEntries(acl, side.direction).filter((entry) => entry.cidr.family === side.family);
}

/** Entries in order, up to the first that every address meets. */
function untilDecided(entries: readonly AclEntry[]): readonly AclEntry[] {
  const last = entries.findIndex(({ cidr }) => isAnyCidr(cidr));
  return last < 0 ? entries : entries.slice(0, last + 1);
}

/** The chain in which addresses alone decide between entries. */
function entriesChain(plan: Plan, own: Own, entries: readonly AclEntry[]): string {
  const [only] = entries;
  if (only !== undefined && isAnyCidr(only.cidr)) return leaf(plan, own, only);
  const suffix = sideName(own.side);
  return plan.sharedChain(nameOf(own.acl.id, 'entries'), suffix, {
    key: `${suffix} ${numbersOf(entries)}`,
    rules: () => entriesRules(plan, own, entries),
  });
}

function entriesRules(plan: Plan, own: Own, entries: readonly AclEntry[]): readonly Rule[] {
  const last = entries.at(-1);
  const fallback = leaf(plan, own, last !== undefined && isAnyCidr(last.cidr) ? last : undefined);
  const narrow = entries.filter(({ cidr }) => !isAnyCidr(cidr));
  const home = narrow.length > FEW_PREFIXES ? homeSteps(plan, own, narrow) : undefined;
  return [
    ...(home === undefined ? [] : [[...home, end(`goto ${fallback}`)]]),
    ...(narrow.length === 0 ? [] : addressRules(plan, own, narrow)),
    [end(`goto ${fallback}`)],
  ];
}

/** The address is one of the VPC's own, as in most packets, and none that entries tell apart: a comparison in place of a lookup. */
function homeSteps(plan: Plan, { acl, side }: Own, narrow: readonly AclEntry[]): Rule | undefined {
  const home = getRecord(plan.world, 'vpcs', acl.vpcId)?.cidrs.find(({ family }) => family === side.family);
  if (home === undefined || narrow.some(({ cidr }) => cidrsOverlap(cidr, home))) return undefined;
  const { from, to } = spanOf(home);
  return [is(fieldsOf(side, plan.wiring.mode).peer, spanText(side.family, from, to))];
}

function addressRules(plan: Plan, own: Own, entries: readonly AclEntry[]): readonly Rule[] {
  const { side } = own;
  const { peer } = fieldsOf(side, plan.wiring.mode);
  const verdict = (entry: AclEntry): Verdict => `goto ${leaf(plan, own, entry)}`;
  if (entries.length <= FEW_PREFIXES) {
    return entries.map((entry) => {
      const { from, to } = spanOf(entry.cidr);
      return [is(peer, spanText(side.family, from, to)), end(verdict(entry))];
    });
  }
  // Of the prefixes that an address is in, all hold the longest: the first entry that holds that one is the first that the address meets.
  const keys = prefixKeys(
    side.family,
    entries.map((entry) => [entry.cidr, verdict(entries.find((one) => cidrCovers(one.cidr, entry.cidr)) ?? entry)]),
  );
  return [[verdictBy([peer], keys)]];
}

const AS_VERDICTS: AxisForm = {
  lookup: (key, elements) => [verdictBy(key, elements)],
  // Values of this form are verdicts.
  all: (value) => [end(value as Verdict)],
};

/** The chain of one entry, where its packets are counted; without an entry that of the final deny. */
function leaf(plan: Plan, { acl, side }: Own, entry: AclEntry | undefined): string {
  const number = entry === undefined ? '*' : String(entry.number);
  const name = `${nameOf(acl.id, sideName(side))}.entry-${entry === undefined ? 'last' : number}`;
  if (plan.hasChain(name)) return name;
  plan.entries.set(name, { aclId: acl.id, direction: side.direction, number });
  const isAllow = entry?.action === 'allow';
  const deny: Verdict = plan.wiring.mode === 'forward' ? `goto lost.${familyName(side.family)}` : 'drop';
  return plan.chain(name, [[COUNT, end(isAllow ? 'return' : deny)]]);
}
