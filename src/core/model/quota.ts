import type { Eni } from './eni.ts';
import type { GroupId, PrefixListId } from './ids.ts';
import { listWeight } from './limits.ts';
import type { Direction, SecurityGroup } from './security-group.ts';
import { getRecord, type World } from './world.ts';

/**
 * Rules counted as AWS counts them for a quota, by family. The counts are lower bounds while `unknown` names a prefix list: its rules are
 * left out, since neither its size nor, when it has no record, its family is known.
 */
export type RuleWeights = {
  readonly ipv4: number;
  readonly ipv6: number;
  readonly unknown: readonly PrefixListId[];
};

/**
 * The weight of a group's rules in one direction (V:security-group-rules). A CIDR counts 1 in its family; a prefix list its maximum size
 * or AWS's weight in its family; a group reference 1 in both, as the pages of 2018–2021 say (the present one says only "one rule").
 */
export function ruleWeights(world: World, group: SecurityGroup, direction: Direction): RuleWeights {
  const count = { ipv4: 0, ipv6: 0 };
  const unknown = new Set<PrefixListId>();
  for (const { direction: own, peer } of group.rules) {
    if (own !== direction) continue;
    if (peer.kind === 'cidr') {
      count[peer.cidr.family] += 1;
    } else if (peer.kind === 'group') {
      count.ipv4 += 1;
      count.ipv6 += 1;
    } else {
      const list = getRecord(world, 'prefixLists', peer.prefixListId);
      const weight = list === undefined ? undefined : listWeight(list);
      if (list === undefined || weight === undefined) unknown.add(peer.prefixListId);
      else count[list.family] += weight;
    }
  }
  return { ...count, unknown: [...unknown] };
}

/** Weights over all groups of an interface; groups without a record are left out and named. */
export type InterfaceWeights = RuleWeights & { readonly unknownGroups: readonly GroupId[] };

/**
 * The weight of all rules that one interface has in a direction. AWS bounds the product of two quotas (rules per group × groups per
 * interface ≤ 1000, `limitFaults`); what that bounds in a world is this sum, so it is what `rule-product` compares with the product.
 */
export function interfaceWeights(world: World, eni: Eni, direction: Direction): InterfaceWeights {
  const count = { ipv4: 0, ipv6: 0 };
  const unknown = new Set<PrefixListId>();
  const unknownGroups: GroupId[] = [];
  for (const groupId of new Set(eni.groups)) {
    const group = getRecord(world, 'groups', groupId);
    if (group === undefined) {
      unknownGroups.push(groupId);
      continue;
    }
    const weights = ruleWeights(world, group, direction);
    count.ipv4 += weights.ipv4;
    count.ipv6 += weights.ipv6;
    for (const list of weights.unknown) unknown.add(list);
  }
  return { ...count, unknown: [...unknown], unknownGroups };
}
