import { formatAddress } from '../core/net/address.ts';
import { formatCidr } from '../core/net/cidr.ts';
import type { Eni } from '../core/model/eni.ts';
import { type Direction, ruleIdentity } from '../core/model/security-group.ts';
import { getRecord, type World } from '../core/model/world.ts';
import { groupsOf } from '../core/policy/match.ts';
import { eniName, nameOf } from './names.ts';
import { type RuleReport, ruleReport, type UntrackedReport, untrackedFlows } from './rule-report.ts';
import { type AclReport, aclReport, type RouteTableReport, routeTableReport } from './subnet-report.ts';

/** A rule in force on an interface, with every group that brings it. */
export type EffectiveRule = RuleReport & { readonly groups: readonly string[] };

/** An interface: its addresses, the union of its groups' rules, and what filters and routes its subnet. */
export type EniReport = {
  readonly version: 1;
  readonly kind: 'eni';
  readonly revision: number;
  readonly id: string;
  readonly name: string | null;
  readonly instance: string | null;
  readonly description: string;
  readonly type: string;
  readonly status: string;
  readonly sourceDestCheck: boolean;
  readonly addresses: readonly { readonly address: string; readonly publicAddress: string | null }[];
  readonly prefixes: readonly string[];
  readonly vpc: { readonly id: string; readonly name: string | null };
  readonly subnet: { readonly id: string; readonly name: string | null; readonly isKnown: boolean };
  readonly groups: readonly { readonly id: string; readonly name: string | null; readonly isKnown: boolean }[];
  readonly ingress: readonly EffectiveRule[];
  readonly egress: readonly EffectiveRule[];
  readonly untracked: readonly UntrackedReport[];
  readonly acl: AclReport | null;
  readonly routeTable: RouteTableReport | null;
};

/** The report on an interface. */
export function eniReport(world: World, eni: Eni): EniReport {
  const subnet = getRecord(world, 'subnets', eni.subnetId);
  const { groups } = groupsOf(world, eni);
  return {
    version: 1,
    kind: 'eni',
    revision: world.revision,
    id: eni.id,
    name: eniName(world, eni) ?? null,
    instance: eni.attachment?.instanceId ?? null,
    description: eni.description,
    type: eni.interfaceType,
    status: eni.status,
    sourceDestCheck: eni.sourceDestCheck,
    addresses: eni.addresses.map((own) => ({
      address: formatAddress(own.address),
      publicAddress: own.public === undefined ? null : formatAddress(own.public.address),
    })),
    prefixes: eni.prefixes.map(formatCidr),
    vpc: { id: eni.vpcId, name: nameOf(world, eni.vpcId) ?? null },
    subnet: { id: eni.subnetId, name: nameOf(world, eni.subnetId) ?? null, isKnown: subnet !== undefined },
    groups: eni.groups.map((id) => ({
      id,
      name: nameOf(world, id) ?? null,
      isKnown: getRecord(world, 'groups', id) !== undefined,
    })),
    ingress: effectiveRules(world, eni, 'ingress'),
    egress: effectiveRules(world, eni, 'egress'),
    untracked: untrackedFlows(groups.flatMap((group) => group.rules)),
    acl: subnet === undefined ? null : aclReport(world, subnet),
    routeTable: subnet === undefined ? null : routeTableReport(world, subnet),
  };
}

/** The union of the groups' rules; rules that are the same to AWS are one, whichever groups bring them. */
function effectiveRules(world: World, eni: Eni, direction: Direction): readonly EffectiveRule[] {
  const rules = groupsOf(world, eni).groups.flatMap((group) =>
    group.rules.filter((rule) => rule.direction === direction).map((rule) => ({ group: group.id, rule })),
  );
  return [...Map.groupBy(rules, ({ rule }) => ruleIdentity(rule)).values()].flatMap((same) => {
    const [first] = same;
    return first === undefined ? [] : [{ ...ruleReport(world, first.rule), groups: same.map(({ group }) => group) }];
  });
}
