import { type Address, formatAddress, sameAddress } from '../net/address.ts';
import { cidrOf, formatCidr } from '../net/cidr.ts';
import { type Eni, eniOwns } from '../model/eni.ts';
import type { NatGateway } from '../model/gateway.ts';
import type { EniId, VpcId } from '../model/ids.ts';
import type { Direction } from '../model/security-group.ts';
import type { Subnet } from '../model/vpc.ts';
import { getRecord, indexedId, type World } from '../model/world.ts';
import { isExempt, isInternetRoutable, isPerhapsResolver } from './exempt.ts';
import { type Hop, type Medium, nextHop } from './hop.ts';
import { localPrefixes, ownerOf } from './route.ts';
import type { End, Gate, PeerSight, Translation } from './path.ts';
import { type Decision, deny, pass, type Stage, unknown, type Way } from './verdict.ts';

/** The addresses that a packet carries at one place of its way. */
export type Header = { readonly source: Address; readonly destination: Address };

/** What a way starts from. `passed`: interfaces whose connection tracking knows the flow already (reply way). */
export type WalkStart = {
  readonly way: Way;
  readonly passed: ReadonlySet<EniId>;
  readonly translations: readonly Translation[];
  /** The gateway by which the request left for the internet; a reply may come back in by the same kind only. */
  readonly returnThrough?: 'internet-gateway' | 'egress-only-gateway';
};

/** What a way met, in order. */
export type WalkResult = {
  readonly gates: readonly Gate[];
  readonly end: End;
  readonly enis: readonly EniId[];
  readonly translations: readonly Translation[];
};

/** The other end of the leg by which a packet arrives. */
type Sender = { readonly eni?: Eni; readonly subnet?: Subnet; readonly medium: Medium };

/**
 * Follows one packet by addresses alone, from interface to interface, and writes down every gate that it meets. After a certain refusal
 * it goes on as if the packet had passed, where it is plain where that leads, so that all blockers are found and not only the first.
 */
export class Walk {
  readonly #world: World;
  readonly #start: WalkStart;
  readonly #gates: Gate[] = [];
  readonly #enis: EniId[] = [];
  #translations: readonly Translation[];
  #end: End = { kind: 'lost' };

  constructor(world: World, start: WalkStart) {
    this.#world = world;
    this.#start = start;
    this.#translations = start.translations;
  }

