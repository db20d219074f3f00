import { DEFAULT_LIMITS } from '../core/model/limits.ts';
import { type RuleWeights, ruleWeights } from '../core/model/quota.ts';
import { DIRECTIONS, type Direction, type Rule, type SecurityGroup } from '../core/model/security-group.ts';
import { formatTraffic } from '../core/net/traffic.ts';
import { getRecord, indexedIds, type World } from '../core/model/world.ts';
import { nameOf } from './names.ts';
import { enisOf } from './place.ts';
import { type MemberReport, memberReport, type RuleReport, ruleReport } from './rule-report.ts';

/** A rule of some group that names the group in question. */
export type ReferenceReport = {
  readonly group: string;
  readonly name: string | null;
  readonly rule: string;
  readonly direction: Direction;
  readonly traffic: string;
};

/** A group: its rules with their peers expanded, who refers to it, and which interfaces carry it. */
export type GroupReport = {
  readonly version: 1;
  readonly kind: 'group';
  readonly revision: number;
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly owner: string;
  readonly vpc: { readonly id: string; readonly name: string | null };
  readonly ingress: readonly RuleReport[];
  readonly egress: readonly RuleReport[];
  readonly referencedBy: readonly ReferenceReport[];
  readonly interfaces: readonly MemberReport[];
  /** Rules by AWS's weights, for each direction and family, against the default quota; lower bounds where `unknown` names lists. */
  readonly quota: { readonly limit: number; readonly ingress: RuleWeights; readonly egress: RuleWeights };
  readonly associatedVpcs: readonly { readonly id: string; readonly state: string }[];
};

/** The report on a group. */
export function groupReport(world: World, group: SecurityGroup): GroupReport {
  const rules = (direction: Direction): readonly RuleReport[] =>
    group.rules.filter((rule) => rule.direction === direction).map((rule) => ruleReport(world, rule));
  return {
    version: 1,
    kind: 'group',
    revision: world.revision,
    id: group.id,
    name: group.name,
    description: group.description,
    owner: group.ownerId,
    vpc: { id: group.vpcId, name: nameOf(world, group.vpcId) ?? null },
    ingress: rules('ingress'),
    egress: rules('egress'),
    referencedBy: referencesTo(world, group),
    interfaces: enisOf(world, 'enisByGroup', group.id).map((eni) => memberReport(world, eni)),
    quota: {
      limit: DEFAULT_LIMITS.rulesPerGroup,
      ingress: ruleWeights(world, group, 'ingress'),
      egress: ruleWeights(world, group, 'egress'),
    },
    associatedVpcs: [...indexedIds(world, 'associationsByGroup', group.id)].flatMap((id) => {
      const association = getRecord(world, 'groupAssociations', id);
      return association === undefined ? [] : [{ id: association.vpcId, state: association.state }];
    }),
  };
}

function referencesTo(world: World, group: SecurityGroup): readonly ReferenceReport[] {
  const refers = (rule: Rule): boolean => rule.peer.kind === 'group' && rule.peer.groupId === group.id;
  return [...indexedIds(world, 'groupsByReference', group.id)].toSorted().flatMap((id) => {
    const other = getRecord(world, 'groups', id);
    if (other === undefined) return [];
    return DIRECTIONS.flatMap((direction) =>
      other.rules
        .filter((rule) => rule.direction === direction && refers(rule))
        .map((rule): ReferenceReport => ({
          group: other.id,
          name: other.name,
          rule: rule.id,
          direction,
          traffic: formatTraffic(rule.traffic),
        })),
    );
  });
}
