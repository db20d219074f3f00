import { offsetAddress, type Address, formatAddress } from '../net/address.ts';
import {
  type Cidr,
  cidrContains,
  cidrCovers,
  cidrOf,
  cidrsOverlap,
  formatCidr,
  hostCidr,
  lastAddress,
  parseCidr,
  sameCidr,
} from '../net/cidr.ts';
import { nearestCovers } from '../net/overlap.ts';
import { expectOk } from '../net/result.ts';
import { type Eni, TIMEOUT_RANGES } from './eni.ts';
import type { NatAddress, NatGateway, PeeringSide } from './gateway.ts';
import type { SubnetId, VpcId } from './ids.ts';
import type { RecordRef, Violation } from './violation.ts';
import type { Vpc } from './vpc.ts';
import { eniAt, getRecord, listRecords, type World } from './world.ts';

/** Where a world breaks the invariants of address space: VPC and subnet CIDRs, and who holds which address. */
export function* spaceViolations(world: World): Generator<Violation, void, undefined> {
  for (const vpc of listRecords(world, 'vpcs')) yield* vpcViolations(vpc);
  yield* peeringViolations(world);
  yield* subnetViolations(world);
  for (const eni of listRecords(world, 'enis')) {
    yield* prefixViolations(eni);
    yield* timeoutViolations(eni);
  }
  const holdings = [...allHoldings(world)];
  for (const holding of holdings) yield* placeViolations(world, holding);
  for (const held of Map.groupBy(holdings, (holding) => holding.vpcId).values()) yield* takenViolations(held);
  yield* publicViolations(world);
}

/** Address space that no VPC may have (V:vpc-cidr-blocks). */
const FORBIDDEN: readonly Cidr[] = ['0.0.0.0/8', '127.0.0.0/8', '169.254.0.0/16', '224.0.0.0/4'].map((text) =>
  expectOk(parseCidr(text)),
);

function* vpcViolations(vpc: Vpc): Generator<Violation, void, undefined> {
  const records: readonly RecordRef[] = [{ kind: 'vpcs', id: vpc.id }];
  for (const cidr of vpc.cidrs) {
    if (!hasSize(cidr, 60))
      yield {
        name: 'vpc-cidr-size',
        records,
        message: `${vpc.id} has ${formatCidr(cidr)}, a size that AWS does not offer`,
      };
    const forbidden = FORBIDDEN.find((other) => cidrsOverlap(other, cidr));
    if (forbidden !== undefined)
      yield {
        name: 'forbidden-cidr',
        records,
        message: `${vpc.id} has ${formatCidr(cidr)}, which meets ${formatCidr(forbidden)}`,
      };
  }
  for (const [outer, inner] of nearestCovers(vpc.cidrs.map((cidr) => ({ cidr }))))
    yield {
      name: 'vpc-cidr-overlap',
      records,
      message: `${vpc.id} has ${formatCidr(inner.cidr)} within ${formatCidr(outer.cidr)}`,
    };
}

/** AWS refuses a peering of VPCs with common addresses, and a CIDR that would make one (V:vpc-cidr-blocks). */
function* peeringViolations(world: World): Generator<Violation, void, undefined> {
  for (const peering of listRecords(world, 'peerings')) {
    if (peering.status !== 'active') continue;
    const theirs = sideCidrs(world, peering.accepter);
    for (const cidr of sideCidrs(world, peering.requester)) {
      const common = theirs.find((other) => cidrsOverlap(cidr, other));
      if (common === undefined) continue;
      const records: readonly RecordRef[] = [
        { kind: 'peerings', id: peering.id },
        { kind: 'vpcs', id: peering.requester.vpcId },
        { kind: 'vpcs', id: peering.accepter.vpcId },
      ];
      const message = `${peering.id} joins ${formatCidr(cidr)} of ${peering.requester.vpcId} and ${formatCidr(common)} of ${peering.accepter.vpcId}`;
      yield { name: 'vpc-cidr-overlap', records, message };
    }
  }
}

/** The CIDRs of a side as its VPC has them now, else as the peering tells. */
function sideCidrs(world: World, side: PeeringSide): readonly Cidr[] {
  return getRecord(world, 'vpcs', side.vpcId)?.cidrs ?? side.cidrs;
}

