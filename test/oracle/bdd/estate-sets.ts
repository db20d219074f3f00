// Who reaches whom in an estate of one VPC, target by target: for each end the set of all packets that come to it, whoever sends, and of all that leave it.
import { type Address, formatAddress, maskAddress } from '../../../src/core/net/address.ts';
import { type Cidr, cidrContains, formatCidr, hostCidr, parseCidr } from '../../../src/core/net/cidr.ts';
import { expectOk } from '../../../src/core/net/result.ts';
import type { Eni } from '../../../src/core/model/eni.ts';
import type { GroupId, SubnetId } from '../../../src/core/model/ids.ts';
import type { AclEntry, NetworkAcl } from '../../../src/core/model/network-acl.ts';
import type { RouteTable } from '../../../src/core/model/route-table.ts';
import type { Direction, Rule } from '../../../src/core/model/security-group.ts';
import { getRecord, listRecords, type World } from '../../../src/core/model/world.ts';
import { NOT_ON_THE_INTERNET } from '../routes.ts';
import { ALWAYS, type Bdd, type Diagrams, NEVER } from './diagrams.ts';
import { entriesOf, FilterSets, prefixesOf } from './filter-sets.ts';
import type { PacketBits, View } from './packet-bits.ts';

type Target = 'local' | 'internet-gateway' | 'nat-gateway' | 'egress-only-gateway';

/**
 * Backward and forward sets of every end. Only for one VPC whose routes lead to itself and to gateways, with everything known and NAT gateways in subnets whose NACL passes
 * everything: it throws for others. Whatever is alike for several ends is computed once.
 */
export class EstateSets {
  readonly bits: PacketBits;
  readonly #world: World;
  readonly #diagrams: Diagrams;
  readonly #filters: FilterSets;
  readonly #outside: Bdd;
  readonly #acls: readonly { readonly acl: NetworkAcl; readonly subnets: Bdd }[];
  readonly #egress: EgressIndex;
  readonly #memo = new Map<string, Bdd>();

