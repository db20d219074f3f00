import { fail, ok, type Result } from '../core/net/result.ts';
import { sameTraffic } from '../core/net/traffic.ts';
import { applyChange, getRecord, listRecords, type World } from '../core/model/world.ts';
import { type Change, recordChange, squashChanges } from '../core/model/change.ts';
import type { Eni } from '../core/model/eni.ts';
import { asId, type GroupId } from '../core/model/ids.ts';
import { sortEntries } from '../core/model/network-acl.ts';
import type { Kind, Records } from '../core/model/records.ts';
import { type Peer, peerText, type Rule } from '../core/model/security-group.ts';
import type { Tags } from '../core/model/tag.ts';
import type { ScenarioChange, ScenarioPeer } from '../core/track/scenario.ts';
import { findEni, findGroup, findSubnet } from './lookup.ts';
import { nameOf } from './names.ts';
import { suggestNames } from './suggest.ts';

/** What is wrong with a step of a scenario, and what may have been meant. */
export type ScenarioFault = { readonly message: string; readonly suggestions: readonly string[] };

/** The world after a change of a scenario. Errors: a name that the world does not have, a rule that is not there to revoke. */
export function applyScenarioChange(world: World, change: ScenarioChange): Result<World, ScenarioFault> {
  const made = changeFor(world, change);
  return made.ok ? ok(applyChange(world, made.value)) : made;
}

type Made = Result<Change, ScenarioFault>;

function changeFor(world: World, change: ScenarioChange): Made {
  switch (change.kind) {
    case 'authorize':
    case 'revoke':
      return ruleChange(world, change);
    case 'set-groups':
      return updateEni(world, change.interface, (eni) => {
        const groups = groupIds(world, change.groups);
        return groups.ok ? ok({ ...eni, groups: groups.value }) : groups;
      });
    case 'set-timeouts':
      return updateEni(world, change.interface, (eni) => ok({ ...eni, timeouts: change.timeouts }));
    case 'set-entry':
    case 'remove-entry':
      return entryChange(world, change);
    case 'set-prefix-list':
      return update(world, { kind: 'prefixLists', text: change.list, what: 'prefix list' }, (list) => ({
        ...list,
        entries: change.entries.map((cidr) => ({ cidr })),
      }));
    case 'set-peering':
      return update(world, { kind: 'peerings', text: change.peering, what: 'peering connection' }, (peering) => ({
        ...peering,
        status: change.status,
      }));
    case 'add-interface':
      return addInterface(world, change);
    case 'remove-interface': {
      const eni = findEni(world, change.interface);
      return eni.ok ? ok(recordChange('enis', eni.value, undefined)) : eni;
    }
  }
}

function ruleChange(world: World, change: Extract<ScenarioChange, { kind: 'authorize' | 'revoke' }>): Made {
  const group = findGroup(world, change.group);
  if (!group.ok) return group;
  const peer = peerOf(world, change.peer);
  if (!peer.ok) return peer;
  const { direction, traffic } = change;
  const isSame = (rule: Rule): boolean =>
    rule.direction === direction && sameTraffic(rule.traffic, traffic) && peerText(rule.peer) === peerText(peer.value);
  const { rules } = group.value;
  const exists = rules.some(isSame);
  if (change.kind === 'revoke') {
    // AWS matches a rule whole or not at all (API RevokeSecurityGroupIngress).
    if (!exists) return fault(`${group.value.name} has no such ${direction} rule`);
    const rest = rules.filter((rule) => !isSame(rule));
    return ok(recordChange('groups', group.value, { ...group.value, rules: rest }));
  }
  if (exists) return fault(`${group.value.name} has this ${direction} rule already`);
  const id = freeRuleId(rules);
  const rule: Rule = { id: asId(id), direction, traffic, peer: peer.value, tags: [] };
  return ok(recordChange('groups', group.value, { ...group.value, rules: [...rules, rule] }));
}

function freeRuleId(rules: readonly Rule[]): string {
  const taken = new Set<string>(rules.map((rule) => rule.id));
  let number = 1;
  while (taken.has(`sgr-scenario-${number}`)) number += 1;
  return `sgr-scenario-${number}`;
}