function* subnetViolations(world: World): Generator<Violation, void, undefined> {
  const subnets = [...listRecords(world, 'subnets')];
  for (const subnet of subnets) {
    const vpc = getRecord(world, 'vpcs', subnet.vpcId);
    const records: readonly RecordRef[] = [{ kind: 'subnets', id: subnet.id }];
    for (const cidr of subnet.cidrs) {
      const text = formatCidr(cidr);
      if (!hasSize(cidr, 64))
        yield {
          name: 'subnet-cidr-size',
          records,
          message: `${subnet.id} has ${text}, a size that AWS does not offer`,
        };
      if (vpc !== undefined && !vpc.cidrs.some((outer) => cidrCovers(outer, cidr)))
        yield { name: 'subnet-outside-vpc', records, message: `${subnet.id} has ${text}, which is not in ${vpc.id}` };
    }
  }
  for (const siblings of Map.groupBy(subnets, (subnet) => subnet.vpcId).values()) {
    const blocks = siblings.flatMap(({ id, cidrs }) => cidrs.map((cidr) => ({ id, cidr })));
    for (const pair of nearestCovers(blocks)) {
      const [outer, inner] = laterLast(pair, (block) => block.id);
      yield {
        name: 'subnet-overlap',
        records: [inner.id, outer.id].map((id) => ({ kind: 'subnets', id })),
        message: `${inner.id} has ${formatCidr(inner.cidr)}, which meets ${formatCidr(outer.cidr)} of ${outer.id}`,
      };
    }
  }
}

/** Whether AWS offers blocks of this length: /16 to /28 of IPv4; /44 to `longestIpv6` of IPv6 in steps of four. */
function hasSize({ family, length }: Cidr, longestIpv6: number): boolean {
  if (family === 'ipv4') return length >= 16 && length <= 28;
  return length >= 44 && length <= longestIpv6 && length % 4 === 0;
}

/** One address or delegated prefix that something in a subnet holds. A NAT gateway and its own interface are one holder. */
type Holding = {
  readonly cidr: Cidr;
  readonly record: RecordRef;
  readonly holder: string;
  readonly vpcId: VpcId;
  readonly subnetId: SubnetId;
};

function* allHoldings(world: World): Generator<Holding, void, undefined> {
  for (const eni of listRecords(world, 'enis')) {
    const { vpcId, subnetId } = eni;
    const record: RecordRef = { kind: 'enis', id: eni.id };
    for (const own of eni.addresses) yield { cidr: hostCidr(own.address), record, holder: eni.id, vpcId, subnetId };
    for (const cidr of eni.prefixes) yield { cidr, record, holder: eni.id, vpcId, subnetId };
  }
  for (const [nat, own] of natAddresses(world)) {
    const { vpcId, subnetId } = nat;
    const record: RecordRef = { kind: 'natGateways', id: nat.id };
    yield { cidr: hostCidr(own.private), record, holder: natHolder(world, nat, own), vpcId, subnetId };
  }
}

/** Addresses of the NAT gateways that still hold theirs; AWS lists deleted and failed ones for an hour. */
function* natAddresses(world: World): Generator<readonly [NatGateway, NatAddress], void, undefined> {
  for (const nat of listRecords(world, 'natGateways')) {
    if (nat.state === 'deleted' || nat.state === 'failed') continue;
    for (const own of nat.addresses) yield [nat, own];
  }
}

/** The gateway's own interface as its record names it, or as it stands at the address; the gateway where there is none. */
function natHolder(world: World, nat: NatGateway, own: NatAddress): string {
  if (own.eniId !== undefined) return own.eniId;
  const eni = eniAt(world, nat.vpcId, own.private);
  return eni?.interfaceType === 'nat_gateway' ? eni.id : nat.id;
}

function* timeoutViolations(eni: Eni): Generator<Violation, void, undefined> {
  for (const name of ['tcpEstablishedSeconds', 'udpStreamSeconds', 'udpSeconds'] as const) {
    const seconds = eni.timeouts[name];
    const { from, to } = TIMEOUT_RANGES[name];
    if (seconds === undefined || (seconds >= from && seconds <= to)) continue;
    const message = `${eni.id} has a timeout of ${seconds} s, which AWS takes from ${from} to ${to} only`;
    yield { name: 'timeout-range', records: [{ kind: 'enis', id: eni.id }], message };
  }
}

