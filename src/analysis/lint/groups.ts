import { FAMILIES } from '../../core/net/address.ts';
import { trafficInterval } from '../../core/net/axis.ts';
import { unionSets } from '../../core/net/interval-set.ts';
import { DEFAULT_GROUP_NAME, peerText, type Rule, type SecurityGroup } from '../../core/model/security-group.ts';
import { getRecord, indexedCount, indexedIds, listRecords, type World } from '../../core/model/world.ts';
import { recordLabel } from '../names.ts';
import { ruleDocument } from '../part-documents.ts';
import { carrierDoubts, resting, ruleDoubts } from './doubts.ts';
import { counted, type Finding, finding } from './finding.ts';

/** Groups on no interface, default groups with rules, groups that are alike. `brought`: default groups that come with new VPCs, as AWS makes them. */
export function groupFindings(world: World, brought: ReadonlySet<string>): readonly Finding[] {
  const groups = [...listRecords(world, 'groups')];
  return [
    ...groups.flatMap((group) => unattached(world, group)),
    ...groups.flatMap((group) => defaultRules(world, group, brought)),
    ...duplicates(world, groups),
  ];
}

function unattached(world: World, group: SecurityGroup): readonly Finding[] {
  // The default group cannot be deleted (API DeleteSecurityGroup), so that it is unused is well.
  if (group.name === DEFAULT_GROUP_NAME || indexedCount(world, 'enisByGroup', group.id) > 0) return [];
  const references = [...indexedIds(world, 'groupsByReference', group.id)].filter((id) => id !== group.id);
  const named = references.length === 0 ? '' : `; rules of ${counted(references.length, 'other group')} name it`;
  return [
    finding({
      rule: 'group-unattached',
      severity: 'note',
      resource: group.id,
      label: recordLabel(world, group.id),
      message: `is on no interface, so its ${counted(group.rules.length, 'rule')} ${group.rules.length === 1 ? 'does' : 'do'} nothing${named}`,
      reasons: references.map((id) => `named by ${recordLabel(world, id)}`),
      ...resting(carrierDoubts(world)),
    }),
  ];
}

function defaultRules(world: World, group: SecurityGroup, brought: ReadonlySet<string>): readonly Finding[] {
  if (group.name !== DEFAULT_GROUP_NAME || group.rules.length === 0) return [];
  const members = indexedCount(world, 'enisByGroup', group.id);
  // AWS makes every VPC with these rules: of a change that nobody writes there is nothing to say before something gets them.
  if (members === 0 && brought.has(group.id)) return [];
  return [
    finding({
      rule: 'default-group-rules',
      severity: members > 0 ? 'warning' : 'note',
      resource: group.id,
      label: recordLabel(world, group.id),
      message: `is the default group of ${recordLabel(world, group.vpcId)} and has ${counted(group.rules.length, 'rule')}; ${members === 0 ? 'it is on no interface yet, but' : `it is on ${counted(members, 'interface')}, and`} what is started without a group gets it`,
      ...resting(group.rules.some(({ doubt }) => doubt === undefined) ? [] : ruleDoubts(group.rules)),
      subjects: group.rules.map((rule) => ruleDocument({ kind: 'rule', groupId: group.id, rule })),
    }),
  ];
}

/** Groups of one VPC of which each peer has the same traffic, however it is written. A group's own id stands for itself. */
function duplicates(world: World, groups: readonly SecurityGroup[]): readonly Finding[] {
  const alike = Map.groupBy(
    groups.filter(({ rules }) => rules.length > 0 && rules.every((rule) => isKnown(world, rule))),
    (group) => `${group.vpcId}\n${meaningOf(group)}`,
  );
  return [...alike.values()].flatMap((same): readonly Finding[] => {
    const [first, ...rest] = same.toSorted((a, b) => (a.id < b.id ? -1 : 1));
    if (first === undefined || rest.length === 0) return [];
    return [
      finding({
        rule: 'group-duplicate',
        severity: 'note',
        resource: first.id,
        label: recordLabel(world, first.id),
        message: `has the same rules as ${rest.map(({ id }) => recordLabel(world, id)).join(', ')}`,
        reasons: same.map(
          ({ id }) => `${recordLabel(world, id)} is on ${counted(indexedCount(world, 'enisByGroup', id), 'interface')}`,
        ),
      }),
    ];
  });
}

/** Whether it is known that a rule is there, and whom it names. */
function isKnown(world: World, { doubt, peer }: Rule): boolean {
  return (
    doubt === undefined &&
    (peer.kind !== 'prefix-list' || getRecord(world, 'prefixLists', peer.prefixListId) !== undefined)
  );
}

/** The same text for groups of which each peer has the same traffic in each direction and family. */
function meaningOf(group: SecurityGroup): string {
  const parts = new Map<string, readonly number[]>();
  for (const rule of group.rules) {
    const isSelf = rule.peer.kind === 'group' && rule.peer.groupId === group.id;
    const peer = isSelf ? 'itself' : peerText(rule.peer);
    for (const family of FAMILIES) {
      if (rule.peer.kind === 'cidr' && rule.peer.cidr.family !== family) continue;
      const key = `${rule.direction} ${family} ${peer}`;
      parts.set(key, unionSets(parts.get(key) ?? [], [...trafficInterval(rule.traffic, family)]));
    }
  }
  return [...parts]
    .map(([key, points]) => `${key} ${points.join()}`)
    .toSorted()
    .join('\n');
}