  constructor(world: World, bits: PacketBits) {
    refuseOthers(world);
    this.#world = world;
    this.bits = bits;
    this.#diagrams = bits.diagrams;
    this.#filters = new FilterSets(world, bits, false);
    const unrouted = NOT_ON_THE_INTERNET.map((text) => expectOk(parseCidr(text)));
    this.#outside = this.#diagrams.not(bits.prefixes([...unrouted, ...ownPrefixes(world)]));
    const byAcl = Map.groupBy(listRecords(world, 'subnets'), (subnet) => subnet.networkAcl?.aclId);
    this.#acls = [...byAcl].map(([id, subnets]) => {
      const acl = id === undefined ? undefined : getRecord(world, 'acls', id);
      if (acl === undefined) throw new Error('a NACL is not known');
      return { acl, subnets: bits.prefixes(subnets.flatMap(({ cidrs }) => cidrs)) };
    });
    this.#egress = new EgressIndex(world, this.#filters);
  }

  /** Packets to an address of an interface that arrive and are answered, by sender. */
  towards(eni: Eni, address: Address): Bdd {
    const groups = groupsKey(eni);
    const senders = this.#egress.towards(eni.groups, groups, address);
    const nacls = this.#naclsTowards(eni.subnetId, address);
    const isPublic = this.#isPublic(eni, address);
    return this.#once(`towards ${groups} ${senders} ${nacls} ${isPublic ? eni.subnetId : ''}`, () => {
      const rules = this.#groupsSet(eni, groups, 'ingress');
      const inside = this.#diagrams.and(this.#diagrams.and(rules, senders), nacls);
      return isPublic ? this.#diagrams.or(inside, this.#diagrams.and(rules, this.#fromOutside(eni.subnetId))) : inside;
    });
  }

  /** Packets from an address of an interface that get to somebody outside and are answered, by receiver. */
  outwards(eni: Eni, address: Address): Bdd {
    const groups = groupsKey(eni);
    const isPublic = this.#isPublic(eni, address);
    return this.#once(`outwards ${groups} ${eni.subnetId} ${isPublic}`, () =>
      this.#diagrams.and(this.#groupsSet(eni, groups, 'egress'), this.#toOutside(eni.subnetId, isPublic)),
    );
  }

  /** All receivers that are not the VPC's own and that the internet carries packets to. */
  get outside(): Bdd {
    return this.#outside;
  }

  #groupsSet(eni: Eni, key: string, direction: Direction): Bdd {
    return this.#once(`${direction} ${key}`, () => this.#filters.ofEni(eni.id, direction, 'request').sure);
  }

  /** What NACLs let pass to an address of a subnet and back, by sender; within the subnet they are not asked. */
  #naclsTowards(subnetId: SubnetId, address: Address): Bdd {
    const { acl, cidrs } = this.#subnet(subnetId);
    const out = this.#byAcl(address, 'egress', 'request');
    const back = this.#byAcl(address, 'ingress', 'answer');
    return this.#once(`nacls ${subnetId} ${out} ${back}`, () => {
      const d = this.#diagrams;
      const there = d.and(out, this.#filters.ofAcl(acl, 'ingress', 'request'));
      const answers = d.and(back, this.#filters.ofAcl(acl, 'egress', 'answer'));
      return d.or(this.bits.prefixes(cidrs), d.and(there, this.#isAnswered(answers)));
    });
  }

  /** What the NACLs of all subnets say of one address, each for its own subnets. */
  #byAcl(address: Address, direction: Direction, view: View): Bdd {
    const said = this.#acls.map(({ acl }) => this.#aclAt(acl, address, direction, view));
    return this.#once(`by ${said.join()}`, () =>
      this.#diagrams.union(this.#acls.map(({ subnets }, at) => this.#diagrams.and(said[at] ?? NEVER, subnets))),
    );
  }

  #aclAt(acl: NetworkAcl, address: Address, direction: Direction, view: View): Bdd {
    const entries = entriesOf(acl, direction).filter(({ cidr }) => cidrContains(cidr, address));
    const key = `at ${acl.id} ${direction} ${view} ${entries.map(({ number }) => number).join()}`;
    return this.#once(key, () => this.#filters.entriesSet(entries, view, () => ALWAYS));
  }

  #fromOutside(subnetId: SubnetId): Bdd {
    return this.#once(`from outside ${subnetId}`, () => {
      const d = this.#diagrams;
      const { acl, table } = this.#subnet(subnetId);
      const there = this.#filters.ofAcl(acl, 'ingress', 'request');
      const way = this.#routed(table, 'internet-gateway');
      const back = this.#isAnswered(d.and(way, this.#filters.ofAcl(acl, 'egress', 'answer')));
      return d.and(this.#outside, d.and(there, back));
    });
  }

  #toOutside(subnetId: SubnetId, isPublic: boolean): Bdd {
    return this.#once(`to outside ${subnetId} ${isPublic}`, () => {
      const d = this.#diagrams;
      const { acl, table } = this.#subnet(subnetId);
      const there = this.#filters.ofAcl(acl, 'egress', 'request');
      const back = this.#isAnswered(this.#filters.ofAcl(acl, 'ingress', 'answer'));
      const direct = isPublic ? this.#routed(table, 'internet-gateway') : NEVER;
      const hidden =
        this.bits.family === 'ipv4' ? d.and(this.#routed(table, 'nat-gateway'), this.#throughNat()) : NEVER;
      const oneWay = this.bits.family === 'ipv6' ? this.#routed(table, 'egress-only-gateway') : NEVER;
      return d.and(d.and(this.#outside, d.union([direct, hidden, oneWay])), d.and(there, back));
    });
  }

  /** A NAT gateway takes TCP, UDP and ICMP, to where its own subnet's routes lead to the internet gateway. */
  #throughNat(): Bdd {
    const [nat] = listRecords(this.#world, 'natGateways');
    if (nat === undefined) return NEVER;
    const { table } = this.#subnet(nat.subnetId);
    const d = this.#diagrams;
    return d.and(d.or(this.bits.ports, this.bits.icmp), this.#routed(table, 'internet-gateway'));
  }

  /** Packets that need no answer, or for whose answer some source port is let back. */
  #isAnswered(answers: Bdd): Bdd {
    return this.#diagrams.or(this.bits.forSomeSourcePort(answers), this.#diagrams.not(this.bits.wantsAnswer));
  }

  /** Destinations of which the longest prefix of a table leads to such a target. */
  #routed(table: RouteTable, target: Target): Bdd {
    return this.#once(`routed ${table.id} ${target}`, () =>
      routesOf(table)
        .toSorted((a, b) => a.cidr.length - b.cidr.length)
        .reduce<Bdd>(
          (rest, route) =>
            this.#diagrams.choose(this.bits.prefix(route.cidr), route.target === target ? ALWAYS : NEVER, rest),
          NEVER,
        ),
    );
  }

  #isPublic(eni: Eni, address: Address): boolean {
    if (address.family === 'ipv6') return true;
    return eni.addresses.some((own) => own.address === address && own.public !== undefined);
  }

  #subnet(id: SubnetId): { readonly acl: NetworkAcl; readonly table: RouteTable; readonly cidrs: readonly Cidr[] } {
    const subnet = getRecord(this.#world, 'subnets', id);
    const acl = subnet?.networkAcl === undefined ? undefined : getRecord(this.#world, 'acls', subnet.networkAcl.aclId);
    const vpc = subnet === undefined ? undefined : getRecord(this.#world, 'vpcs', subnet.vpcId);
    const tableId = subnet?.routeTable?.routeTableId ?? vpc?.mainRouteTable?.routeTableId;
    const table = tableId === undefined ? undefined : getRecord(this.#world, 'routeTables', tableId);
    if (subnet === undefined || acl === undefined || table === undefined) throw new Error(`${id} is not known whole`);
    return { acl, table, cidrs: subnet.cidrs };
  }

  #once(key: string, make: () => Bdd): Bdd {
    let made = this.#memo.get(key);
    if (made === undefined) {
      made = make();
      this.#memo.set(key, made);
    }
    return made;
  }
}

/** The egress rules of all groups by whom they name: what may be sent to an address is the union over its prefixes and groups. */
class EgressIndex {
  readonly #filters: FilterSets;
  /** For each length of prefixes, the number of each prefix by its base. */
  readonly #lengths: readonly { readonly length: number; readonly numbers: ReadonlyMap<string, number> }[];
  readonly #byPrefix: readonly (readonly Owned[])[];
  readonly #byGroup: ReadonlyMap<GroupId, readonly Owned[]>;
  readonly #prefixSets = new Map<number, Bdd>();
  readonly #groupSets = new Map<GroupId, Bdd>();
  readonly #known = new Map<string, Bdd>();

  constructor(world: World, filters: FilterSets) {
    this.#filters = filters;
    const byCidr = new Map<string, { readonly cidr: Cidr; readonly rules: Owned[] }>();
    const byGroup = new Map<GroupId, Owned[]>();
    for (const { id, rules } of listRecords(world, 'groups'))
      for (const rule of rules) {
        if (rule.direction !== 'egress') continue;
        for (const cidr of prefixesNamed(world, rule)) {
          const key = formatCidr(cidr);
          const known = byCidr.get(key) ?? { cidr, rules: [] };
          byCidr.set(key, known);
          known.rules.push({ groupId: id, rule });
        }
        if (rule.peer.kind === 'group') {
          const known = byGroup.get(rule.peer.groupId) ?? [];
          byGroup.set(rule.peer.groupId, known);
          known.push({ groupId: id, rule });
        }
      }
    const all = [...byCidr.values()].filter(({ cidr }) => cidr.family === filters.bits.family);
    this.#byPrefix = all.map(({ rules }) => rules);
    const byLength = Map.groupBy([...all.entries()], ([, { cidr }]) => cidr.length);
    this.#lengths = [...byLength].map(([length, some]) => ({
      length,
      numbers: new Map(some.map(([number, { cidr }]) => [formatAddress(cidr.base), number])),
    }));
    this.#byGroup = byGroup;
  }

  /** Packets that somebody's egress rules let out to an address whose interface carries these groups, by sender. */
  towards(groups: readonly GroupId[], groupsText: string, address: Address): Bdd {
    const found = this.#lengths.flatMap(
      ({ length, numbers }) => numbers.get(formatAddress(maskAddress(address, length))) ?? [],
    );
    const { diagrams } = this.#filters.bits;
    const byPrefix = this.#once(`prefixes ${found.join()}`, () =>
      diagrams.union(found.map((number) => this.#prefixSet(number))),
    );
    const byGroup = this.#once(`groups ${groupsText}`, () => diagrams.union(groups.map((id) => this.#groupSet(id))));
    return diagrams.or(byPrefix, byGroup);
  }

  #prefixSet(number: number): Bdd {
    let made = this.#prefixSets.get(number);
    if (made === undefined) {
      made = this.#sendersSet(this.#byPrefix[number] ?? []);
      this.#prefixSets.set(number, made);
    }
    return made;
  }

  #groupSet(id: GroupId): Bdd {
    let made = this.#groupSets.get(id);
    if (made === undefined) {
      made = this.#sendersSet(this.#byGroup.get(id) ?? []);
      this.#groupSets.set(id, made);
    }
    return made;
  }

  #sendersSet(rules: readonly Owned[]): Bdd {
    const { bits } = this.#filters;
    return bits.diagrams.union(
      rules.map(({ groupId, rule }) =>
        bits.diagrams.and(bits.traffic(rule.traffic, 'request'), this.#filters.members(groupId)),
      ),
    );
  }

  #once(key: string, make: () => Bdd): Bdd {
    let made = this.#known.get(key);
    if (made === undefined) {
      made = make();
      this.#known.set(key, made);
    }
    return made;
  }
}

