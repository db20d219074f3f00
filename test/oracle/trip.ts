// One way of a packet through a compact world, hop by hop, with every filter that it meets.
import type { Compact } from '../compact-format.ts';
import { aclFilter, type Filter, groupsFilter, type Other, owns, type Say } from './filters.ts';
import { block, ip, type Ip, same, within } from './ip.ts';
import { isMissing, isPublic, isService, mayBeResolver, type Next, route, vpcOf } from './routes.ts';

/** The addresses that a packet carries at one place of its way. */
export type Header = { readonly source: Ip; readonly destination: Ip };
/** A NAT gateway on the way, and whom it stands for. */
export type Hidden = { readonly nat: string; readonly inside: Ip };
type Place =
  | { readonly kind: 'eni'; readonly name: string }
  | { readonly kind: 'internet'; readonly through: 'igw' | 'eigw' }
  | { readonly kind: 'service' };
/** Where a way ends, and what the packet carries there. */
export type Arrival = { readonly place: Place; readonly header: Header };
/** The last leg: who sent, from which subnet, and whether references can match over it. */
type Leg = { readonly eni?: string; readonly subnet?: string; readonly groups: boolean };

/** Whose filter it is, and what it sees of the other side; of what is settled by other things nobody asks. */
export type Gate =
  | { readonly kind: 'groups'; readonly eni: string; readonly direction: 'ingress' | 'egress'; readonly other: Other }
  | { readonly kind: 'acl'; readonly subnet: string; readonly direction: 'ingress' | 'egress'; readonly address: Ip };

/** A filter on the way; `hidden` ones see the port that a NAT gateway picked in place of the packet's. */
export type Step = { readonly filter: Filter; readonly isHidden: boolean; readonly gate?: Gate };

type Memory = {
  readonly isReply: boolean;
  /** Interfaces that the packet's own way passed: they know the flow. */
  readonly passed: readonly string[];
  readonly hidden: readonly Hidden[];
  readonly back: 'igw' | 'eigw' | undefined;
};

/** One way of a packet. It goes on after a refusal or a doubt as far as its way is plain, for a refusal further on outweighs a doubt. */
export class Trip {
  readonly visited: string[] = [];
  readonly steps: Step[] = [];
  hidden: readonly Hidden[];
  arrival: Arrival | undefined;
  readonly #world: Compact;
  readonly #memory: Memory;

  constructor(world: Compact, memory: Memory) {
    this.#world = world;
    this.#memory = memory;
    this.hidden = memory.hidden;
  }

  start(name: string, header: Header): void {
    const eni = this.#world.enis?.[name];
    if (eni !== undefined && owns(eni, header.destination)) {
      this.arrival = { place: { kind: 'service' }, header };
      return;
    }
    this.#leave(name, header);
  }

