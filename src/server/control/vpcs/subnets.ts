import { type Cidr, cidrCovers, cidrsOverlap, formatCidr, parseCidr } from '../../../core/net/cidr.ts';
import { ok, type Result } from '../../../core/net/result.ts';
import { asId } from '../../../core/model/ids.ts';
import type { Tags } from '../../../core/model/tag.ts';
import type { Subnet, Vpc } from '../../../core/model/vpc.ts';
import type { SubnetDetail } from '../details/vpc-detail.ts';
import type { Draft } from '../draft.ts';
import { type Env, newId, zonesOf } from '../env.ts';
import { invalidCombination, missingParameter, type Refusal } from '../refusal.ts';
import { associationIdOf, subnetDetailOf } from './vpc-details.ts';
import {
  cidrInUse,
  cidrMalformed,
  nativeWithIpv4,
  nativeWithoutIpv6,
  subnetAssociationNotFound,
  subnetConflict,
  subnetInUse,
  subnetNotFound,
  subnetRange,
  subnetsLimit,
  subnetWithoutIpv6,
  vpcNotFound,
  zoneUnknown,
} from './vpc-refusals.ts';

export type CreateSubnet = {
  readonly vpcId: string;
  readonly cidr: string | undefined;
  readonly ipv6Cidr: string | undefined;
  /** A zone's name or id; the first zone when absent. */
  readonly zone: string | undefined;
  readonly ipv6Native: boolean;
  /** A default subnet gives public addresses to what is launched in it (API CreateDefaultSubnet). */
  readonly isDefaultForZone: boolean;
  readonly tags: Tags;
};

/** A subnet inside its VPC, apart from all others, under the VPC's default NACL and main route table (API CreateSubnet). */
export function createSubnet(draft: Draft, asked: CreateSubnet, env: Env): Result<Subnet, Refusal> {
  const vpc = draft.get('vpcs', asked.vpcId);
  if (vpc === undefined) return vpcNotFound(asked.vpcId);
  if (asked.ipv6Native && asked.cidr !== undefined) return nativeWithIpv4();
  if (asked.ipv6Native && asked.ipv6Cidr === undefined) return nativeWithoutIpv6();
  if (!asked.ipv6Native && asked.cidr === undefined) return missingParameter('CidrBlock');
  const zone = zoneNamed(env, asked.zone);
  if (!zone.ok) return zone;
  const siblings = draft.listBy('subnetsByVpc', vpc.id);
  if (siblings.length >= env.limits.subnetsPerVpc) return subnetsLimit();
  const cidrs: Cidr[] = [];
  for (const [family, text] of [
    ['ipv4', asked.cidr],
    ['ipv6', asked.ipv6Cidr],
  ] as const) {
    if (text === undefined) continue;
    const cidr = subnetCidr({ vpc, siblings }, family, text);
    if (!cidr.ok) return cidr;
    cidrs.push(cidr.value);
  }
  const acl = draft.listBy('aclsByVpc', vpc.id).find(({ isDefault }) => isDefault);
  const subnet: Subnet = {
    id: asId(newId(env, 'subnet')),
    vpcId: vpc.id,
    cidrs,
    availabilityZone: zone.value,
    ...(acl === undefined ? {} : { networkAcl: { associationId: newId(env, 'aclassoc'), aclId: acl.id } }),
    mapPublicIpOnLaunch: asked.isDefaultForZone,
    assignIpv6OnCreation: asked.ipv6Native,
    tags: asked.tags,
  };
  draft.put('subnets', subnet);
  draft.put('subnetDetails', {
    ...subnetDetailOf(draft, subnet),
    isDefaultForZone: asked.isDefaultForZone,
    cidrAssociations: Object.fromEntries(
      cidrs
        .filter(({ family }) => family === 'ipv6')
        .map((cidr) => [formatCidr(cidr), newId(env, 'subnet-cidr-assoc')]),
    ),
  });
  return ok(subnet);
}

/** A zone's name from its name or id. */
export function zoneNamed({ realm }: Env, asked: string | undefined): Result<string, Refusal> {
  const zones = zonesOf(realm.region);
  const found = asked === undefined ? zones[0] : zones.find(({ name, id }) => name === asked || id === asked);
  if (found !== undefined) return ok(found.name);
  return zoneUnknown(
    asked ?? '',
    zones.map(({ name }) => name),
  );
}

type Surroundings = { readonly vpc: Vpc; readonly siblings: readonly Subnet[] };

/** A CIDR that a subnet may have: /16 to /28, or /44 to /64 in steps of four, inside the VPC and apart from its siblings (V:subnet-sizing). */
function subnetCidr({ vpc, siblings }: Surroundings, family: Cidr['family'], text: string): Result<Cidr, Refusal> {
  const cidr = parseCidr(text);
  if (!cidr.ok || cidr.value.family !== family)
    return cidrMalformed(family === 'ipv4' ? 'cidrBlock' : 'ipv6CidrBlock', text);
  const { length } = cidr.value;
  const hasSize = family === 'ipv4' ? length >= 16 && length <= 28 : length >= 44 && length <= 64 && length % 4 === 0;
  if (!hasSize || !vpc.cidrs.some((outer) => cidrCovers(outer, cidr.value))) return subnetRange(text);
  const taken = siblings.some(({ cidrs }) => cidrs.some((other) => cidrsOverlap(other, cidr.value)));
  return taken ? subnetConflict(text) : ok(cidr.value);
}

