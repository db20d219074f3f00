// Worlds of which something is forgotten, as a plan does not say it: each stands for many, and the one that it was made of is among them.
import { Random } from '../../bench/random.ts';
import { type Address, unknownAddress } from '../../src/core/net/address.ts';
import { anyCidr, type Cidr, cidrContains } from '../../src/core/net/cidr.ts';
import { ALL_TRAFFIC } from '../../src/core/net/traffic.ts';
import type { Eni, EniAddress } from '../../src/core/model/eni.ts';
import { asId } from '../../src/core/model/ids.ts';
import { type NetworkAcl, sortEntries } from '../../src/core/model/network-acl.ts';
import { KINDS, type Kind } from '../../src/core/model/records.ts';
import type { RouteTable } from '../../src/core/model/route-table.ts';
import { DIRECTIONS, type SecurityGroup } from '../../src/core/model/security-group.ts';
import { getRecord, listRecords, type RecordLists, type World, worldOf } from '../../src/core/model/world.ts';

/** The world with doubts in it, the same each time: `world` is one of those that it may be. */
export function doubtfulWorld(world: World, seed: number): World {
  const random = new Random(seed);
  const forgetful = new Forgetful(world, random);
  const lists: { [K in Kind]?: readonly unknown[] } = {};
  for (const kind of KINDS) lists[kind] = [...listRecords(world, kind)];
  return worldOf(
    {
      ...(lists as RecordLists),
      enis: [...listRecords(world, 'enis')].map((eni) => forgetful.eni(eni)),
      groups: [...listRecords(world, 'groups')].map((group) => forgetful.group(group)),
      acls: [...listRecords(world, 'acls')].map((acl) => forgetful.acl(acl)),
      routeTables: [...listRecords(world, 'routeTables')].map((table) => forgetful.table(table)),
    },
    world.missing,
  );
}

class Forgetful {
  readonly #world: World;
  readonly #random: Random;
  #number = 0;

  constructor(world: World, random: Random) {
    this.#world = world;
    this.#random = random;
  }

  eni(eni: Eni): Eni {
    const drops = this.#random.chance(0.2) && eni.groups.length > 0;
    return {
      ...eni,
      ...(drops ? { groupDoubt: 'further groups', groups: eni.groups.slice(this.#random.chance(0.5) ? 1 : 0) } : {}),
      addresses: eni.addresses.map((own) => this.#address(eni, own)),
    };
  }

  #address(eni: Eni, own: EniAddress): EniAddress {
    const { address } = own;
    const blurred = this.#random.chance(0.4) ? { ...own, address: this.#blur(this.#around(eni, address)) } : own;
    if (own.public === undefined) {
      const mayHave = address.family === 'ipv4' && this.#random.chance(0.2);
      const made = { address: this.#blur(anyCidr('ipv4')), doubt: 'a public address' };
      return mayHave ? { ...blurred, public: made } : blurred;
    }
    const seen = this.#random.chance(0.3) ? { address: this.#blur(anyCidr('ipv4')) } : own.public;
    const doubt = this.#random.chance(0.2) ? { doubt: 'a public address' } : {};
    return { ...blurred, public: { ...seen, ...doubt } };
  }

  #around(eni: Eni, address: Address): Cidr {
    const homes = [
      ...(getRecord(this.#world, 'subnets', eni.subnetId)?.cidrs ?? []),
      ...(getRecord(this.#world, 'vpcs', eni.vpcId)?.cidrs ?? []),
    ].filter((cidr) => cidrContains(cidr, address));
    const [subnet, vpc] = homes;
    const roll = this.#random.below(10);
    return (roll < 7 ? subnet : roll < 9 ? (vpc ?? subnet) : undefined) ?? anyCidr(address.family);
  }

  #blur(within: Cidr): Address {
    this.#number += 1;
    return unknownAddress(within, this.#number);
  }

  group(group: SecurityGroup): SecurityGroup {
    const kept = group.rules.map((rule) =>
      this.#random.chance(0.2) ? { ...rule, doubt: 'whether it is there' } : rule,
    );
    const donors = [...listRecords(this.#world, 'groups')].flatMap(({ rules }) => rules);
    const donor = this.#random.chance(0.3) && donors.length > 0 ? this.#random.pick(donors) : undefined;
    const made =
      donor === undefined ? [] : [{ ...donor, id: asId<typeof donor.id>(`${group.id}-more`), doubt: 'more' }];
    return { ...group, rules: [...kept, ...made] };
  }

  acl(acl: NetworkAcl): NetworkAcl {
    const kept = acl.entries.map((entry) =>
      this.#random.chance(0.15) ? { ...entry, doubt: 'whether it is there' } : entry,
    );
    const direction = this.#random.pick(DIRECTIONS);
    const number = 1 + this.#random.below(300);
    const cidrs = acl.entries.map(({ cidr }) => cidr);
    const isFree = !acl.entries.some((entry) => entry.direction === direction && entry.number === number);
    const adds = isFree && this.#random.chance(0.2) && cidrs.length > 0;
    const more = {
      number,
      direction,
      action: this.#random.pick(['allow', 'deny'] as const),
      cidr: adds ? this.#random.pick(cidrs) : anyCidr('ipv4'),
      traffic: ALL_TRAFFIC,
      doubt: 'more',
    };
    return { ...acl, entries: sortEntries(adds ? [...kept, more] : kept) };
  }

  table(table: RouteTable): RouteTable {
    const donors = [...listRecords(this.#world, 'routeTables')].flatMap(({ routes }) => routes);
    const donor = this.#random.chance(0.2) && donors.length > 0 ? this.#random.pick(donors) : undefined;
    const kept = table.routes.map((route) =>
      this.#random.chance(0.15) ? { ...route, doubt: 'whether it is there' } : route,
    );
    return { ...table, routes: donor === undefined ? kept : [...kept, { ...donor, doubt: 'more' }] };
  }
}
