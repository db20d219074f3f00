import { FAMILIES } from '../../core/net/address.ts';
import type { Eni } from '../../core/model/eni.ts';
import { type Limits, listWeight } from '../../core/model/limits.ts';
import { interfaceWeights, type RuleWeights, ruleWeights } from '../../core/model/quota.ts';
import { type Direction, DIRECTIONS, type SecurityGroup } from '../../core/model/security-group.ts';
import { getRecord, listRecords, type World } from '../../core/model/world.ts';
import { eniLabel, recordLabel } from '../names.ts';
import { familyName } from '../question.ts';
import { resting, ruleDoubts } from './doubts.ts';
import { counted, type Finding, finding } from './finding.ts';

/** From this part of a quota on there is little left: the next rules are refused. */
const PRESSURE = 0.9;

type Pressed = {
  readonly used: number;
  readonly limit: number;
  readonly what: string;
  /** What would have to be known for all of it to be there. */
  readonly doubts: readonly string[];
};

/** Groups, interfaces and NACLs that are near a quota or above it, counted as AWS counts. */
export function quotaFindings(world: World, limits: Limits): readonly Finding[] {
  return [
    ...[...listRecords(world, 'groups')].flatMap((group) => groupPressure(world, group, limits)),
    ...interfacePressure(world, limits),
    ...[...listRecords(world, 'acls')].flatMap((acl) =>
      DIRECTIONS.flatMap((direction) =>
        FAMILIES.flatMap((family) => {
          const own = acl.entries.filter((one) => one.direction === direction && one.cidr.family === family);
          const what = `${direction} entries of ${familyName(family)}`;
          return pressed(world, 'quota-entries', acl.id, {
            used: own.length,
            limit: limits.entriesPerAcl,
            what,
            doubts: own.flatMap(({ doubt }) => doubt ?? []),
          });
        }),
      ),
    ),
  ];
}

function groupPressure(world: World, group: SecurityGroup, limits: Limits): readonly Finding[] {
  return DIRECTIONS.flatMap((direction) => {
    const weights = ruleWeights(world, group, direction);
    return FAMILIES.flatMap((family) =>
      pressed(
        world,
        'quota-rules',
        group.id,
        {
          used: weights[family],
          limit: limits.rulesPerGroup,
          what: `${direction} rules of ${familyName(family)}`,
          doubts: ruleDoubts(group.rules),
        },
        [...listReasons(world, [group], direction), ...unknownReasons(world, weights)],
      ),
    );
  });
}

/** By combination of groups: interfaces with the same groups have the same weight. */
function interfacePressure(world: World, limits: Limits): readonly Finding[] {
  const alike = Map.groupBy(
    [...listRecords(world, 'enis')].filter(({ groups }) => groups.length > 0),
    ({ groups }) => [...new Set(groups)].toSorted().join('+'),
  );
  return [...alike].flatMap(([key, enis]): readonly Finding[] => {
    const [eni] = enis;
    if (eni === undefined) return [];
    const reasons = interfaceReasons(world, enis);
    const count = new Set(eni.groups).size;
    const groups = [...new Set(eni.groups)].flatMap((id) => getRecord(world, 'groups', id) ?? []);
    return [
      // To have all the groups that one may have is no pressure; to have more is only possible where AWS raised the quota.
      ...(count > limits.groupsPerEni
        ? pressed(
            world,
            'quota-interface',
            key,
            { used: count, limit: limits.groupsPerEni, what: 'groups', doubts: [] },
            reasons,
          )
        : []),
      ...DIRECTIONS.flatMap((direction) => {
        const weights = interfaceWeights(world, eni, direction);
        return FAMILIES.flatMap((family) =>
          pressed(
            world,
            'quota-interface',
            key,
            {
              used: weights[family],
              limit: limits.rulesTimesGroups,
              what: `${direction} rules of ${familyName(family)} over all groups`,
              doubts: ruleDoubts(groups.flatMap(({ rules }) => rules)),
            },
            [...reasons, ...listReasons(world, groups, direction), ...unknownReasons(world, weights)],
          ),
        );
      }),
    ];
  });
}

function pressed(
  world: World,
  rule: 'quota-rules' | 'quota-interface' | 'quota-entries',
  resource: string,
  { used, limit, what, doubts }: Pressed,
  reasons: readonly string[] = [],
): readonly Finding[] {
  if (used < limit * PRESSURE) return [];
  const label = resource
    .split('+')
    .map((id) => recordLabel(world, id))
    .join(' + ');
  const left = used > limit ? `${used - limit} more than the quota` : `${limit - used} left`;
  return [
    finding({
      rule,
      severity: used > limit ? 'error' : 'warning',
      resource,
      label,
      message: `${used} of ${limit} ${what}: ${left}`,
      reasons,
      ...resting([...new Set(doubts)]),
    }),
  ];
}

/** Lists weigh what they may hold, not what they hold (V:working-with-aws-managed-prefix-lists): told where that matters. */
function listReasons(world: World, groups: readonly SecurityGroup[], direction: Direction): readonly string[] {
  const ids = groups.flatMap(({ rules }) =>
    rules.flatMap(({ direction: own, peer }) =>
      own === direction && peer.kind === 'prefix-list' ? [peer.prefixListId] : [],
    ),
  );
  return [...new Set(ids)].flatMap((id) => {
    const list = getRecord(world, 'prefixLists', id);
    const weight = list === undefined ? undefined : listWeight(list);
    if (list?.entries === undefined || weight === undefined || weight <= list.entries.length) return [];
    return [
      `each rule with ${recordLabel(world, id)} counts ${weight}, its maximum, though it has ${counted(list.entries.length, 'entry').replace('entrys', 'entries')}`,
    ];
  });
}

function unknownReasons(world: World, { unknown }: RuleWeights): readonly string[] {
  return unknown.map((id) => `the weight of ${recordLabel(world, id)} is not known: it comes on top`);
}

function interfaceReasons(world: World, enis: readonly Eni[]): readonly string[] {
  const [first] = enis;
  if (first === undefined) return [];
  const more = enis.length === 1 ? '' : ` and ${counted(enis.length - 1, 'more interface')}`;
  return [`on ${eniLabel(world, first)}${more}`];
}
