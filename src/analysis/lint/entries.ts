import { FAMILIES, type Address, type Family } from '../../core/net/address.ts';
import { type Cidr, cidrContains, cidrCovers, formatCidr } from '../../core/net/cidr.ts';
import { trafficInterval, WHOLE_AXIS } from '../../core/net/axis.ts';
import { intersectSets, type IntervalSet, subtractSets } from '../../core/net/interval-set.ts';
import type { AclEntry, NetworkAcl } from '../../core/model/network-acl.ts';
import { type Direction, DIRECTIONS } from '../../core/model/security-group.ts';
import { listRecords, type World } from '../../core/model/world.ts';
import { orderedEntries } from '../../core/policy/match.ts';
import { spaceOf, subtractSpaces } from '../address-space.ts';
import { recordLabel } from '../names.ts';
import { ruleDocument } from '../part-documents.ts';
import { resting } from './doubts.ts';
import { type Finding, finding } from './finding.ts';

/** An entry that can go without any decision changing: what came before took everything, or what follows decides the same. */
type Idle = { readonly entry: AclEntry; readonly why: 'shadowed' | 'redundant'; readonly by: readonly AclEntry[] };

/** AWS grants 40 entries for each direction and family; of longer lists only shadowed entries are looked for, that costs the square. */
const MAX_ENTRIES = 400;

/** Entries of NACLs that never matter. All of them together can go. */
export function idleEntries(world: World): readonly Finding[] {
  return [...listRecords(world, 'acls')].flatMap((acl) =>
    DIRECTIONS.flatMap((direction) =>
      FAMILIES.flatMap((family) => idleIn(acl, direction, family).map((idle) => idleFinding(world, acl, idle))),
    ),
  );
}

function idleIn(acl: NetworkAcl, direction: Direction, family: Family): readonly Idle[] {
  const entries = orderedEntries(acl, direction).filter(({ cidr }) => cidr.family === family);
  const atoms = atomsOf(entries.map(({ cidr }) => cidr));
  const open = openSets(entries, atoms, family);
  const shadowed = entries.filter((entry) => (open.get(entry)?.length ?? 0) === 0);
  const idle: Idle[] = shadowed.map((entry) => ({ entry, why: 'shadowed', by: shadersOf(entry, entries, family) }));
  if (entries.length > MAX_ENTRIES) return idle;
  // What is perhaps not there is not counted on to go.
  let left = entries.filter((entry) => entry.doubt !== undefined || !shadowed.includes(entry));
  for (const entry of left.toReversed()) {
    if (shadowed.includes(entry)) continue;
    const rest = left.filter((one) => one !== entry);
    const later = rest.slice(left.indexOf(entry));
    if (!(open.get(entry) ?? []).every((one) => decidesSame(one, entry, { later, family }))) continue;
    if (entry.doubt === undefined) left = rest;
    idle.push({ entry, why: 'redundant', by: later.filter((one) => overlaps(one, entry, family)) });
  }
  return idle;
}

/** Addresses of which each has entries of its own: one for each prefix that is not all made of smaller ones. */
function atomsOf(cidrs: readonly Cidr[]): readonly Address[] {
  const distinct = new Map(cidrs.map((cidr) => [formatCidr(cidr), cidr]));
  return [...distinct.values()].flatMap((cidr) => {
    const inner = [...distinct.values()].filter((one) => one !== cidr && cidrCovers(cidr, one));
    const [rest] = subtractSpaces([cidr], spaceOf(inner));
    return rest === undefined ? [] : [rest.base];
  });
}

type Open = { readonly address: Address; readonly points: IntervalSet };

/** For each entry what is left to it by those before, address by address; what is perhaps not there takes nothing. */
function openSets(
  entries: readonly AclEntry[],
  atoms: readonly Address[],
  family: Family,
): ReadonlyMap<AclEntry, readonly Open[]> {
  const left = new Map<AclEntry, Open[]>();
  for (const address of atoms) {
    let open: IntervalSet = WHOLE_AXIS;
    for (const entry of entries) {
      if (open.length === 0) break;
      if (!cidrContains(entry.cidr, address)) continue;
      const own = [...trafficInterval(entry.traffic, family)];
      const points = intersectSets(open, own);
      if (points.length > 0) left.set(entry, [...(left.get(entry) ?? []), { address, points }]);
      if (entry.doubt === undefined) open = subtractSets(open, own);
    }
  }
  return left;
}

/** Whether what follows an entry decides about its points as it does. */
function decidesSame(
  { address, points }: Open,
  { action }: AclEntry,
  { later, family }: { readonly later: readonly AclEntry[]; readonly family: Family },
): boolean {
  let open = points;
  for (const entry of later) {
    if (!cidrContains(entry.cidr, address)) continue;
    const own = [...trafficInterval(entry.traffic, family)];
    if (entry.action !== action && intersectSets(open, own).length > 0) return false;
    if (entry.doubt === undefined) open = subtractSets(open, own);
  }
  return action === 'deny' || open.length === 0;
}

/** The entries that take everything from another: one that alone does where there is one. */
function shadersOf(entry: AclEntry, entries: readonly AclEntry[], family: Family): readonly AclEntry[] {
  const before = entries.filter(
    (one) => one.number < entry.number && one.doubt === undefined && overlaps(one, entry, family),
  );
  const [from, to] = trafficInterval(entry.traffic, family);
  const single = before.find((one) => {
    const [first, last] = trafficInterval(one.traffic, family);
    return cidrCovers(one.cidr, entry.cidr) && first <= from && last >= to;
  });
  return single === undefined ? before : [single];
}

function overlaps(one: AclEntry, other: AclEntry, family: Family): boolean {
  const [from, to] = trafficInterval(one.traffic, family);
  const [first, last] = trafficInterval(other.traffic, family);
  return from <= last && to >= first && (cidrCovers(one.cidr, other.cidr) || cidrCovers(other.cidr, one.cidr));
}

function idleFinding(world: World, acl: NetworkAcl, { entry, why, by }: Idle): Finding {
  const isContrary = why === 'shadowed' && by.some(({ action }) => action !== entry.action);
  const numbers = by.map(({ number }) => String(number));
  const these = numbers.length === 1 ? `entry ${numbers[0]}` : `entries ${numbers.join(', ')}`;
  const follows = numbers.length === 0 ? 'the final deny' : these;
  return finding({
    rule: why === 'shadowed' ? 'entry-shadowed' : 'entry-redundant',
    severity: isContrary ? 'warning' : 'note',
    resource: acl.id,
    label: recordLabel(world, acl.id),
    message:
      why === 'shadowed'
        ? `never decides: ${these} before it ${numbers.length === 1 ? 'takes' : 'take'} all of it${isContrary ? ', and not all by the same action' : ''}`
        : `could go: ${follows} behind it would decide the same`,
    subjects: [ruleDocument({ kind: 'entry', aclId: acl.id, entry })],
    ...resting(entry.doubt === undefined ? [] : [entry.doubt]),
    by: by.map((one) => ruleDocument({ kind: 'entry', aclId: acl.id, entry: one })),
  });
}