/** Prefixes of other lengths would also not be found by `eniAt`. */
function* prefixViolations(eni: Eni): Generator<Violation, void, undefined> {
  for (const prefix of eni.prefixes) {
    if (prefix.length === (prefix.family === 'ipv4' ? 28 : 80)) continue;
    const message = `${eni.id} has ${formatCidr(prefix)}, a length that AWS does not delegate`;
    yield { name: 'prefix-length', records: [{ kind: 'enis', id: eni.id }], message };
  }
}

function* placeViolations(world: World, holding: Holding): Generator<Violation, void, undefined> {
  const { cidr, record } = holding;
  const subnet = getRecord(world, 'subnets', holding.subnetId);
  if (subnet === undefined) return;
  const records: readonly RecordRef[] = [record, { kind: 'subnets', id: subnet.id }];
  const block = subnet.cidrs.find((outer) => cidrCovers(outer, cidr));
  if (block === undefined) {
    yield {
      name: 'address-outside-subnet',
      records,
      message: `${record.id} has ${heldText(cidr)}, which is not in ${subnet.id}`,
    };
  } else if (meetsReserved(block, cidr)) {
    const message = `${record.id} has ${heldText(cidr)}, which meets the reserved addresses of ${formatCidr(block)}`;
    yield { name: 'reserved-address', records, message };
  }
}

/** Whether a prefix in a subnet CIDR has its network, router, DNS or future address, or the last one (V:subnet-sizing). */
function meetsReserved(block: Cidr, held: Cidr): boolean {
  const fourth = offsetAddress(block.base, 3);
  const firstFour = cidrOf(fourth, fourth.family === 'ipv4' ? 30 : 126);
  return cidrsOverlap(firstFour, held) || cidrContains(held, lastAddress(block));
}

function* takenViolations(holdings: readonly Holding[]): Generator<Violation, void, undefined> {
  for (const pair of nearestCovers(holdings)) {
    const [outer, inner] = laterLast(pair, (holding) => holding.record.id);
    if (outer.holder === inner.holder) continue;
    const within = isHost(outer.cidr) ? '' : ` within ${formatCidr(outer.cidr)}`;
    const message = `${inner.record.id} has ${heldText(inner.cidr)}, which ${outer.record.id} has already${within}`;
    yield { name: 'address-taken', records: [inner.record, outer.record], message };
  }
}

function* publicViolations(world: World): Generator<Violation, void, undefined> {
  const firsts = new Map<string, PublicHolding>();
  for (const holding of publicHoldings(world)) {
    const text = formatAddress(holding.address);
    const first = firsts.get(text);
    if (first === undefined) firsts.set(text, holding);
    if (first === undefined || first.holder === holding.holder) continue;
    const [older, newer] = first.record.id < holding.record.id ? [first, holding] : [holding, first];
    const message = `${newer.record.id} has the public address ${text}, which ${older.record.id} has already`;
    yield { name: 'address-taken', records: [newer.record, older.record], message };
  }
}

type PublicHolding = { readonly address: Address; readonly holder: string; readonly record: RecordRef };

function* publicHoldings(world: World): Generator<PublicHolding, void, undefined> {
  for (const eni of listRecords(world, 'enis')) yield* publicAddresses(eni);
  for (const [nat, own] of natAddresses(world)) {
    if (own.public === undefined) continue;
    const record: RecordRef = { kind: 'natGateways', id: nat.id };
    yield { address: own.public, holder: natHolder(world, nat, own), record };
  }
}

function* publicAddresses(eni: Eni): Generator<PublicHolding, void, undefined> {
  for (const own of eni.addresses)
    if (own.public !== undefined)
      yield { address: own.public.address, holder: eni.id, record: { kind: 'enis', id: eni.id } };
}

/** Of two that claim the same prefix the one with the later id is said to be at fault. */
function laterLast<T extends { readonly cidr: Cidr }>(
  [outer, inner]: readonly [T, T],
  idOf: (claim: T) => string,
): readonly [T, T] {
  return sameCidr(outer.cidr, inner.cidr) && idOf(inner) < idOf(outer) ? [inner, outer] : [outer, inner];
}

function isHost(cidr: Cidr): boolean {
  return cidr.length === (cidr.family === 'ipv4' ? 32 : 128);
}

function heldText(cidr: Cidr): string {
  return isHost(cidr) ? formatAddress(cidr.base) : formatCidr(cidr);
}
