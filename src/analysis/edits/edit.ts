import { formatCidr } from '../../core/net/cidr.ts';
import { formatTraffic } from '../../core/net/traffic.ts';
import { type Change, recordChange, squashChanges } from '../../core/model/change.ts';
import { type AclId, asId, type EniId, type GroupId, type RouteTableId, type RuleId } from '../../core/model/ids.ts';
import { type AclEntry, sortEntries } from '../../core/model/network-acl.ts';
import { type Route, targetText } from '../../core/model/route-table.ts';
import { peerText, type Rule } from '../../core/model/security-group.ts';
import { applyChange, getRecord, type World } from '../../core/model/world.ts';

/** A change that people make by one call; `remove-rules` by as many as there are groups. */
export type WorldEdit =
  | { readonly kind: 'add-rule'; readonly groupId: GroupId; readonly rule: Omit<Rule, 'id'> }
  | { readonly kind: 'remove-rules'; readonly rules: readonly { readonly groupId: GroupId; readonly ruleId: RuleId }[] }
  | { readonly kind: 'join-group' | 'leave-group'; readonly eniId: EniId; readonly groupId: GroupId }
  | { readonly kind: 'add-entry'; readonly aclId: AclId; readonly entry: AclEntry }
  | { readonly kind: 'add-route'; readonly routeTableId: RouteTableId; readonly route: Route };

/** The stable form of an edit. */
export type EditDocument =
  | {
      readonly kind: 'add-rule';
      readonly group: string;
      readonly direction: string;
      readonly traffic: string;
      readonly peer: string;
    }
  | { readonly kind: 'remove-rules'; readonly rules: readonly { readonly group: string; readonly rule: string }[] }
  | { readonly kind: 'join-group' | 'leave-group'; readonly eni: string; readonly group: string }
  | {
      readonly kind: 'add-entry';
      readonly acl: string;
      readonly direction: string;
      readonly number: number;
      readonly action: string;
      readonly traffic: string;
      readonly cidr: string;
    }
  | { readonly kind: 'add-route'; readonly routeTable: string; readonly destination: string; readonly target: string };

/** An edit as its document. */
export function editDocument(edit: WorldEdit): EditDocument {
  switch (edit.kind) {
    case 'add-rule': {
      const { direction, traffic, peer } = edit.rule;
      return { kind: edit.kind, group: edit.groupId, direction, traffic: formatTraffic(traffic), peer: peerText(peer) };
    }
    case 'remove-rules':
      return { kind: edit.kind, rules: edit.rules.map(({ groupId, ruleId }) => ({ group: groupId, rule: ruleId })) };
    case 'join-group':
    case 'leave-group':
      return { kind: edit.kind, eni: edit.eniId, group: edit.groupId };
    case 'add-entry': {
      const { direction, number, action, traffic, cidr } = edit.entry;
      const text = { traffic: formatTraffic(traffic), cidr: formatCidr(cidr) };
      return { kind: edit.kind, acl: edit.aclId, direction, number, action, ...text };
    }
    case 'add-route': {
      const { destination, target } = edit.route;
      const text = destination.kind === 'cidr' ? formatCidr(destination.cidr) : destination.prefixListId;
      return { kind: edit.kind, routeTable: edit.routeTableId, destination: text, target: targetText(target) };
    }
  }
}

/** The world after edits, in order. An edit of what the world does not have changes nothing. */
export function withEdits(world: World, edits: readonly WorldEdit[]): World {
  return edits.reduce((now, edit) => {
    const change = changeOf(now, edit);
    return change === undefined ? now : applyChange(now, change);
  }, world);
}

function changeOf(world: World, edit: WorldEdit): Change | undefined {
  switch (edit.kind) {
    case 'add-rule': {
      const group = getRecord(world, 'groups', edit.groupId);
      if (group === undefined) return undefined;
      const rule = { ...edit.rule, id: freeRuleId(group.rules) };
      return recordChange('groups', group, { ...group, rules: [...group.rules, rule] });
    }
    case 'remove-rules':
      return [...Map.groupBy(edit.rules, ({ groupId }) => groupId)]
        .flatMap(([groupId, removed]) => {
          const group = getRecord(world, 'groups', groupId);
          const gone = new Set(removed.map(({ ruleId }) => ruleId));
          const rules = group?.rules.filter(({ id }) => !gone.has(id)) ?? [];
          return group === undefined ? [] : [recordChange('groups', group, { ...group, rules })];
        })
        .reduce<Change | undefined>((all, one) => (all === undefined ? one : squashChanges(all, one)), undefined);
    case 'join-group':
    case 'leave-group': {
      const eni = getRecord(world, 'enis', edit.eniId);
      if (eni === undefined) return undefined;
      const others = eni.groups.filter((id) => id !== edit.groupId);
      return recordChange('enis', eni, {
        ...eni,
        groups: edit.kind === 'join-group' ? [...others, edit.groupId] : others,
      });
    }
    case 'add-entry': {
      const acl = getRecord(world, 'acls', edit.aclId);
      return acl === undefined
        ? undefined
        : recordChange('acls', acl, { ...acl, entries: sortEntries([...acl.entries, edit.entry]) });
    }
    case 'add-route': {
      const table = getRecord(world, 'routeTables', edit.routeTableId);
      return table === undefined
        ? undefined
        : recordChange('routeTables', table, { ...table, routes: [...table.routes, edit.route] });
    }
  }
}

function freeRuleId(rules: readonly Rule[]): RuleId {
  const taken = new Set<string>(rules.map(({ id }) => id));
  let number = 1;
  while (taken.has(`sgr-new-${number}`)) number += 1;
  return asId(`sgr-new-${number}`);
}
