import type {
  NetworkInterface,
  NetworkInterfaceAssociation,
  NetworkInterfaceAttachment,
  NetworkInterfaceIpv6Address,
  NetworkInterfacePrivateIpAddress,
} from '@aws-sdk/client-ec2';
import { type Address, formatAddress } from '../../core/net/address.ts';
import { type Cidr, formatCidr } from '../../core/net/cidr.ts';
import type { Eni, EniAddress } from '../../core/model/eni.ts';
import type { Draft } from '../control/draft.ts';
import { isPrimaryIpv6 } from '../control/enis/assign-addresses.ts';
import { eniDetailOf } from '../control/enis/eni-details.ts';
import { type Realm, zonesOf } from '../control/env.ts';
import { vpcDetailOf } from '../control/vpcs/vpc-details.ts';
import { privateDnsName, publicDnsName } from './dns-names.ts';
import { tagShapes } from './tags.ts';

/** A network interface as DescribeNetworkInterfaces shows it. */
export function eniShape(draft: Draft, eni: Eni, realm: Realm): NetworkInterface {
  const detail = eniDetailOf(draft, eni);
  const zone = draft.get('subnets', eni.subnetId)?.availabilityZone;
  const zoneId = zonesOf(realm.region).find(({ name }) => name === zone)?.id;
  const addresses = privateAddresses(draft, eni, realm);
  const primary = addresses.find(({ Primary: isPrimary }) => isPrimary === true);
  const attachment = attachmentShape(draft, eni);
  return {
    NetworkInterfaceId: eni.id,
    SubnetId: eni.subnetId,
    VpcId: eni.vpcId,
    ...(zone === undefined ? {} : { AvailabilityZone: zone }),
    ...(zoneId === undefined ? {} : { AvailabilityZoneId: zoneId }),
    Description: eni.description,
    OwnerId: eni.ownerId,
    RequesterManaged: detail.requesterManaged,
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the types of AWS's are open: new ones come
    InterfaceType: eni.interfaceType as NonNullable<NetworkInterface['InterfaceType']>,
    Status: eni.attachment === undefined ? 'available' : 'in-use',
    MacAddress: detail.macAddress,
    SourceDestCheck: eni.sourceDestCheck,
    Groups: groupShapes(draft, eni),
    ...(primary === undefined ? {} : primaryMembers(primary)),
    PrivateIpAddresses: addresses,
    Ipv6Addresses: ipv6Addresses(draft, eni),
    ...(addresses.length > 0 ? {} : { Ipv6Native: true }),
    Ipv4Prefixes: prefixTexts(eni, 'ipv4').map((Ipv4Prefix) => ({ Ipv4Prefix })),
    Ipv6Prefixes: prefixTexts(eni, 'ipv6').map((Ipv6Prefix) => ({ Ipv6Prefix })),
    ...(attachment === undefined ? {} : { Attachment: attachment }),
    ...timeoutsShape(eni),
    Operator: { Managed: false },
    TagSet: tagShapes(eni.tags),
  };
}

/** What an interface tells of its primary address beside the list. */
function primaryMembers(primary: NetworkInterfacePrivateIpAddress): Partial<NetworkInterface> {
  const { PrivateIpAddress, PrivateDnsName, Association } = primary;
  return {
    ...(PrivateIpAddress === undefined ? {} : { PrivateIpAddress }),
    ...(PrivateDnsName === undefined ? {} : { PrivateDnsName }),
    ...(Association === undefined ? {} : { Association }),
  };
}

/** The IPv4 addresses of an interface, the primary one first, with what stands behind each on the internet. */
export function privateAddresses(draft: Draft, eni: Eni, realm: Realm): NetworkInterfacePrivateIpAddress[] {
  return eni.addresses
    .filter(({ address }) => address.family === 'ipv4')
    .map((own) => {
      const association = associationShape(draft, eni, { own, realm });
      return {
        PrivateIpAddress: formatAddress(own.address),
        Primary: own.isPrimary,
        PrivateDnsName: privateDnsName(own.address, realm),
        ...(association === undefined ? {} : { Association: association }),
      };
    });
}

