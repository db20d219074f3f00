import { type Address, formatAddress, sameAddress } from '../net/address.ts';
import { cidrContains, cidrMayContain } from '../net/cidr.ts';
import { unreachable } from '../net/result.ts';
import type { Eni } from '../model/eni.ts';
import type { NatGateway, PeeringConnection } from '../model/gateway.ts';
import type { PeeringId, SubnetId, VpcId } from '../model/ids.ts';
import type { Route, RouteTarget } from '../model/route-table.ts';
import type { Subnet } from '../model/vpc.ts';
import { eniAt, getRecord, indexedIds, type World } from '../model/world.ts';
import { isInternetRoutable, isReservedDestination } from './exempt.ts';
import { chooseRoute, type Owner, ownerOf, routeTableOf } from './route.ts';
import { type Decision, deny, pass, type RuleRef, unknown } from './verdict.ts';

/** What a leg runs over. References match over `local` and `peering` only. */
export type Medium = 'local' | 'peering' | 'inter-region-peering' | 'internet' | 'unmodelled';

/** The next place of a packet that leaves a subnet, with the decisions that lead there. */
export type Hop = {
  /** Delivered within the subnet: no NACL is met. */
  readonly sameSubnet: boolean;
  readonly routeResource: string;
  readonly route: Decision;
  readonly gateway?: GatewayDecision | undefined;
  readonly medium: Medium;
  readonly next: Next;
};

export type Next =
  | { readonly kind: 'eni'; readonly eni: Eni }
  | { readonly kind: 'nat'; readonly nat: NatGateway }
  | {
      readonly kind: 'internet';
      readonly through: 'internet-gateway' | 'egress-only-gateway';
      readonly source: Address;
    }
  | { readonly kind: 'lost' };

/** A packet about to leave a subnet; the subnet's record may be missing from the world. */
export type Departure = {
  readonly vpcId: VpcId;
  readonly subnetId: SubnetId;
  readonly subnet: Subnet | undefined;
  readonly header: { readonly source: Address; readonly destination: Address };
};

type GatewayDecision = { readonly resource: string; readonly decision: Decision };
type Way = {
  readonly gateway?: GatewayDecision;
  readonly medium: Medium;
  readonly next: Next;
  readonly route?: Decision;
};

const LOST: Next = { kind: 'lost' };

/** Where the VPC's router sends a packet from a subnet (V:route-tables-priority, V23:VPC_Route_Tables). */
export function nextHop(world: World, from: Departure): Hop {
  const { subnet, header } = from;
  if (subnet === undefined) return lostHop(from.subnetId, unknown('unknown-subnet', [from.subnetId]));
  if (subnet.cidrs.some((cidr) => cidrContains(cidr, header.destination))) {
    const way = toOwner(ownerOf(world, from.vpcId, header.destination), header.destination, 'local');
    return hopBy(way, { sameSubnet: true, routeResource: subnet.id, route: pass('route') });
  }
  // Perhaps within the subnet: then no NACL would be met, so none may refuse.
  if (subnet.cidrs.some((cidr) => cidrMayContain(cidr, header.destination)))
    return {
      ...lostHop(subnet.id, unknown('unknown-address', [formatAddress(header.destination)])),
      sameSubnet: true,
    };
  const { id, table } = routeTableOf(world, subnet);
  if (table === undefined) return lostHop(id ?? subnet.id, unknown('unknown-route-table', [id ?? subnet.id]));
  if (isReservedDestination(header.destination)) return lostHop(table.id, deny('no-route'));
  const choice = chooseRoute(world, table, header.destination);
  if (choice.kind === 'unknown') return lostHop(table.id, unknown(choice.reason, choice.unknowns));
  if (choice.kind === 'none') return refused(world, from, { routeResource: table.id, route: deny('no-route') });
  const ref: RuleRef = { kind: 'route', routeTableId: table.id, route: choice.route };
  if (choice.route.state === 'blackhole')
    return refused(world, from, { routeResource: table.id, route: deny('blackhole-route', ref) });
  const way = followTarget(world, from, choice.route);
  const hop = hopBy(way, {
    sameSubnet: isInside(way.next, subnet),
    routeResource: table.id,
    route: pass('route', [ref]),
  });
  return hop.next.kind === 'lost' && hop.gateway?.decision.outcome === 'deny' ? refused(world, from, hop) : hop;
}