  comeIn(header: Header): void {
    const { destination } = header;
    const nat = Object.entries(this.#world.natGateways ?? {}).find(
      ([, one]) => one.public !== undefined && same(ip(one.public), destination),
    );
    if (nat !== undefined) return this.#atNat(nat[0], header, { groups: false });
    const found = Object.entries(this.#world.enis ?? {}).find(([, eni]) => this.#isKnownOutside(eni, destination));
    if (found === undefined) return this.#say(isMissing(this.#world, 'networkInterfaces') ? 'unknown' : 'deny');
    const [name, eni] = found;
    const vpc = vpcOf(this.#world, eni.subnet);
    const entry = this.#entrance(vpc, header);
    this.#say(entry);
    // Whatever gateway there may be, it would bring the packet to the interface.
    if (eni.type === 'nat_gateway') return this.#say('deny');
    const inside = Object.entries(eni.public ?? {}).find(([, seen]) => same(ip(seen), destination))?.[0];
    const next = { source: header.source, destination: inside === undefined ? destination : ip(inside) };
    return this.#arrive(name, next, { groups: false });
  }

  #isKnownOutside(eni: NonNullable<Compact['enis']>[string], address: Ip): boolean {
    if (Object.values(eni.public ?? {}).some((seen) => same(ip(seen), address))) return true;
    return address.bits === 128 && owns(eni, address);
  }

  #entrance(vpc: string | undefined, header: Header): Say {
    if (this.#memory.back === 'eigw') return 'pass';
    if (!isPublic(header.source) || !isPublic(header.destination)) return 'deny';
    const attached = Object.values(this.#world.internetGateways ?? {}).some((one) => one.vpc === vpc);
    if (attached) return 'pass';
    return isMissing(this.#world, 'internetGateways') ? 'unknown' : 'deny';
  }

  #leave(name: string, header: Header): void {
    const eni = this.#world.enis?.[name];
    if (eni === undefined) return;
    if (isService(this.#world, eni.subnet, header.destination)) {
      this.arrival = { place: { kind: 'service' }, header };
      return;
    }
    if (mayBeResolver(this.#world, eni.subnet, header.destination)) return this.#say('unknown');
    this.visited.push(name);
    if (!owns(eni, header.source) && eni.sourceDestCheck !== false) this.#say('deny');
    const next = route(this.#world, eni.subnet, header);
    this.#groups(name, 'egress', this.#egressPeer(next, header.destination));
    this.#exitSubnet(eni.subnet, next, header);
    this.#go(next, header, { eni: name, subnet: eni.subnet, groups: next.kind === 'eni' && next.groups });
  }

  #egressPeer(next: Next, address: Ip): Other {
    if (next.kind === 'unknown') return { address, eni: undefined, mayHide: true };
    const target = next.kind === 'eni' && next.groups ? this.#world.enis?.[next.name] : undefined;
    const isMatch = next.kind === 'eni' && target !== undefined && owns(target, address);
    return { address, eni: isMatch ? next.name : undefined, mayHide: false };
  }

  #exitSubnet(subnet: string, next: Next, header: Header): void {
    const inSubnet = (next.kind === 'eni' || next.kind === 'nat') && next.inSubnet;
    const direct = (this.#world.subnets?.[subnet]?.cidrs ?? []).some((own) => within(block(own), header.destination));
    if (!inSubnet && !direct && this.#world.subnets?.[subnet] !== undefined)
      this.#acl(subnet, 'egress', header.destination);
  }

  #go(next: Next, header: Header, leg: Leg): void {
    switch (next.kind) {
      case 'deny':
        return this.#say('deny');
      case 'unknown':
        return this.#say('unknown');
      case 'eni':
        return this.#arrive(next.name, header, leg);
      case 'nat':
        return this.#atNat(next.name, header, leg);
      case 'internet':
        return this.#outside(next, header);
    }
  }

  #outside(next: Extract<Next, { kind: 'internet' }>, header: Header): void {
    const out = { source: next.source, destination: header.destination };
    const ours =
      Object.values(this.#world.enis ?? {}).some((eni) => this.#isKnownOutside(eni, out.destination)) ||
      Object.values(this.#world.natGateways ?? {}).some(
        (one) => one.public !== undefined && same(ip(one.public), out.destination),
      );
    if (ours) return this.comeIn(out);
    this.arrival = { place: { kind: 'internet', through: next.through }, header: out };
    return undefined;
  }

  #arrive(name: string, header: Header, leg: Leg): void {
    const eni = this.#world.enis?.[name];
    if (eni === undefined) return;
    if (leg.subnet !== eni.subnet) this.#acl(eni.subnet, 'ingress', header.source);
    const sender = leg.eni === undefined ? undefined : this.#world.enis?.[leg.eni];
    const isMatch = leg.groups && sender !== undefined && owns(sender, header.source);
    this.#groups(name, 'ingress', { address: header.source, eni: isMatch ? leg.eni : undefined, mayHide: false });
    if (owns(eni, header.destination)) {
      this.visited.push(name);
      this.arrival = { place: { kind: 'eni', name }, header };
      return;
    }
    if (eni.sourceDestCheck !== false) this.#say('deny');
    if (this.visited.includes(name)) this.#say('deny');
    else this.#leave(name, header);
  }

  #atNat(name: string, header: Header, leg: Leg): void {
    const nat = this.#world.natGateways?.[name];
    if (nat === undefined) return;
    if (leg.subnet !== nat.subnet) this.#acl(nat.subnet, 'ingress', header.source);
    const own = [nat.private, ...(nat.public === undefined ? [] : [nat.public])].map(ip);
    if (own.some((address) => same(address, header.destination))) return this.#backThroughNat(name, header);
    if (this.#memory.isReply || this.hidden.some((one) => one.nat === name)) return this.#say('deny');
    if (header.source.bits === 128) return this.#say('unknown');
    if ((nat.state ?? 'available') !== 'available') this.#say('deny');
    this.#meet({ kind: 'nat' });
    this.hidden = [...this.hidden, { nat: name, inside: header.source }];
    const next = { source: ip(nat.private), destination: header.destination };
    // Which of several addresses the gateway picks would be seen by an interface behind it.
    if (nat.more !== undefined && route(this.#world, nat.subnet, next).kind === 'eni') this.#say('unknown');
    return this.#onFrom(nat.subnet, { source: ip(nat.private), destination: header.destination });
  }

  #backThroughNat(name: string, header: Header): void {
    const last = this.hidden.at(-1);
    const nat = this.#world.natGateways?.[name];
    if (!this.#memory.isReply || last?.nat !== name || nat === undefined) return this.#say('deny');
    this.hidden = this.hidden.slice(0, -1);
    return this.#onFrom(nat.subnet, { source: header.source, destination: last.inside });
  }

  #onFrom(subnet: string, header: Header): void {
    const next = route(this.#world, subnet, header);
    this.#exitSubnet(subnet, next, header);
    this.#go(next, header, { subnet, groups: false });
  }

  #groups(name: string, direction: 'ingress' | 'egress', other: Other): void {
    if (!this.#memory.passed.includes(name))
      this.#meet(groupsFilter(this.#world, name, { direction, other }), {
        kind: 'groups',
        eni: name,
        direction,
        other,
      });
  }

  #acl(subnet: string, direction: 'ingress' | 'egress', address: Ip): void {
    this.#meet(aclFilter(this.#world, subnet, { direction, address }), { kind: 'acl', subnet, direction, address });
  }

  #meet(filter: Filter, gate?: Gate): void {
    const isHidden = this.#memory.isReply && this.hidden.length > 0;
    this.steps.push({ filter, isHidden, ...(gate === undefined ? {} : { gate }) });
  }

  #say(say: Say): void {
    this.#meet({ kind: 'settled', say });
  }
}
