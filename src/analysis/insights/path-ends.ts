import { type Address, formatAddress, sameAddress } from '../../core/net/address.ts';
import { hostCidr } from '../../core/net/cidr.ts';
import type { Eni } from '../../core/model/eni.ts';
import type { PeeringConnection } from '../../core/model/gateway.ts';
import { getRecord, indexedId, type World } from '../../core/model/world.ts';
import { spaceHas } from '../address-space.ts';
import {
  eniPlaceAt,
  type EniPlace,
  enisOf,
  externalPlaces,
  internetPlaces,
  ordinaryEnis,
  type Place,
  placesOfEni,
  sortEnis,
} from '../place.ts';
import type { Missed, PathQuestion } from './path-question.ts';

/** The places that one end of a path stands for, or what is missed. `gateway`: what the way must run over at that end. */
export type PathEnd = {
  readonly places: readonly Place[];
  readonly gateway?: { readonly kind: 'internet-gateway' | 'peering'; readonly id: string };
  readonly missed: readonly Missed[];
};

/** Where packets of a path start. Nothing changes the sender of what comes in from the internet: it is the one that the destination sees. */
export function sourceEnd(world: World, { source, atSource, atDestination, destination }: PathQuestion): PathEnd {
  const isOutside = getRecord(world, 'internetGateways', source) !== undefined;
  const wanted = atSource.sourceAddress ?? (isOutside ? atDestination.sourceAddress : undefined);
  const end = endOf(world, source, { address: wanted, other: destination });
  const at = atSource.sourceAddress === undefined ? 'destination' : 'source';
  return wanted === undefined ? end : narrowed(end, source, { wanted, filter: filterAt(at, 'source-address') });
}

/** Where packets of a path go. */
export function destinationEnd(world: World, question: PathQuestion): PathEnd {
  const { destination, atSource, atDestination, source, destinationIp } = question;
  if (destination === undefined) return addressEnd(world, question);
  const wanted = destinationIp ?? atDestination.destinationAddress ?? atSource.destinationAddress;
  const end = endOf(world, destination, { address: wanted, other: source });
  const reached = withPublicSides(end, question);
  if (wanted === undefined) return reached;
  const filter =
    atSource.destinationAddress === undefined || atDestination.destinationAddress !== undefined
      ? filterAt('destination', 'destination-address')
      : filterAt('source', 'destination-address');
  return narrowed(reached, destination, { wanted, filter });
}

function filterAt(at: 'source' | 'destination', field: 'source-address' | 'destination-address'): Missed {
  return { kind: 'filter', at, field };
}

function endOf(
  world: World,
  id: string,
  { address, other }: { readonly address: Address | undefined; readonly other: string | undefined },
): PathEnd {
  const gateway = getRecord(world, 'internetGateways', id);
  if (gateway !== undefined) {
    if (gateway.vpcId === undefined) return nowhere({ kind: 'unattached', id });
    const places =
      address === undefined
        ? internetPlaces(world)
        : externalPlaces(world, [hostCidr(address)]).filter((place) => place.kind === 'internet');
    return { places, gateway: { kind: 'internet-gateway', id }, missed: [] };
  }
  const peering = getRecord(world, 'peerings', id);
  if (peering !== undefined) return peeringEnd(world, peering, other);
  const enis = enisOfId(world, id);
  if (enis === undefined) return nowhere({ kind: 'no-end', id });
  const places = enis.flatMap(placesOfEni);
  return places.length === 0 ? nowhere({ kind: 'unattached', id }) : { places, missed: [] };
}

function nowhere(missed: Missed): PathEnd {
  return { places: [], missed: [missed] };
}

/** The interfaces of an instance, or the one that an id names; undefined where there is no such record. */
export function enisOfId(world: World, id: string): readonly Eni[] | undefined {
  const eni = getRecord(world, 'enis', id);
  if (eni !== undefined) return [eni];
  return getRecord(world, 'instances', id) === undefined ? undefined : enisOf(world, 'enisByInstance', id);
}

/** What is behind a peering connection: the interfaces of the VPC that the other end is not in; its addresses where the world does not hold that VPC. */
function peeringEnd(world: World, peering: PeeringConnection, other: string | undefined): PathEnd {
  const near = new Set((other === undefined ? undefined : enisOfId(world, other))?.map((eni) => eni.vpcId));
  const far = [peering.requester, peering.accepter].filter((side) => !near.has(side.vpcId));
  const places = far.flatMap((side): readonly Place[] =>
    getRecord(world, 'vpcs', side.vpcId) === undefined
      ? side.cidrs.map((cidr) => ({ kind: 'elsewhere', family: cidr.family, space: [cidr] }))
      : sortEnis(world, ordinaryEnis(world, side.vpcId)).flatMap(placesOfEni),
  );
  const end: PathEnd = { places, gateway: { kind: 'peering', id: peering.id }, missed: [] };
  return places.length === 0 ? { ...end, missed: [{ kind: 'unattached', id: peering.id }] } : end;
}

/** An address alone: whose it is, the packet finds out. From the internet it must be a public one of an interface. */
function addressEnd(world: World, { source, atSource, atDestination, destinationIp }: PathQuestion): PathEnd {
  const address = atSource.destinationAddress ?? destinationIp ?? atDestination.destinationAddress;
  if (address === undefined) return nowhere({ kind: 'no-end', id: '' });
  if (getRecord(world, 'internetGateways', source) === undefined)
    return { places: [{ kind: 'internet', family: address.family, space: [hostCidr(address)] }], missed: [] };
  const id = indexedId(world, 'enisByPublicAddress', formatAddress(address));
  const eni = id === undefined ? undefined : getRecord(world, 'enis', id);
  const own = eni?.addresses.find(({ address: inside, public: seen }) =>
    sameAddress(address.family === 'ipv6' ? inside : (seen?.address ?? inside), address),
  );
  if (eni === undefined || own === undefined)
    return nowhere({ kind: 'not-public', id: source, address: formatAddress(address) });
  return { places: [eniPlaceAt(eni, own.address)], missed: [] };
}

/** Packets of a VPC reach an interface under its public address, too, where the question asks for that address. */
function withPublicSides(end: PathEnd, { destinationIp, atSource }: PathQuestion): PathEnd {
  const wanted = [destinationIp, atSource.destinationAddress].filter((one) => one !== undefined);
  const sides = end.places.flatMap((place): readonly EniPlace[] =>
    place.kind === 'eni' &&
    place.family === 'ipv4' &&
    wanted.some((one) => place.public !== undefined && sameAddress(place.public, one))
      ? [{ ...place, asked: 'public' }]
      : [],
  );
  return sides.length === 0 ? end : { ...end, places: [...end.places, ...sides] };
}

/** The places that have an address, on either side of a translation. */
function narrowed(
  end: PathEnd,
  id: string,
  { wanted, filter }: { readonly wanted: Address; readonly filter: Missed },
): PathEnd {
  if (end.missed.length > 0) return end;
  const places = end.places.flatMap((place): readonly Place[] => {
    if (place.kind !== 'eni') return spaceHas(place.space, wanted) ? [{ ...place, space: [hostCidr(wanted)] }] : [];
    if (spaceHas(place.space, wanted)) return [{ ...place, space: [hostCidr(wanted)] }];
    return place.public !== undefined && sameAddress(place.public, wanted) ? [place] : [];
  });
  if (places.length > 0) return { ...end, places };
  const missed: Missed =
    end.gateway?.kind === 'internet-gateway' ? { kind: 'not-public', id, address: formatAddress(wanted) } : filter;
  return { ...end, places: [], missed: [missed] };
}
