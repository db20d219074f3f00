// A packet interpreter written from what AWS documents, sharing no code with the engines: one packet, hop by hop, and its answer.
import type { Compact } from '../compact-format.ts';
import type { PacketQuestion } from '../cases/packet-question.ts';
import { aclFilter, type Filter, groupsFilter, type Other, owns, type Say, says } from './filters.ts';
import { block, ip, type Ip, same, within } from './ip.ts';
import { isMissing, isPublic, isService, mayBeResolver, type Next, route, vpcOf } from './routes.ts';
import { answer, hasPorts, type Load, load } from './traffic.ts';

export type OracleVerdict = 'allow' | 'deny' | 'unknown';
export type OracleAnswer = {
  readonly verdict: OracleVerdict;
  readonly forward: OracleVerdict;
  readonly reply: OracleVerdict | 'none';
};

type Header = { readonly source: Ip; readonly destination: Ip };
type Hidden = { readonly nat: string; readonly inside: Ip };
type Place =
  | { readonly kind: 'eni'; readonly name: string }
  | { readonly kind: 'internet'; readonly through: 'igw' | 'eigw' }
  | { readonly kind: 'service' };
type Arrival = { readonly place: Place; readonly header: Header };
/** The last leg: who sent, from which subnet, and whether references can match over it. */
type Leg = { readonly eni?: string; readonly subnet?: string; readonly groups: boolean };

/** A filter on the way; `hidden` ones see the port that a NAT gateway picked in place of the packet's. */
export type Step = { readonly filter: Filter; readonly isHidden: boolean };

/** Both ways of a question as filters; `reply` is undefined where the packet ends at a service of the VPC or nowhere. */
export type Ways = {
  readonly bits: 32 | 128;
  readonly forward: readonly Step[];
  readonly reply: readonly Step[] | 'service' | 'nowhere';
  readonly ports: readonly number[];
};

/** The verdict on one packet of a compact world. */
export function oracleVerdict(world: Compact, question: PacketQuestion): OracleAnswer {
  const ways = oracleWays(world, question);
  const packet = load(question.traffic, question.sourcePort ?? 50_000);
  const forward = sum(ways.forward.map((step) => sayOf(ways, step, packet)));
  const due = answer(packet, ways.bits);
  if (due === undefined || ways.reply === 'nowhere') return { verdict: forward, forward, reply: 'none' };
  if (ways.reply === 'service') return { verdict: forward, forward, reply: 'allow' };
  const reply = sum(ways.reply.map((step) => sayOf(ways, step, due)));
  return { verdict: sum([forward, reply].map(sayAgain)), forward, reply };
}

/** The filters that the packets of a question meet, whatever they carry. */
export function oracleWays(world: Compact, question: PacketQuestion): Ways {
  const header = headerOf(world, question);
  const there = new Trip(world, { isReply: false, passed: [], hidden: [], back: undefined });
  if (question.from.startsWith('internet:')) there.comeIn(header);
  else there.start(question.from, header);
  const base = { bits: header.source.bits, forward: there.steps, ports: tellingPorts(world) };
  const { arrival } = there;
  if (arrival === undefined) return { ...base, reply: 'nowhere' };
  if (arrival.place.kind === 'service') return { ...base, reply: 'service' };
  const back = new Trip(world, {
    isReply: true,
    passed: there.visited,
    hidden: there.hidden,
    back: arrival.place.kind === 'internet' ? arrival.place.through : undefined,
  });
  const returned = { source: arrival.header.destination, destination: arrival.header.source };
  if (arrival.place.kind === 'eni') back.start(arrival.place.name, returned);
  else back.comeIn(returned);
  const home: Step = { filter: { kind: 'settled', say: 'deny' }, isHidden: false };
  return { ...base, reply: isHome(question.from, header, back.arrival) ? back.steps : [...back.steps, home] };
}

/** Before a NAT gateway on the way back, the packet goes to whichever port the gateway picked: certain only if all get the same. */
function sayOf({ bits, ports }: Ways, { filter, isHidden }: Step, packet: Load): Say {
  if (!isHidden || !hasPorts(packet)) return says(filter, packet, bits);
  const said = new Set(ports.map((port) => says(filter, { ...packet, first: port }, bits)));
  const [only] = said;
  return said.size === 1 && only !== undefined ? only : 'unknown';
}

/** Every port of 1024–65535 at which some rule or entry of the world begins or ends: between them nothing changes. */
function tellingPorts(world: Compact): readonly number[] {
  const texts = [...Object.values(world.groups ?? {}), ...Object.values(world.acls ?? {})].flatMap((one) => [
    ...(one.ingress ?? []),
    ...(one.egress ?? []),
  ]);
  const ends = texts.flatMap((text) => {
    const range = /(?:tcp|udp)\/(\d+)(?:-(\d+))?/.exec(text);
    return range === null ? [] : [Number(range[1]), Number(range[2] ?? range[1]) + 1];
  });
  return [1024, ...ends.filter((port) => port > 1024 && port <= 65_535)];
}

function sum(all: readonly Say[]): OracleVerdict {
  return all.includes('deny') ? 'deny' : all.includes('unknown') ? 'unknown' : 'allow';
}

function sayAgain(verdict: OracleVerdict): Say {
  return verdict === 'allow' ? 'pass' : verdict;
}

function isHome(from: string, sent: Header, arrival: Arrival | undefined): boolean {
  if (arrival === undefined) return true;
  const { place, header } = arrival;
  if (place.kind === 'eni') return place.name === from;
  return (
    from.startsWith('internet:') &&
    place.kind === 'internet' &&
    place.through === 'igw' &&
    same(header.source, sent.destination)
  );
}

function headerOf(world: Compact, question: PacketQuestion): Header {
  const destination = addressOf(world, question.to, question.family ?? 'ipv4');
  const family = destination.bits === 32 ? 'ipv4' : 'ipv6';
  const outside = question.from.startsWith('internet:') ? ip(question.from.slice(9)) : undefined;
  const source =
    question.source === undefined ? (outside ?? addressOf(world, question.from, family)) : ip(question.source);
  return { source, destination };
}

function addressOf(world: Compact, text: string, family: 'ipv4' | 'ipv6'): Ip {
  const own = world.enis?.[text]?.addresses?.map(ip).find((one) => one.bits === (family === 'ipv4' ? 32 : 128));
  return own ?? ip(text);
}

type Memory = {
  readonly isReply: boolean;
  /** Interfaces that the packet's own way passed: they know the flow. */
  readonly passed: readonly string[];
  readonly hidden: readonly Hidden[];
  readonly back: 'igw' | 'eigw' | undefined;
};

/** One way of a packet. It goes on after a refusal or a doubt as far as its way is plain, for a refusal further on outweighs a doubt. */
class Trip {
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
    if (entry === 'unknown' || eni.type === 'nat_gateway')
      return eni.type === 'nat_gateway' ? this.#say('deny') : undefined;
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
    if (!this.#memory.passed.includes(name)) this.#meet(groupsFilter(this.#world, name, { direction, other }));
  }

  #acl(subnet: string, direction: 'ingress' | 'egress', address: Ip): void {
    this.#meet(aclFilter(this.#world, subnet, { direction, address }));
  }

  #meet(filter: Filter): void {
    this.steps.push({ filter, isHidden: this.#memory.isReply && this.hidden.length > 0 });
  }

  #say(say: Say): void {
    this.#meet({ kind: 'settled', say });
  }
}