  get result(): WalkResult {
    return { gates: this.#gates, end: this.#end, enis: this.#enis, translations: this.#translations };
  }

  /** The packet leaves an interface: as its sender, or forwarded by it. */
  leaveEni(eni: Eni, header: Header): void {
    const subnet = getRecord(this.#world, 'subnets', eni.subnetId);
    const vpc = getRecord(this.#world, 'vpcs', eni.vpcId);
    if (isExempt(header.destination, subnet, vpc)) {
      this.#settle('exempt', eni.id, header, pass('exempt'));
      this.#end = { kind: 'service' };
      return;
    }
    if (vpc === undefined && isPerhapsResolver(header.destination, localPrefixes(this.#world, eni.vpcId)))
      return this.#settle('exempt', eni.id, header, unknown('unknown-vpc', [eni.vpcId]));
    this.#enis.push(eni.id);
    this.#settle('source-check', eni.id, header, checkOwn(eni, header.source, 'source-not-own'));
    const hop = nextHop(this.#world, { vpcId: eni.vpcId, subnetId: eni.subnetId, subnet, header });
    this.#groups(eni, 'egress', header, egressSight(hop, header.destination));
    this.#leaveSubnet(subnet, hop, header);
    this.#follow(hop, header, { eni, ...(subnet === undefined ? {} : { subnet }), medium: hop.medium });
  }

  /** The packet comes in from the internet, for a public IPv4 address or an IPv6 one. */
  enterFromInternet(header: Header): void {
    const { destination } = header;
    const world = this.#world;
    const id =
      indexedId(world, 'enisByPublicAddress', formatAddress(destination)) ??
      (destination.family === 'ipv6'
        ? indexedId(world, 'enisByPublicAddress', formatCidr(cidrOf(destination, 80)))
        : undefined);
    const eni = id === undefined ? undefined : getRecord(world, 'enis', id);
    const natId = indexedId(world, 'natGatewaysByAddress', formatAddress(destination));
    const nat = natId === undefined ? undefined : getRecord(world, 'natGateways', natId);
    if (nat !== undefined) return this.#reachNat(nat, header, { medium: 'internet' });
    if (eni === undefined) {
      const decision = world.missing.has('enis')
        ? unknown('unknown-interface', [formatAddress(destination)])
        : deny('no-interface');
      return this.#settle('route', formatAddress(destination), header, decision);
    }
    if (eni.interfaceType === 'nat_gateway') return this.#settle('gateway', eni.id, header, deny('nat-inbound'));
    const gateway = this.#inboundGateway(eni, header);
    this.#settle('gateway', gateway.resource, header, gateway.decision);
    // By the gateway's own routes an appliance may stand in between; one that nobody knows of lets the packet straight in, or not at all.
    if (gateway.decision.outcome === 'unknown' && gateway.decision.reason !== 'unknown-gateway') return;
    const behind = eni.addresses.find(
      (own) => own.public !== undefined && sameAddress(own.public.address, destination),
    );
    const doubt = behind?.public?.doubt;
    if (doubt !== undefined) this.#settle('gateway', eni.id, header, unknown('unknown-address', [doubt]));
    this.arrive(eni, { source: header.source, destination: behind?.address ?? destination }, { medium: 'internet' });
  }

  /** The packet enters a VPC by a way that the model does not follow: what is certain is only who is addressed. */
  comeFromElsewhere(vpcId: VpcId, header: Header, why: Decision): void {
    this.#settle('gateway', vpcId, header, why);
    const owner = ownerOf(this.#world, vpcId, header.destination);
    if (owner.kind === 'eni') this.arrive(owner.eni, header, { medium: 'unmodelled' });
    else
      this.#settle(
        'route',
        vpcId,
        header,
        owner.kind === 'unknown'
          ? unknown('unknown-interface', [formatAddress(header.destination)])
          : deny('no-interface'),
      );
  }

  /** The packet reaches an interface: to stay, or to be forwarded by it. */
  arrive(eni: Eni, header: Header, sender: Sender): void {
    const subnet = getRecord(this.#world, 'subnets', eni.subnetId);
    if (subnet === undefined)
      this.#settle('acl-ingress', eni.subnetId, header, unknown('unknown-subnet', [eni.subnetId]));
    else if (sender.subnet?.id !== subnet.id) this.#acl(subnet, 'ingress', header);
    this.#groups(eni, 'ingress', header, ingressSight(sender, header.source));
    this.#settle('destination-check', eni.id, header, checkOwn(eni, header.destination, 'destination-not-own'));
    if (eniOwns(eni, header.destination)) {
      this.#enis.push(eni.id);
      this.#end = { kind: 'eni', eni, ...header };
    } else if (this.#enis.includes(eni.id)) {
      this.#settle('route', eni.id, header, deny('forwarding-loop'));
    } else {
      this.leaveEni(eni, header);
    }
  }

  #follow(hop: Hop, header: Header, sender: Sender): void {
    this.#settle('route', hop.routeResource, header, hop.route);
    if (hop.gateway !== undefined) this.#settle('gateway', hop.gateway.resource, header, hop.gateway.decision);
    switch (hop.next.kind) {
      case 'eni':
        return this.arrive(hop.next.eni, header, sender);
      case 'nat':
        return this.#reachNat(hop.next.nat, header, sender);
      case 'internet':
        return this.#reachInternet(hop.next.through, { source: hop.next.source, destination: header.destination });
      case 'lost':
        return undefined;
    }
  }

  /** Another interface of the world may stand behind the public address: then the packet comes straight back in. */
  #reachInternet(through: 'internet-gateway' | 'egress-only-gateway', header: Header): void {
    const text = formatAddress(header.destination);
    const known =
      indexedId(this.#world, 'enisByPublicAddress', text) ?? indexedId(this.#world, 'natGatewaysByAddress', text);
    const prefix =
      header.destination.family === 'ipv6'
        ? indexedId(this.#world, 'enisByPublicAddress', formatCidr(cidrOf(header.destination, 80)))
        : undefined;
    if (known !== undefined || prefix !== undefined) return this.enterFromInternet(header);
    this.#end = { kind: 'internet', through, ...header };
  }

  /** A NAT gateway, as a route's target (it translates) or addressed itself (only the reply of a flow that it carries may). */
  #reachNat(nat: NatGateway, header: Header, sender: Sender): void {
    const subnet = getRecord(this.#world, 'subnets', nat.subnetId);
    const own = nat.addresses[0];
    const addressed = nat.addresses.some((one) =>
      [one.private, one.public].some((address) => address !== undefined && sameAddress(address, header.destination)),
    );
    if (subnet === undefined)
      this.#settle('acl-ingress', nat.subnetId, header, unknown('unknown-subnet', [nat.subnetId]));
    if (subnet !== undefined && sender.subnet?.id !== subnet.id) this.#acl(subnet, 'ingress', header);
    if (addressed) return this.#returnThroughNat(nat, subnet, header);
    if (subnet === undefined) return undefined;
    if (this.#start.way === 'reply') return this.#settle('gateway', nat.id, header, deny('asymmetric-route'));
    if (own === undefined) return this.#settle('gateway', nat.id, header, unknown('unknown-gateway', [nat.id]));
    if (this.#translations.some((one) => one.natId === nat.id))
      return this.#settle('route', nat.id, header, deny('forwarding-loop'));
    if (header.source.family === 'ipv6')
      return this.#settle('gateway', nat.id, header, unknown('unmodelled-target', [nat.id]));
    this.#settle('gateway', nat.id, header, nat.state === 'available' ? pass('gateway') : deny('nat-unavailable'));
    this.#gates.push({
      way: this.#start.way,
      stage: 'gateway',
      resource: nat.id,
      source: header.source,
      destination: header.destination,
      kind: 'nat-protocols',
    });
    this.#translations = [...this.#translations, { natId: nat.id, inside: header.source }];
    const next = { source: own.private, destination: header.destination };
    const hop = nextHop(this.#world, { vpcId: nat.vpcId, subnetId: subnet.id, subnet, header: next });
    this.#leaveSubnet(subnet, hop, next);
    if (nat.addresses.length > 1 && hop.next.kind === 'eni')
      this.#settle('gateway', nat.id, next, unknown('nat-address-varies', [nat.id]));
    this.#follow(hop, next, { subnet, medium: hop.medium });
  }

  #returnThroughNat(nat: NatGateway, subnet: Subnet | undefined, header: Header): void {
    const last = this.#translations.at(-1);
    if (this.#start.way === 'forward' || last?.natId !== nat.id)
      return this.#settle('gateway', nat.id, header, deny('nat-inbound'));
    this.#settle('gateway', nat.id, header, pass('tracked'));
    if (subnet === undefined) return undefined;
    this.#translations = this.#translations.slice(0, -1);
    const next = { source: header.source, destination: last.inside };
    const hop = nextHop(this.#world, { vpcId: nat.vpcId, subnetId: subnet.id, subnet, header: next });
    this.#leaveSubnet(subnet, hop, next);
    this.#follow(hop, next, { subnet, medium: hop.medium });
  }

  /** What lets a packet of the internet into the VPC of an interface. */
  #inboundGateway(eni: Eni, header: Header): { readonly resource: string; readonly decision: Decision } {
    const world = this.#world;
    if (this.#start.returnThrough === 'egress-only-gateway') {
      return {
        resource: indexedId(world, 'egressOnlyGatewaysByVpc', eni.vpcId) ?? eni.vpcId,
        decision: pass('tracked'),
      };
    }
    const id = indexedId(world, 'internetGatewaysByVpc', eni.vpcId);
    if (!isInternetRoutable(header.source) || !isInternetRoutable(header.destination)) {
      return { resource: id ?? eni.vpcId, decision: deny('not-internet-routable') };
    }
    const gateway = id === undefined ? undefined : getRecord(world, 'internetGateways', id);
    if (gateway === undefined) {
      if (world.missing.has('internetGateways'))
        return { resource: eni.vpcId, decision: unknown('unknown-gateway', [eni.vpcId]) };
      const egressOnly =
        header.source.family === 'ipv6' ? indexedId(world, 'egressOnlyGatewaysByVpc', eni.vpcId) : undefined;
      return egressOnly === undefined
        ? { resource: eni.vpcId, decision: deny('gateway-detached') }
        : { resource: egressOnly, decision: deny('egress-only') };
    }
    if (gateway.edgeRouteTableId !== undefined)
      return { resource: gateway.id, decision: unknown('unmodelled-target', [gateway.edgeRouteTableId]) };
    return { resource: gateway.id, decision: pass('gateway') };
  }

  #leaveSubnet(subnet: Subnet | undefined, hop: Hop, header: Header): void {
    if (subnet !== undefined && !hop.sameSubnet) this.#acl(subnet, 'egress', header);
  }

  // Gates are written out field by field: building them is most of a walk's cost.
  #groups(eni: Eni, direction: Direction, header: Header, peer: PeerSight): void {
    const { source, destination } = header;
    const { way } = this.#start;
    const stage = direction === 'egress' ? 'group-egress' : 'group-ingress';
    if (this.#start.passed.has(eni.id)) return this.#settle(stage, eni.id, header, pass('tracked'));
    const view = this.#view();
    this.#gates.push({ way, stage, resource: eni.id, source, destination, kind: 'groups', eni, direction, peer, view });
  }

  #acl(subnet: Subnet, direction: Direction, header: Header): void {
    const { source, destination } = header;
    const { way } = this.#start;
    const stage = direction === 'egress' ? 'acl-egress' : 'acl-ingress';
    const view = this.#view();
    this.#gates.push({ way, stage, resource: subnet.id, source, destination, kind: 'acl', subnet, direction, view });
  }

  #settle(stage: Stage, resource: string, header: Header, decision: Decision): void {
    const { source, destination } = header;
    this.#gates.push({ way: this.#start.way, stage, resource, source, destination, kind: 'settled', decision });
  }

  #view(): 'request' | 'reply' | 'reply-to-nat' {
    if (this.#start.way === 'forward') return 'request';
    return this.#translations.length > 0 ? 'reply-to-nat' : 'reply';
  }
}

function checkOwn(eni: Eni, address: Address, reason: 'source-not-own' | 'destination-not-own'): Decision {
  if (eniOwns(eni, address)) return pass('own-address');
  return eni.sourceDestCheck ? deny(reason) : pass('check-off');
}

function egressSight(hop: Hop, address: Address): PeerSight {
  if (hop.next.kind === 'eni') return sight(address, hop.next.eni, hop.medium);
  return {
    address,
    end: hop.route.outcome === 'unknown' || hop.gateway?.decision.outcome === 'unknown' ? 'unknown' : 'known',
  };
}

function ingressSight(sender: Sender, address: Address): PeerSight {
  if (sender.medium === 'unmodelled') return { address, end: 'unknown' };
  return sender.eni === undefined ? { address, end: 'known' } : sight(address, sender.eni, sender.medium);
}

/** References match inside a VPC and over peering within one Region (PEER:vpc-peering-security-groups). */
function sight(address: Address, eni: Eni, medium: Medium): PeerSight {
  const matchable = (medium === 'local' || medium === 'peering') && eniOwns(eni, address);
  return matchable ? { address, eni, end: 'known' } : { address, end: 'known' };
}
