import { type Cidr, formatCidr } from '../../../core/net/cidr.ts';
import type { Subnet, Vpc } from '../../../core/model/vpc.ts';
import type { SubnetDetail, VpcDetail } from '../details/vpc-detail.ts';
import type { Draft } from '../draft.ts';
import { derivedId, type Realm } from '../env.ts';

/** What the API shows of a VPC. One that came without details has AWS's defaults (API CreateVpc, CreateDefaultVpc). */
export function vpcDetailOf(draft: Draft, vpc: Vpc): VpcDetail {
  return (
    draft.get('vpcDetails', vpc.id) ?? {
      id: vpc.id,
      instanceTenancy: 'default',
      enableDnsSupport: true,
      enableDnsHostnames: vpc.isDefault,
      enableNetworkAddressUsageMetrics: false,
      cidrAssociations: {},
    }
  );
}

/** What the API shows of a subnet. One that came without details has AWS's defaults (API CreateSubnet). */
export function subnetDetailOf(draft: Draft, subnet: Subnet): SubnetDetail {
  const isNative = subnet.cidrs.length > 0 && subnet.cidrs.every(({ family }) => family === 'ipv6');
  return (
    draft.get('subnetDetails', subnet.id) ?? {
      id: subnet.id,
      ipv6Native: isNative,
      enableDns64: false,
      hostnameType: isNative ? 'resource-name' : 'ip-name',
      resourceNameDnsA: false,
      resourceNameDnsAaaa: false,
      isDefaultForZone: subnet.mapPublicIpOnLaunch && draft.get('vpcs', subnet.vpcId)?.isDefault === true,
      cidrAssociations: {},
    }
  );
}

/** The id under which a CIDR is associated with a VPC or subnet. */
export function associationIdOf(detail: VpcDetail | SubnetDetail, cidr: Cidr): string {
  const text = formatCidr(cidr);
  const prefix = detail.id.startsWith('vpc-') ? 'vpc-cidr-assoc' : 'subnet-cidr-assoc';
  return detail.cidrAssociations[text] ?? derivedId(prefix, `${detail.id} ${text}`);
}

/** The one set of DHCP options that a realm has. */
export function dhcpOptionsIdOf({ accountId, region }: Realm): string {
  return derivedId('dopt', `${accountId} ${region}`);
}