function peerOf(world: World, peer: ScenarioPeer): Result<Peer, ScenarioFault> {
  switch (peer.kind) {
    case 'cidr':
      return ok(peer);
    case 'group': {
      const group = findGroup(world, peer.name);
      return group.ok ? ok({ kind: 'group', groupId: group.value.id }) : group;
    }
    case 'prefix-list': {
      const list = find(world, { kind: 'prefixLists', text: peer.name, what: 'prefix list' });
      return list.ok ? ok({ kind: 'prefix-list', prefixListId: list.value.id }) : list;
    }
  }
}

function entryChange(world: World, change: Extract<ScenarioChange, { kind: 'set-entry' | 'remove-entry' }>): Made {
  const acl = find(world, { kind: 'acls', text: change.acl, what: 'network ACL' });
  if (!acl.ok) return acl;
  const { number, direction } = change.kind === 'set-entry' ? change.entry : change;
  const others = acl.value.entries.filter((entry) => entry.number !== number || entry.direction !== direction);
  if (change.kind === 'remove-entry' && others.length === acl.value.entries.length)
    return fault(`${acl.value.id} has no ${direction} entry ${number}`);
  const entries = change.kind === 'set-entry' ? sortEntries([...others, change.entry]) : others;
  return ok(recordChange('acls', acl.value, { ...acl.value, entries }));
}

function addInterface(world: World, change: Extract<ScenarioChange, { kind: 'add-interface' }>): Made {
  const subnet = findSubnet(world, change.subnet);
  if (!subnet.ok) return subnet;
  const groups = groupIds(world, change.groups);
  if (!groups.ok) return groups;
  if (getRecord(world, 'enis', change.id) !== undefined) return fault(`there is an interface ${change.id} already`);
  const { vpcId } = subnet.value;
  const tags: Tags = change.name === undefined ? [] : [{ key: 'Name', value: change.name }];
  const eni: Eni = {
    id: asId(change.id),
    vpcId,
    subnetId: subnet.value.id,
    ownerId: getRecord(world, 'vpcs', vpcId)?.ownerId ?? '',
    groups: groups.value,
    addresses: change.addresses.map((address, index) => ({ address, isPrimary: index === 0 })),
    prefixes: [],
    sourceDestCheck: true,
    interfaceType: 'interface',
    status: 'in-use',
    description: '',
    ...(change.instance === undefined ? {} : { attachment: { instanceId: asId(change.instance), deviceIndex: 0 } }),
    timeouts: {},
    tags,
  };
  const added = recordChange('enis', undefined, eni);
  if (change.instance === undefined || getRecord(world, 'instances', change.instance) !== undefined) return ok(added);
  const instance = { id: asId<Records['instances']['id']>(change.instance), state: 'running', tags };
  return ok(squashChanges(added, recordChange('instances', undefined, instance)));
}

function updateEni(world: World, text: string, edit: (eni: Eni) => Result<Eni, ScenarioFault>): Made {
  const eni = findEni(world, text);
  if (!eni.ok) return eni;
  const edited = edit(eni.value);
  return edited.ok ? ok(recordChange('enis', eni.value, edited.value)) : edited;
}

type Search<K extends Kind> = { readonly kind: K; readonly text: string; readonly what: string };

function update<K extends Kind>(world: World, search: Search<K>, edit: (record: Records[K]) => Records[K]): Made {
  const found = find(world, search);
  return found.ok ? ok(recordChange(search.kind, found.value, edit(found.value))) : found;
}

/** The record of a kind by id, or the only one of a name. */
function find<K extends Kind>(world: World, { kind, text, what }: Search<K>): Result<Records[K], ScenarioFault> {
  const own = getRecord(world, kind, text);
  if (own !== undefined) return ok(own);
  const all = [...listRecords(world, kind)];
  const named = all.filter((record) => nameOf(world, record.id) === text);
  const [first] = named;
  if (first !== undefined && named.length === 1) return ok(first);
  const names = all.flatMap((record) => [record.id, nameOf(world, record.id) ?? record.id]);
  return named.length > 1
    ? fail({ message: `${named.length} ${what}s are called ${JSON.stringify(text)}: say which by id`, suggestions: [] })
    : fail({ message: `no ${what} is called ${JSON.stringify(text)}`, suggestions: suggestNames(text, names) });
}

function groupIds(world: World, names: readonly string[]): Result<readonly GroupId[], ScenarioFault> {
  const ids: GroupId[] = [];
  for (const name of names) {
    const group = findGroup(world, name);
    if (!group.ok) return group;
    ids.push(group.value.id);
  }
  return ok(ids);
}

function fault(message: string): { readonly ok: false; readonly error: ScenarioFault } {
  return fail({ message, suggestions: [] });
}
