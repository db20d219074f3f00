// Security groups and network ACLs as sets of packets, written from what AWS documents of them.
import { type Address, formatAddress } from '../../../src/core/net/address.ts';
import { type Cidr, hostCidr } from '../../../src/core/net/cidr.ts';
import { ALL_TRAFFIC, formatTraffic } from '../../../src/core/net/traffic.ts';
import type { Eni } from '../../../src/core/model/eni.ts';
import type { EniId, GroupId, SubnetId, VpcId } from '../../../src/core/model/ids.ts';
import type { AclEntry, NetworkAcl } from '../../../src/core/model/network-acl.ts';
import type { Direction, Rule } from '../../../src/core/model/security-group.ts';
import { getRecord, listRecords, type World } from '../../../src/core/model/world.ts';
import { ALWAYS, type Bdd, NEVER } from './diagrams.ts';
import { ANY_ZONE, type PacketBits, type View, ZONES } from './packet-bits.ts';

/** What passes for certain, and what may pass. */
export type Bounds = { readonly sure: Bdd; readonly possible: Bdd };

export const PASSES: Bounds = { sure: ALWAYS, possible: ALWAYS };
export const REFUSES: Bounds = { sure: NEVER, possible: NEVER };
export const UNKNOWN: Bounds = { sure: NEVER, possible: ALWAYS };

/** How a filter is asked of one other end. */
export type Seen = { readonly direction: Direction; readonly view: View; readonly address: Address };

/** Kinds of interface that AWS runs without groups. */
const WITHOUT_GROUPS: ReadonlySet<string> = new Set([
  'nat_gateway',
  'network_load_balancer',
  'gateway_load_balancer',
  'gateway_load_balancer_endpoint',
  'transit_gateway',
]);

/** The filters of one world in one family, each made once. */
export class FilterSets {
  readonly bits: PacketBits;
  readonly #world: World;
  readonly #zones: ReadonlyMap<VpcId, number>;
  readonly #members: ReadonlyMap<GroupId, readonly Eni[]>;
  readonly #memberSets = new Map<GroupId, Bdd>();
  readonly #groups = new Map<string, Bounds>();
  readonly #acls = new Map<string, Bdd>();
  readonly #ofOne = new Map<string, Bounds>();

  /** `isZoned`: whether references look at the zone of the other end too; where one VPC is all, its addresses are enough. */
  constructor(world: World, bits: PacketBits, isZoned: boolean) {
    this.#world = world;
    this.bits = bits;
    const vpcs = [...new Set([...listRecords(world, 'enis')].map(({ vpcId }) => vpcId))];
    if (vpcs.length > ZONES) throw new Error(`${vpcs.length} VPCs are more than there are zones`);
    this.#zones = new Map(isZoned ? vpcs.map((id, at) => [id, at + 1]) : []);
    const members = new Map<GroupId, Eni[]>();
    for (const eni of listRecords(world, 'enis'))
      for (const id of new Set(eni.groups)) {
        const known = members.get(id);
        if (known === undefined) members.set(id, [eni]);
        else known.push(eni);
      }
    this.#members = members;
  }