/** Deletes a subnet in which no interface is (API DeleteSubnet). */
export function deleteSubnet(draft: Draft, subnetId: string): Result<Subnet, Refusal> {
  const subnet = draft.get('subnets', subnetId);
  if (subnet === undefined) return subnetNotFound(subnetId);
  const holders = draft.listBy('enisBySubnet', subnetId);
  if (holders.length > 0)
    return subnetInUse(
      subnetId,
      holders.map(({ id }) => id),
    );
  draft.remove('subnets', subnetId);
  draft.remove('subnetDetails', subnetId);
  return ok(subnet);
}

/** The attributes of a subnet that may be changed, one a call (API ModifySubnetAttribute). */
export type SubnetAttributes = Partial<
  Pick<Subnet, 'mapPublicIpOnLaunch' | 'assignIpv6OnCreation'> &
    Pick<SubnetDetail, 'enableDns64' | 'hostnameType' | 'resourceNameDnsA' | 'resourceNameDnsAaaa'>
>;

/** Changes one attribute of a subnet. What needs IPv6 is refused without. */
export function modifySubnet(draft: Draft, subnetId: string, changes: SubnetAttributes): Result<Subnet, Refusal> {
  const subnet = draft.get('subnets', subnetId);
  if (subnet === undefined) return subnetNotFound(subnetId);
  if (Object.keys(changes).length !== 1) return invalidCombination('Exactly one attribute must be specified');
  const hasIpv6 = subnet.cidrs.some(({ family }) => family === 'ipv6');
  if (!hasIpv6 && (changes.assignIpv6OnCreation === true || changes.enableDns64 === true))
    return subnetWithoutIpv6(subnetId);
  const { mapPublicIpOnLaunch, assignIpv6OnCreation, ...details } = changes;
  draft.put('subnetDetails', { ...subnetDetailOf(draft, subnet), ...details });
  const changed: Subnet = {
    ...subnet,
    ...(mapPublicIpOnLaunch === undefined ? {} : { mapPublicIpOnLaunch }),
    ...(assignIpv6OnCreation === undefined ? {} : { assignIpv6OnCreation }),
  };
  draft.put('subnets', changed);
  return ok(changed);
}

/** An IPv6 CIDR of a subnet under its association's id. */
export type SubnetCidr = { readonly subnet: Subnet; readonly cidr: Cidr; readonly associationId: string };

/** Gives a subnet an IPv6 CIDR (API AssociateSubnetCidrBlock). */
export function associateSubnetCidr(
  draft: Draft,
  asked: { readonly subnetId: string; readonly ipv6Cidr: string },
  env: Env,
): Result<SubnetCidr, Refusal> {
  const subnet = draft.get('subnets', asked.subnetId);
  if (subnet === undefined) return subnetNotFound(asked.subnetId);
  const vpc = draft.get('vpcs', subnet.vpcId);
  if (vpc === undefined) return vpcNotFound(subnet.vpcId);
  const cidr = subnetCidr({ vpc, siblings: draft.listBy('subnetsByVpc', vpc.id) }, 'ipv6', asked.ipv6Cidr);
  if (!cidr.ok) return cidr;
  const grown: Subnet = { ...subnet, cidrs: [...subnet.cidrs, cidr.value] };
  const associationId = newId(env, 'subnet-cidr-assoc');
  const detail = subnetDetailOf(draft, subnet);
  draft.put('subnets', grown);
  draft.put('subnetDetails', {
    ...detail,
    cidrAssociations: { ...detail.cidrAssociations, [formatCidr(cidr.value)]: associationId },
  });
  return ok({ subnet: grown, cidr: cidr.value, associationId });
}

/** Takes an IPv6 CIDR from a subnet when no interface has an address of it (API DisassociateSubnetCidrBlock). */
export function disassociateSubnetCidr(draft: Draft, associationId: string): Result<SubnetCidr, Refusal> {
  for (const subnet of draft.list('subnets')) {
    const detail = subnetDetailOf(draft, subnet);
    const cidr = subnet.cidrs.find((one) => one.family === 'ipv6' && associationIdOf(detail, one) === associationId);
    if (cidr === undefined) continue;
    const holders = draft
      .listBy('enisBySubnet', subnet.id)
      .filter(
        ({ addresses, prefixes }) =>
          addresses.some(({ address }) => address.family === 'ipv6') ||
          prefixes.some(({ family }) => family === 'ipv6'),
      );
    if (holders.length > 0)
      return cidrInUse(
        formatCidr(cidr),
        holders.map(({ id }) => id),
      );
    const shrunk: Subnet = {
      ...subnet,
      cidrs: subnet.cidrs.filter((one) => one !== cidr),
      assignIpv6OnCreation: false,
    };
    draft.put('subnets', shrunk);
    return ok({ subnet: shrunk, cidr, associationId });
  }
  return subnetAssociationNotFound(associationId);
}
