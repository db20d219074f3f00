import { type Family, FAMILIES, formatAddress } from '../core/net/address.ts';
import { anyCidr, formatCidr, sameCidr } from '../core/net/cidr.ts';
import { formatTraffic, type Traffic } from '../core/net/traffic.ts';
import type { Eni } from '../core/model/eni.ts';
import { type Direction, DIRECTIONS, type Peer, peerText, type Rule } from '../core/model/security-group.ts';
import { getRecord, type World } from '../core/model/world.ts';
import { eniName, nameOf } from './names.ts';
import { enisOf } from './place.ts';

/** An interface in a report. */
export type MemberReport = {
  readonly eni: string;
  readonly instance: string | null;
  readonly name: string | null;
  readonly description: string;
  /** Private addresses and delegated prefixes. */
  readonly addresses: readonly string[];
  readonly publicAddresses: readonly string[];
};

/** What a rule's peer stands for today; `isKnown` is false where the world does not hold it. */
export type PeerReport =
  | { readonly kind: 'cidr'; readonly cidr: string }
  | {
      readonly kind: 'prefix-list';
      readonly id: string;
      readonly name: string | null;
      readonly isKnown: boolean;
      readonly entries: readonly { readonly cidr: string; readonly description: string | null }[];
    }
  | {
      readonly kind: 'group';
      readonly id: string;
      readonly name: string | null;
      readonly isKnown: boolean;
      readonly members: readonly MemberReport[];
    };

/** One rule with its peer expanded. */
export type RuleReport = {
  readonly id: string;
  readonly direction: Direction;
  readonly traffic: string;
  readonly peer: PeerReport;
  readonly description: string | null;
  /** What is not known of which it depends whether the rule is there, or is so; null: it is. */
  readonly doubt: string | null;
};

/** Flows that an interface does not track, and the rules that make it so: the one that admits, and those that are open the other way. */
export type UntrackedReport = {
  readonly family: Family;
  readonly direction: Direction;
  readonly protocol: 'tcp' | 'udp';
  readonly admittedBy: readonly string[];
  readonly openBy: readonly string[];
};

/** A rule as its report. */
export function ruleReport(world: World, rule: Rule): RuleReport {
  return {
    id: rule.id,
    direction: rule.direction,
    traffic: formatTraffic(rule.traffic),
    peer: peerReport(world, rule.peer),
    description: rule.description ?? null,
    doubt: rule.doubt ?? null,
  };
}

/** An interface as its report. */
export function memberReport(world: World, eni: Eni): MemberReport {
  return {
    eni: eni.id,
    instance: eni.attachment?.instanceId ?? null,
    name: eniName(world, eni) ?? null,
    description: eni.description,
    addresses: [...eni.addresses.map((own) => formatAddress(own.address)), ...eni.prefixes.map(formatCidr)],
    publicAddresses: eni.addresses.flatMap((own) =>
      own.public === undefined ? [] : [formatAddress(own.public.address)],
    ),
  };
}

/**
 * Flows of TCP and UDP that leave no entry: a rule admits the first packet from or to any address, and the other direction admits every
 * port to or from any address of the family (E2:security-group-connection-tracking). Such flows end when one of the rules goes.
 */
export function untrackedFlows(rules: readonly Rule[]): readonly UntrackedReport[] {
  return FAMILIES.flatMap((family) =>
    DIRECTIONS.flatMap((direction) =>
      (['tcp', 'udp'] as const).flatMap((protocol): readonly UntrackedReport[] => {
        const open = rules.filter((rule) => isAnyPeer(rule.peer, family) && carries(rule.traffic, protocol));
        const admitting = open.filter((rule) => rule.direction === direction);
        const back = open.filter((rule) => rule.direction !== direction && isAllPorts(rule.traffic));
        if (admitting.length === 0 || back.length === 0) return [];
        return [
          {
            family,
            direction,
            protocol,
            admittedBy: admitting.map((rule) => rule.id),
            openBy: back.map((rule) => rule.id),
          },
        ];
      }),
    ),
  );
}

function peerReport(world: World, peer: Peer): PeerReport {
  if (peer.kind === 'cidr') return { kind: 'cidr', cidr: peerText(peer) };
  if (peer.kind === 'prefix-list') {
    const entries = getRecord(world, 'prefixLists', peer.prefixListId)?.entries;
    return {
      kind: 'prefix-list',
      id: peer.prefixListId,
      name: nameOf(world, peer.prefixListId) ?? null,
      isKnown: entries !== undefined,
      entries: (entries ?? []).map((entry) => ({
        cidr: formatCidr(entry.cidr),
        description: entry.description ?? null,
      })),
    };
  }
  return {
    kind: 'group',
    id: peer.groupId,
    name: nameOf(world, peer.groupId) ?? null,
    isKnown: getRecord(world, 'groups', peer.groupId) !== undefined,
    members: enisOf(world, 'enisByGroup', peer.groupId).map((eni) => memberReport(world, eni)),
  };
}

function isAnyPeer(peer: Peer, family: Family): boolean {
  return peer.kind === 'cidr' && peer.cidr.family === family && sameCidr(peer.cidr, anyCidr(family));
}

function carries(traffic: Traffic, protocol: 'tcp' | 'udp'): boolean {
  return traffic.kind === 'all' || traffic.kind === protocol;
}

function isAllPorts(traffic: Traffic): boolean {
  return traffic.kind === 'all' || ('ports' in traffic && traffic.ports.from === 0 && traffic.ports.to === 65_535);
}