/** Field by field: objects made by spreading cost a third of a hop. */
function hopBy(
  { gateway, medium, next, route }: Way,
  chosen: { readonly sameSubnet: boolean; readonly routeResource: string; readonly route: Decision },
): Hop {
  const { sameSubnet, routeResource } = chosen;
  return { sameSubnet, routeResource, route: route ?? chosen.route, gateway, medium, next };
}

/** A target in the subnet itself is reached within it. */
function isInside(next: Next, subnet: Subnet): boolean {
  return (
    (next.kind === 'eni' && next.eni.subnetId === subnet.id) || (next.kind === 'nat' && next.nat.subnetId === subnet.id)
  );
}

/** The packet is refused here, but goes on in thought to the interface that it names, if that is plain, so that later blockers show. */
function refused(world: World, from: Departure, at: Pick<Hop, 'routeResource' | 'route' | 'gateway'>): Hop {
  const { routeResource, route, gateway } = at;
  const decided = { routeResource, route, gateway };
  const local = eniAt(world, from.vpcId, from.header.destination);
  if (local !== undefined) return { sameSubnet: false, ...decided, medium: 'local', next: { kind: 'eni', eni: local } };
  for (const id of indexedIds(world, 'peeringsByVpc', from.vpcId)) {
    const peering = getRecord(world, 'peerings', id);
    if (peering?.status !== 'active') continue;
    const eni = eniAt(world, otherSide(peering, from.vpcId).vpcId, from.header.destination);
    if (eni !== undefined)
      return { sameSubnet: false, ...decided, medium: peeringMedium(peering), next: { kind: 'eni', eni } };
  }
  return { sameSubnet: false, ...decided, medium: 'local', next: LOST };
}

function lostHop(routeResource: string, route: Decision): Hop {
  return { sameSubnet: false, routeResource, route, medium: 'local', next: LOST };
}

function followTarget(world: World, from: Departure, route: Route): Way {
  const { target } = route;
  switch (target.kind) {
    case 'local':
      return toOwner(ownerOf(world, from.vpcId, from.header.destination), from.header.destination, 'local');
    case 'eni': {
      const eni = getRecord(world, 'enis', target.id);
      if (eni !== undefined && eni.vpcId !== from.vpcId) return lost(target.id, deny('gateway-detached'));
      return eni === undefined
        ? lost(target.id, unknown('unknown-interface', [target.id]))
        : { medium: 'local', next: { kind: 'eni', eni } };
    }
    case 'nat-gateway': {
      const nat = getRecord(world, 'natGateways', target.id);
      if (nat !== undefined && nat.vpcId !== from.vpcId) return lost(target.id, deny('gateway-detached'));
      return nat === undefined
        ? lost(target.id, unknown('unknown-gateway', [target.id]))
        : { medium: 'local', next: { kind: 'nat', nat } };
    }
    case 'internet-gateway':
    case 'egress-only-gateway':
      return followInternet(world, from, target);
    case 'peering':
      return followPeering(world, from, target.id);
    case 'unmodelled':
      return { ...lost(target.id, unknown('unmodelled-target', [target.id])), medium: 'unmodelled' };
    default:
      return unreachable(target);
  }
}

function toOwner(owner: Owner, destination: Address, medium: Medium): Way {
  switch (owner.kind) {
    case 'eni':
      if (owner.eni.interfaceType === 'nat_gateway') return lost(owner.eni.id, deny('nat-inbound'));
      return { medium, next: { kind: 'eni', eni: owner.eni } };
    case 'nat':
      return { medium, next: { kind: 'nat', nat: owner.nat } };
    case 'nobody':
      return { medium, next: LOST, route: deny('no-interface') };
    case 'unknown':
      return { medium, next: LOST, route: unknown('unknown-interface', [formatAddress(destination)]) };
  }
}

function lost(resource: string, decision: Decision): Way {
  return { gateway: { resource, decision }, medium: 'local', next: LOST };
}