type Owned = { readonly groupId: GroupId; readonly rule: Rule };

function prefixesNamed(world: World, { peer }: Rule): readonly Cidr[] {
  if (peer.kind === 'cidr') return [peer.cidr];
  if (peer.kind === 'group') return [];
  const entries = getRecord(world, 'prefixLists', peer.prefixListId)?.entries;
  if (entries === undefined) throw new Error('a prefix list is not known');
  return entries.map(({ cidr }) => cidr);
}

function groupsKey({ groups }: Eni): string {
  return groups.toSorted().join();
}

function ownPrefixes(world: World): readonly Cidr[] {
  return [
    ...[...listRecords(world, 'vpcs')].flatMap(({ cidrs }) => cidrs),
    ...[...listRecords(world, 'enis')].flatMap((eni) => [
      ...prefixesOf(eni),
      ...eni.addresses.flatMap((own) => (own.public === undefined ? [] : [hostCidr(own.public.address)])),
    ]),
    ...[...listRecords(world, 'natGateways')].flatMap(({ addresses }) =>
      addresses.flatMap((own) => (own.public === undefined ? [] : [hostCidr(own.public)])),
    ),
  ];
}

function routesOf(table: RouteTable): readonly { readonly cidr: Cidr; readonly target: Target }[] {
  return table.routes.map(({ destination, target, state }) => {
    const isPlain =
      target.kind === 'local' ||
      target.kind === 'internet-gateway' ||
      target.kind === 'nat-gateway' ||
      target.kind === 'egress-only-gateway';
    if (destination.kind !== 'cidr' || state !== 'active' || !isPlain) throw new Error(`${table.id} has other routes`);
    return { cidr: destination.cidr, target: target.kind };
  });
}

function refuseOthers(world: World): void {
  const isOne = [...listRecords(world, 'vpcs')].length === 1 && [...listRecords(world, 'peerings')].length === 0;
  const nats = [...listRecords(world, 'natGateways')];
  const areOpen = nats.every(({ subnetId }) => {
    const aclId = getRecord(world, 'subnets', subnetId)?.networkAcl?.aclId;
    return aclId !== undefined && getRecord(world, 'acls', aclId)?.entries.every(passesAll) === true;
  });
  if (!isOne || nats.length > 1 || !areOpen || world.missing.size > 0)
    throw new Error('estates of one VPC with one NAT gateway alone are computed target by target');
}

function passesAll({ action, traffic, cidr }: AclEntry): boolean {
  return action === 'allow' && traffic.kind === 'all' && cidr.length === 0;
}