  /** The zone of an interface. */
  zoneOf(id: EniId): number {
    const eni = getRecord(this.#world, 'enis', id);
    return eni === undefined ? 0 : (this.#zones.get(eni.vpcId) ?? 0);
  }

  /** What the groups of an interface let in or out, by the other end's address and zone. */
  ofEni(id: EniId, direction: Direction, view: View): Bounds {
    const eni = getRecord(this.#world, 'enis', id);
    if (eni === undefined) return UNKNOWN;
    if (eni.groups.length === 0) return WITHOUT_GROUPS.has(eni.interfaceType) ? PASSES : UNKNOWN;
    const all = eni.groups.map((group) => this.ofGroup(group, direction, view));
    const { diagrams } = this.bits;
    return {
      sure: diagrams.union(all.map(({ sure }) => sure)),
      possible: diagrams.union(all.map(({ possible }) => possible)),
    };
  }

  /** The same for one other end. */
  ofEniFor(id: EniId, seen: Seen & { readonly zone: number }): Bounds {
    const { direction, view, address, zone } = seen;
    const key = `${id} ${direction} ${view} ${formatAddress(address)} ${zone}`;
    const of = (set: Bdd): Bdd => this.bits.withZone(this.bits.withAddress(set, address), zone);
    return this.#forOne(key, () => this.ofEni(id, direction, view), of);
  }

  /** What the rules of one group admit. Of a group that the world does not show nobody knows them. */
  ofGroup(id: GroupId, direction: Direction, view: View): Bounds {
    const key = `${id} ${direction} ${view}`;
    let made = this.#groups.get(key);
    if (made === undefined) {
      const rules = getRecord(this.#world, 'groups', id)?.rules.filter((rule) => rule.direction === direction);
      made = rules === undefined ? UNKNOWN : this.#rulesSet(rules, view);
      this.#groups.set(key, made);
    }
    return made;
  }

  /** Who carries a group: by address, and by zone where there are zones. */
  members(id: GroupId): Bdd {
    let made = this.#memberSets.get(id);
    if (made === undefined) {
      const { bits } = this;
      const byZone = Map.groupBy(this.#members.get(id) ?? [], ({ vpcId }) => this.#zones.get(vpcId));
      const parts = [...byZone].map(([zone, enis]) => {
        const owned = bits.prefixes(enis.flatMap(prefixesOf));
        return zone === undefined ? owned : bits.diagrams.and(bits.zone(zone), owned);
      });
      made = bits.diagrams.union(parts);
      this.#memberSets.set(id, made);
    }
    return made;
  }

  /** What the NACL of a subnet lets in or out. */
  ofSubnet(id: SubnetId, direction: Direction, view: View): Bounds {
    const aclId = getRecord(this.#world, 'subnets', id)?.networkAcl?.aclId;
    const acl = aclId === undefined ? undefined : getRecord(this.#world, 'acls', aclId);
    if (acl === undefined) return UNKNOWN;
    const set = this.ofAcl(acl, direction, view);
    return { sure: set, possible: set };
  }

  /** The same for one other end. */
  ofSubnetFor(id: SubnetId, { direction, view, address }: Seen): Bounds {
    const key = `acl ${id} ${direction} ${view} ${formatAddress(address)}`;
    const of = (set: Bdd): Bdd => this.bits.withAddress(set, address);
    return this.#forOne(key, () => this.ofSubnet(id, direction, view), of);
  }

  /** What the entries of a NACL let pass, by the other end's address. */
  ofAcl(acl: NetworkAcl, direction: Direction, view: View): Bdd {
    const key = `${acl.id} ${direction} ${view}`;
    let made = this.#acls.get(key);
    if (made === undefined) {
      made = this.entriesSet(entriesOf(acl, direction), view, (cidr) => this.bits.prefix(cidr));
      this.#acls.set(key, made);
    }
    return made;
  }

  /** What entries let pass, in their order: the first that matches decides, and what none matches is denied. */
  entriesSet(entries: readonly AclEntry[], view: View, addresses: (cidr: Cidr) => Bdd): Bdd {
    const { diagrams } = this.bits;
    return entries.reduceRight((rest, { action, cidr, traffic }) => {
      const matched = diagrams.and(this.bits.traffic(traffic, view), addresses(cidr));
      return action === 'allow' ? diagrams.or(rest, matched) : diagrams.without(rest, matched);
    }, NEVER);
  }

  #forOne(key: string, all: () => Bounds, of: (set: Bdd) => Bdd): Bounds {
    let made = this.#ofOne.get(key);
    if (made === undefined) {
      const { sure, possible } = all();
      made = { sure: of(sure), possible: of(possible) };
      this.#ofOne.set(key, made);
    }
    return made;
  }

  /** Rules by traffic: what several let pass alike is put together as addresses first. */
  #rulesSet(rules: readonly Rule[], view: View): Bounds {
    const { diagrams } = this.bits;
    const alike = Map.groupBy(rules, ({ traffic }) => formatTraffic(traffic));
    const parts = [...alike.values()].map((some) => {
      const traffic = this.bits.traffic(some[0]?.traffic ?? ALL_TRAFFIC, view);
      const peers = some.map((rule) => this.#peerSet(rule));
      const met = (certainty: keyof Bounds): Bdd =>
        diagrams.and(traffic, diagrams.union(peers.map((peer) => peer[certainty])));
      return { sure: met('sure'), possible: met('possible') };
    });
    return {
      sure: diagrams.union(parts.map(({ sure }) => sure)),
      possible: diagrams.union(parts.map(({ possible }) => possible)),
    };
  }

  #peerSet({ peer }: Rule): Bounds {
    switch (peer.kind) {
      case 'cidr': {
        const set = this.bits.prefix(peer.cidr);
        return { sure: set, possible: set };
      }
      case 'group': {
        const members = this.members(peer.groupId);
        const hidden = this.#zones.size === 0 ? NEVER : this.bits.zone(ANY_ZONE);
        return { sure: members, possible: this.bits.diagrams.or(members, hidden) };
      }
      case 'prefix-list': {
        const list = getRecord(this.#world, 'prefixLists', peer.prefixListId);
        if (list === undefined) return UNKNOWN;
        if (list.family !== this.bits.family) return REFUSES;
        if (list.entries === undefined) return UNKNOWN;
        const set = this.bits.prefixes(list.entries.map(({ cidr }) => cidr));
        return { sure: set, possible: set };
      }
    }
  }
}

/** The entries of one direction, lowest number first. */
export function entriesOf(acl: NetworkAcl, direction: Direction): readonly AclEntry[] {
  return acl.entries.filter((entry) => entry.direction === direction).toSorted((a, b) => a.number - b.number);
}

/** All addresses of an interface. */
export function prefixesOf(eni: Eni): readonly Cidr[] {
  return [...eni.addresses.map(({ address }) => hostCidr(address)), ...eni.prefixes];
}
