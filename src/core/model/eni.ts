import { type Address, sameAddress } from '../net/address.ts';
import { type Cidr, cidrContains } from '../net/cidr.ts';
import type { AllocationId, EniId, GroupId, InstanceId, SubnetId, VpcId } from './ids.ts';
import type { Tags } from './tag.ts';

/** One address of an ENI; a public IPv4 address stands behind a private one, translated 1:1 at the internet gateway. */
export type EniAddress = {
  readonly address: Address;
  readonly isPrimary: boolean;
  readonly public?: {
    readonly address: Address;
    readonly allocationId?: AllocationId;
    readonly associationId?: string;
    /** Set where it is not known whether there is a public address: what would have to be known. */
    readonly doubt?: string;
  };
};

/** Idle timeouts in seconds; an absent one is AWS's default (E2:conntrack, API ConnectionTrackingSpecification). */
export type ConnectionTimeouts = {
  readonly tcpEstablishedSeconds?: number;
  readonly udpStreamSeconds?: number;
  readonly udpSeconds?: number;
};

/** What each timeout may be set to, both ends included (E2:conntrack). */
export const TIMEOUT_RANGES: Readonly<
  Record<keyof ConnectionTimeouts, { readonly from: number; readonly to: number }>
> = {
  tcpEstablishedSeconds: { from: 60, to: 432_000 },
  udpStreamSeconds: { from: 60, to: 180 },
  udpSeconds: { from: 30, to: 60 },
};

/** A network interface: the unit to which policy attaches. */
export type Eni = {
  readonly id: EniId;
  readonly vpcId: VpcId;
  readonly subnetId: SubnetId;
  readonly ownerId: string;
  readonly groups: readonly GroupId[];
  /** Set where `groups` may lack some: what would have to be known. */
  readonly groupDoubt?: string;
  /** IPv4 first, the primary address before the others, then IPv6. */
  readonly addresses: readonly EniAddress[];
  /** Delegated prefixes (/28 IPv4, /80 IPv6): every address in them belongs to the ENI. */
  readonly prefixes: readonly Cidr[];
  readonly sourceDestCheck: boolean;
  /** AWS's InterfaceType: `interface`, `nat_gateway`, `network_load_balancer`, … */
  readonly interfaceType: string;
  readonly status: string;
  readonly description: string;
  readonly attachment?: {
    readonly instanceId?: InstanceId;
    readonly deviceIndex: number;
    readonly attachmentId?: string;
  };
  readonly timeouts: ConnectionTimeouts;
  readonly tags: Tags;
};

/** A machine. Its ENIs are those whose attachment names it. */
export type Instance = { readonly id: InstanceId; readonly state: string; readonly tags: Tags };

/** Whether the address is one of the ENI's own: primary, secondary, IPv6 or inside a delegated prefix. */
export function eniOwns(eni: Eni, address: Address): boolean {
  return (
    eni.addresses.some((own) => sameAddress(own.address, address)) ||
    eni.prefixes.some((prefix) => cidrContains(prefix, address))
  );
}

/** Who an ENI is as long as it stays attached: once it is attached anew, it is somebody else to those who remember its flows. */
export function attachedAs({ id, attachment }: Eni): string {
  return [id, attachment?.instanceId ?? '', attachment?.attachmentId ?? ''].join(' ');
}

/** Kinds of interface that AWS runs without security groups when none is attached (V:nat-gateway-basics, NLB). */
const UNFILTERED: ReadonlySet<string> = new Set([
  'nat_gateway',
  'network_load_balancer',
  'gateway_load_balancer',
  'gateway_load_balancer_endpoint',
  'transit_gateway',
]);

/** Whether no security group filters the ENI at all; an ordinary interface always has one. */
export function isUnfiltered(eni: Eni): boolean {
  return eni.groups.length === 0 && eni.groupDoubt === undefined && UNFILTERED.has(eni.interfaceType);
}
