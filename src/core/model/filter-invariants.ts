import { FAMILIES } from '../net/address.ts';
import { formatCidr } from '../net/cidr.ts';
import { type Eni, isUnfiltered } from './eni.ts';
import { AWS_OWNER, type Limits } from './limits.ts';
import { type AclEntry, ENTRY_NUMBERS, type NetworkAcl } from './network-acl.ts';
import type { PrefixList } from './prefix-list.ts';
import { interfaceWeights, ruleWeights } from './quota.ts';
import {
  DEFAULT_GROUP_NAME,
  type Direction,
  DIRECTIONS,
  type GroupAssociation,
  type Rule,
  ruleIdentity,
  type SecurityGroup,
} from './security-group.ts';
import type { RecordRef, Violation } from './violation.ts';
import { getRecord, indexedIds, listRecords, type World } from './world.ts';

/** Where a world breaks the invariants of filters: groups and who carries them, NACLs, prefix lists. */
export function* filterViolations(world: World, limits: Limits): Generator<Violation, void, undefined> {
  for (const group of listRecords(world, 'groups')) yield* groupViolations(world, group, limits);
  yield* defaultGroupViolations(world);
  for (const association of listRecords(world, 'groupAssociations')) yield* associationViolations(world, association);
  const sums = new Map<string, readonly string[]>();
  for (const eni of listRecords(world, 'enis')) {
    yield* carrierViolations(world, eni, limits);
    yield* productViolations(world, eni, { limits, sums });
  }
  for (const acl of listRecords(world, 'acls')) yield* aclViolations(acl, limits);
  for (const list of listRecords(world, 'prefixLists')) yield* listViolations(list, limits);
}

function* groupViolations(world: World, group: SecurityGroup, limits: Limits): Generator<Violation, void, undefined> {
  const records: readonly RecordRef[] = [{ kind: 'groups', id: group.id }];
  for (const direction of DIRECTIONS) {
    const weights = ruleWeights(world, group, direction);
    for (const family of FAMILIES) {
      if (weights[family] <= limits.rulesPerGroup) continue;
      const message = `${group.id} has ${family} ${direction} rules of weight ${weights[family]}, more than ${limits.rulesPerGroup}`;
      yield { name: 'rules-limit', records, message };
    }
  }
  const seen = new Map<string, Rule>();
  for (const rule of group.rules) {
    const identity = ruleIdentity(rule);
    const first = seen.get(identity);
    if (first === undefined) seen.set(identity, rule);
    else
      yield {
        name: 'duplicate-rule',
        records,
        message: `${group.id} has "${identity}" as ${first.id} and as ${rule.id}`,
      };
  }
}

function* defaultGroupViolations(world: World): Generator<Violation, void, undefined> {
  const defaults = [...listRecords(world, 'groups')].filter(isDefaultGroup);
  for (const [vpcId, groups] of Map.groupBy(defaults, (group) => group.vpcId)) {
    if (groups.length < 2) continue;
    const ids = groups.map((group) => group.id).toSorted();
    yield {
      name: 'second-default-group',
      records: ids.map((id) => ({ kind: 'groups', id })),
      message: `${vpcId} has the default groups ${ids.join(' and ')}`,
    };
  }
}

/** Names are unique within a VPC whatever their case (V:vpc-security-groups). */
function isDefaultGroup(group: SecurityGroup): boolean {
  return group.name.toLowerCase() === DEFAULT_GROUP_NAME;
}

function* associationViolations(world: World, association: GroupAssociation): Generator<Violation, void, undefined> {
  // AWS goes on listing an association that failed or is gone.
  if (association.state === 'association-failed' || association.state === 'disassociated') return;
  const records: readonly RecordRef[] = [{ kind: 'groupAssociations', id: association.id }];
  const group = getRecord(world, 'groups', association.groupId);
  if (group !== undefined && isDefaultGroup(group))
    yield {
      name: 'association-of-default',
      records,
      message: `${group.id} is a default group and associated with ${association.vpcId}`,
    };
  if (getRecord(world, 'vpcs', association.vpcId)?.isDefault === true)
    yield {
      name: 'association-of-default',
      records,
      message: `${association.groupId} is associated with the default VPC ${association.vpcId}`,
    };
}