type InternetTarget = Extract<RouteTarget, { kind: 'internet-gateway' | 'egress-only-gateway' }>;

/** The internet gateway needs an attachment and a public source; the egress-only one is for IPv6 (V23:VPC_Internet_Gateway, V23:egress-only-internet-gateway). */
function followInternet(world: World, from: Departure, target: InternetTarget): Way {
  const record =
    target.kind === 'internet-gateway'
      ? getRecord(world, 'internetGateways', target.id)
      : getRecord(world, 'egressOnlyGateways', target.id);
  if (record === undefined) return lost(target.id, unknown('unknown-gateway', [target.id]));
  if (record.vpcId !== from.vpcId) return lost(target.id, deny('gateway-detached'));
  const source = publicSource(world, from);
  if (source === 'unknown') return lost(target.id, unknown('unknown-interface', [formatAddress(from.header.source)]));
  if (source === undefined) return lost(target.id, deny('no-public-address'));
  if ('doubt' in source) return lost(target.id, unknown('unknown-address', [source.doubt]));
  if (!isInternetRoutable(from.header.destination)) return lost(target.id, deny('not-internet-routable'));
  return {
    gateway: { resource: target.id, decision: pass('gateway') },
    medium: 'internet',
    next: { kind: 'internet', through: target.kind, source },
  };
}

/** The address under which the internet sees the source: itself for global IPv6, the public one that stands for a private IPv4. */
function publicSource(world: World, from: Departure): Address | { readonly doubt: string } | 'unknown' | undefined {
  const { source } = from.header;
  if (source.family === 'ipv6') return isInternetRoutable(source) ? source : undefined;
  const owner = ownerOf(world, from.vpcId, source);
  switch (owner.kind) {
    case 'eni': {
      const seen = owner.eni.addresses.find((own) => sameAddress(own.address, source))?.public;
      return seen?.doubt === undefined ? seen?.address : { doubt: seen.doubt };
    }
    case 'nat':
      return owner.nat.connectivity === 'private'
        ? undefined
        : owner.nat.addresses.find((own) => sameAddress(own.private, source))?.public;
    case 'nobody':
      return undefined;
    case 'unknown':
      return 'unknown';
  }
}

/** Peering carries packets to addresses of the peer VPC itself and no further (PEER:vpc-peering-basics). */
function followPeering(world: World, from: Departure, id: PeeringId): Way {
  const peering = getRecord(world, 'peerings', id);
  if (peering === undefined) return lost(id, unknown('unknown-gateway', [id]));
  if (peering.requester.vpcId !== from.vpcId && peering.accepter.vpcId !== from.vpcId)
    return lost(id, deny('gateway-detached'));
  if (peering.status !== 'active') return lost(id, deny('peering-inactive'));
  const side = otherSide(peering, from.vpcId);
  const peer = getRecord(world, 'vpcs', side.vpcId);
  const cidrs = peer?.cidrs ?? side.cidrs;
  const inside = cidrs.some((cidr) => cidrContains(cidr, from.header.destination));
  if (!inside && cidrs.some((cidr) => cidrMayContain(cidr, from.header.destination)))
    return lost(id, unknown('unknown-address', [formatAddress(from.header.destination)]));
  if (!inside && (peer !== undefined || cidrs.some((cidr) => cidr.family === from.header.destination.family)))
    return lost(id, deny('peering-not-transitive'));
  if (peer === undefined) return lost(id, unknown('unknown-peer', [side.vpcId]));
  const way = toOwner(
    ownerOf(world, side.vpcId, from.header.destination),
    from.header.destination,
    peeringMedium(peering),
  );
  return way.gateway === undefined ? { ...way, gateway: { resource: id, decision: pass('gateway') } } : way;
}

function otherSide(peering: PeeringConnection, vpcId: VpcId): PeeringConnection['requester'] {
  return peering.requester.vpcId === vpcId ? peering.accepter : peering.requester;
}

function peeringMedium(peering: PeeringConnection): Medium {
  const { requester, accepter } = peering;
  return requester.region === accepter.region ? 'peering' : 'inter-region-peering';
}