/** What stands behind an address on the internet; one that is no Elastic address is Amazon's (API NetworkInterfaceAssociation). */
export function associationShape(
  draft: Draft,
  eni: Eni,
  { own, realm }: { readonly own: EniAddress; readonly realm: Realm },
): NetworkInterfaceAssociation | undefined {
  if (own.public === undefined) return undefined;
  const { address, allocationId, associationId } = own.public;
  return {
    PublicIp: formatAddress(address),
    PublicDnsName: publicName(draft, eni, { address, realm }),
    IpOwnerId: allocationId === undefined ? 'amazon' : eni.ownerId,
    ...(allocationId === undefined ? {} : { AllocationId: allocationId }),
    ...(associationId === undefined ? {} : { AssociationId: associationId }),
  };
}

/** The public name of an address; empty in a VPC without DNS hostnames (V:vpc-dns). */
function publicName(
  draft: Draft,
  { vpcId }: Eni,
  { address, realm }: { readonly address: Address; readonly realm: Realm },
): string {
  const vpc = draft.get('vpcs', vpcId);
  const hasNames = vpc !== undefined && vpcDetailOf(draft, vpc).enableDnsHostnames;
  return hasNames ? publicDnsName(address, realm) : '';
}

/** The IPv6 addresses of an interface. */
export function ipv6Addresses(draft: Draft, eni: Eni): NetworkInterfaceIpv6Address[] {
  return eni.addresses
    .filter(({ address }) => address.family === 'ipv6')
    .map(({ address }) => ({
      Ipv6Address: formatAddress(address),
      IsPrimaryIpv6: isPrimaryIpv6(draft, eni, address),
    }));
}

/** The delegated prefixes of a family, as text. */
export function prefixTexts({ prefixes }: Eni, family: Cidr['family']): readonly string[] {
  return prefixes.filter((prefix) => prefix.family === family).map(formatCidr);
}

/** The groups of an interface with their names; one that is not known has none. */
export function groupShapes(draft: Draft, { groups }: Eni): { readonly GroupId: string; readonly GroupName: string }[] {
  return groups.map((GroupId) => ({ GroupId, GroupName: draft.get('groups', GroupId)?.name ?? '' }));
}

/** Who owns what an interface of a service is attached to. */
const SERVICE_OWNER = 'amazon-aws';

/** What an interface is attached to. */
export function attachmentShape(draft: Draft, eni: Eni): NetworkInterfaceAttachment | undefined {
  if (eni.attachment === undefined) return undefined;
  const { instanceId, deviceIndex, attachmentId } = eni.attachment;
  const { deleteOnTermination, attachTime } = eniDetailOf(draft, eni);
  return {
    ...(attachmentId === undefined ? {} : { AttachmentId: attachmentId }),
    ...(attachTime === undefined ? {} : { AttachTime: new Date(attachTime) }),
    DeleteOnTermination: deleteOnTermination,
    DeviceIndex: deviceIndex,
    NetworkCardIndex: 0,
    ...(instanceId === undefined ? {} : { InstanceId: instanceId }),
    InstanceOwnerId: attachmentOwner(eni),
    Status: 'attached',
  };
}

/** The account of the instance, or of the service. */
export function attachmentOwner({ attachment, ownerId }: Eni): string {
  return attachment?.instanceId === undefined ? SERVICE_OWNER : ownerId;
}

function timeoutsShape({ timeouts }: Eni): Pick<NetworkInterface, 'ConnectionTrackingConfiguration'> {
  const { tcpEstablishedSeconds, udpStreamSeconds, udpSeconds } = timeouts;
  if (tcpEstablishedSeconds === undefined && udpStreamSeconds === undefined && udpSeconds === undefined) return {};
  return {
    ConnectionTrackingConfiguration: {
      ...(tcpEstablishedSeconds === undefined ? {} : { TcpEstablishedTimeout: tcpEstablishedSeconds }),
      ...(udpStreamSeconds === undefined ? {} : { UdpStreamTimeout: udpStreamSeconds }),
      ...(udpSeconds === undefined ? {} : { UdpTimeout: udpSeconds }),
    },
  };
}
