import { cidrContains } from '../net/cidr.ts';
import { trafficInterval } from '../net/axis.ts';
import { unreachable } from '../net/result.ts';
import { type Eni, isUnfiltered } from '../model/eni.ts';
import type { GroupId } from '../model/ids.ts';
import type { AclEntry, NetworkAcl } from '../model/network-acl.ts';
import type { Direction, Peer, Rule, SecurityGroup } from '../model/security-group.ts';
import { getRecord, type World } from '../model/world.ts';
import type { PeerSight } from './path.ts';
import type { UnknownReason } from './verdict.ts';

/** Whether a rule's peer is the one in sight; `unknown` names what would have to be known. */
export type PeerMatch = 'yes' | 'no' | { readonly reason: UnknownReason; readonly unknown: string };

/** One rule of one of the groups on an interface, with its relation to the peer in sight. */
export type SightedRule = {
  readonly groupId: GroupId;
  readonly rule: Rule;
  readonly peer: PeerMatch;
  readonly from: number;
  readonly to: number;
};

/** All rules of an interface in a direction, united over its groups, and the groups whose rules are not known. */
export type SightedRules = {
  readonly rules: readonly SightedRule[];
  readonly unknownGroups: readonly string[];
  readonly unfiltered: boolean;
};

/** The rules of an interface as one packet's peer meets them. */
export function sightRules(
  world: World,
  eni: Eni,
  options: { readonly direction: Direction; readonly peer: PeerSight },
): SightedRules {
  const { direction, peer } = options;
  const rules: SightedRule[] = [];
  const unknownGroups: string[] = eni.groups.length === 0 && !isUnfiltered(eni) ? [eni.id] : [];
  for (const id of eni.groups) {
    const group: SecurityGroup | undefined = getRecord(world, 'groups', id);
    if (group === undefined) {
      unknownGroups.push(id);
      continue;
    }
    for (const rule of group.rules) {
      if (rule.direction !== direction) continue;
      const [from, to] = trafficInterval(rule.traffic, peer.address.family);
      rules.push({ groupId: id, rule, peer: matchPeer(world, rule.peer, peer), from, to });
    }
  }
  return { rules, unknownGroups, unfiltered: isUnfiltered(eni) };
}

/** Whether the peer of a rule is the one in sight. A CIDR or list never matches across families. */
export function matchPeer(world: World, peer: Peer, sight: PeerSight): PeerMatch {
  switch (peer.kind) {
    case 'cidr':
      return cidrContains(peer.cidr, sight.address) ? 'yes' : 'no';
    case 'prefix-list': {
      const list = getRecord(world, 'prefixLists', peer.prefixListId);
      if (list !== undefined && list.family !== sight.address.family) return 'no';
      if (list?.entries === undefined) return { reason: 'unknown-prefix-list', unknown: peer.prefixListId };
      return list.entries.some((entry) => cidrContains(entry.cidr, sight.address)) ? 'yes' : 'no';
    }
    case 'group':
      if (sight.eni !== undefined) return sight.eni.groups.includes(peer.groupId) ? 'yes' : 'no';
      return sight.end === 'known' ? 'no' : { reason: 'unknown-interface', unknown: peer.groupId };
    default:
      return unreachable(peer);
  }
}

/** The entries of a NACL that can meet a packet of the direction, in the order in which they are tried. */
export function orderedEntries(acl: NetworkAcl, direction: Direction): readonly AclEntry[] {
  return acl.entries.filter((entry) => entry.direction === direction);
}