function* carrierViolations(world: World, eni: Eni, limits: Limits): Generator<Violation, void, undefined> {
  const record: RecordRef = { kind: 'enis', id: eni.id };
  const count = new Set(eni.groups).size;
  if (count > limits.groupsPerEni)
    yield {
      name: 'groups-per-eni',
      records: [record],
      message: `${eni.id} has ${count} groups, more than ${limits.groupsPerEni}`,
    };
  if (count === 0 && !isUnfiltered(eni))
    yield {
      name: 'eni-without-group',
      records: [record],
      message: `${eni.id} has no group and is of kind "${eni.interfaceType}"`,
    };
  for (const groupId of new Set(eni.groups)) {
    const group = getRecord(world, 'groups', groupId);
    if (group === undefined || group.vpcId === eni.vpcId || mayBeAssociated(world, group, eni)) continue;
    const records: readonly RecordRef[] = [record, { kind: 'groups', id: groupId }];
    const message = `${eni.id} of ${eni.vpcId} has ${groupId} of ${group.vpcId}, which is not associated with ${eni.vpcId}`;
    yield { name: 'group-wrong-vpc', records, message };
  }
}

/** Whether the group is usable in the interface's VPC; also when the world does not know its associations. */
function mayBeAssociated(world: World, group: SecurityGroup, eni: Eni): boolean {
  if (world.missing.has('groupAssociations')) return true;
  return [...indexedIds(world, 'associationsByGroup', group.id)].some((id) => {
    const association = getRecord(world, 'groupAssociations', id);
    return association?.vpcId === eni.vpcId && association.state === 'associated';
  });
}

type ProductMemory = {
  readonly limits: Limits;
  /** What is too heavy, by the groups as text: interfaces share few combinations. */
  readonly sums: Map<string, readonly string[]>;
};

function* productViolations(world: World, eni: Eni, memory: ProductMemory): Generator<Violation, void, undefined> {
  const key = eni.groups.join(' ');
  const known = memory.sums.get(key);
  const found = known ?? heavyDirections(world, eni, memory.limits.rulesTimesGroups);
  if (known === undefined) memory.sums.set(key, found);
  for (const text of found)
    yield { name: 'rule-product', records: [{ kind: 'enis', id: eni.id }], message: `${eni.id} has ${text}` };
}

function heavyDirections(world: World, eni: Eni, most: number): readonly string[] {
  return DIRECTIONS.flatMap((direction) => {
    const weights = interfaceWeights(world, eni, direction);
    return FAMILIES.filter((family) => weights[family] > most).map(
      (family) => `${family} ${direction} rules of weight ${weights[family]} over all its groups, more than ${most}`,
    );
  });
}

function* aclViolations(acl: NetworkAcl, limits: Limits): Generator<Violation, void, undefined> {
  const records: readonly RecordRef[] = [{ kind: 'acls', id: acl.id }];
  for (const direction of DIRECTIONS) {
    const entries = acl.entries.filter((entry) => entry.direction === direction);
    yield* numberViolations(acl, direction, entries);
    for (const family of FAMILIES) {
      const count = entries.filter((entry) => entry.cidr.family === family).length;
      if (count <= limits.entriesPerAcl) continue;
      const message = `${acl.id} has ${count} ${family} ${direction} entries, more than ${limits.entriesPerAcl}`;
      yield { name: 'entry-limit', records, message };
    }
  }
}

function* numberViolations(
  acl: NetworkAcl,
  direction: Direction,
  entries: readonly AclEntry[],
): Generator<Violation, void, undefined> {
  const records: readonly RecordRef[] = [{ kind: 'acls', id: acl.id }];
  for (const [number, same] of Map.groupBy(entries, (entry) => entry.number)) {
    const { from, to } = ENTRY_NUMBERS;
    if (!Number.isInteger(number) || number < from || number > to)
      yield {
        name: 'entry-number',
        records,
        message: `${acl.id} has the ${direction} entry ${number}, not in ${from}-${to}`,
      };
    if (same.length > 1)
      yield {
        name: 'entry-duplicate',
        records,
        message: `${acl.id} has the ${direction} entry ${number} ${same.length} times`,
      };
  }
}

function* listViolations(list: PrefixList, limits: Limits): Generator<Violation, void, undefined> {
  const records: readonly RecordRef[] = [{ kind: 'prefixLists', id: list.id }];
  const entries = list.entries ?? [];
  const foreign = entries.find((entry) => entry.cidr.family !== list.family);
  if (foreign !== undefined)
    yield {
      name: 'prefix-list-family',
      records,
      message: `${list.id} is of ${list.family} and has ${formatCidr(foreign.cidr)}`,
    };
  // AWS's own lists weigh less than they have entries (S3: 1), and no published size binds them.
  if (list.ownerId === AWS_OWNER) return;
  const most = Math.min(list.weight ?? limits.entriesPerPrefixList, limits.entriesPerPrefixList);
  if (entries.length > most)
    yield { name: 'prefix-list-max', records, message: `${list.id} has ${entries.length} entries, more than ${most}` };
}
