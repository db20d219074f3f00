import type { Address } from '../../../core/net/address.ts';
import { ok, type Result } from '../../../core/net/result.ts';
import type { ConnectionTimeouts, Eni } from '../../../core/model/eni.ts';
import type { InstanceId } from '../../../core/model/ids.ts';
import type { Tags } from '../../../core/model/tag.ts';
import type { Subnet } from '../../../core/model/vpc.ts';
import type { Draft } from '../draft.ts';
import { attachEni } from '../enis/attach-eni.ts';
import type { Claim } from '../enis/claim.ts';
import { createEni } from '../enis/create-eni.ts';
import { eniNotFound } from '../enis/eni-refusals.ts';
import { modifyEni } from '../enis/modify-eni.ts';
import type { Env } from '../env.ts';
import { defaultVpc, groupFor } from '../groups/group-names.ts';
import { refuse, type Refusal } from '../refusal.ts';
import { zoneNamed } from '../vpcs/subnets.ts';
import { subnetDetailOf } from '../vpcs/vpc-details.ts';
import { subnetNotFound } from '../vpcs/vpc-refusals.ts';
import {
  addressesOfTypeLimit,
  deviceIndexes,
  deviceIndexMissing,
  existingInterfaceHas,
  interfacesLimit,
  namesWithSubnet,
  noDefaultSubnet,
  oneForMany,
  publicWithSeveral,
  withInterfaces,
  zoneOfOtherSubnet,
} from './instance-refusals.ts';
import type { InstanceType } from './instance-types.ts';

/** An interface that a launch asks for: a new one, or one that is there (`eniId`). */
export type InterfaceAsk = {
  readonly deviceIndex?: number | undefined;
  readonly eniId?: string | undefined;
  readonly subnetId?: string | undefined;
  readonly groupIds?: readonly string[] | undefined;
  readonly description?: string | undefined;
  readonly primary?: Address | undefined;
  readonly ipv4?: Claim | undefined;
  readonly ipv6?: Claim | undefined;
  readonly hasPrimaryIpv6?: boolean | undefined;
  readonly publicAddress?: boolean | undefined;
  readonly deleteOnTermination?: boolean | undefined;
  readonly timeouts?: ConnectionTimeouts | undefined;
};

/** What a launch says about the network, at its top and in its interfaces. */
export type NetworkAsk = {
  readonly zone: string | undefined;
  readonly subnetId: string | undefined;
  readonly groupIds: readonly string[];
  readonly groupNames: readonly string[];
  readonly primary: Address | undefined;
  readonly ipv6: Claim | undefined;
  /** None: one interface by what stands at the top. */
  readonly interfaces: readonly InterfaceAsk[];
};

/** What each instance of a launch gets. */
export type PlannedInterface = InterfaceAsk & {
  readonly deviceIndex: number;
  readonly subnetId: string;
  readonly wantsPublic: boolean;
};

/**
 * The interfaces of a launch, by device index, in subnets of one zone. Groups, subnet and addresses stand at the top or in the interfaces,
 * not both (API RunInstances); names of groups count in the default VPC alone.
 */
export function planInterfaces(
  draft: Draft,
  { ask, type, maxCount }: { readonly ask: NetworkAsk; readonly type: InstanceType; readonly maxCount: number },
  env: Env,
): Result<readonly PlannedInterface[], Refusal> {
  const { interfaces } = ask;
  const asks = interfaces.length === 0 ? topInterface(draft, ask) : ownInterfaces(ask, type);
  if (!asks.ok) return asks;
  const planned: PlannedInterface[] = [];
  for (const one of asks.value) {
    if (maxCount > 1 && one.eniId !== undefined) return oneForMany('A network interface');
    if (maxCount > 1 && one.primary !== undefined) return oneForMany('A private IP address');
    const subnet = subnetOf(draft, { one, zone: ask.zone }, env);
    if (!subnet.ok) return subnet;
    const isAlone = asks.value.length === 1;
    if (one.publicAddress === true && !isAlone) return publicWithSeveral();
    const bornPublic = isAlone && one.eniId === undefined && subnet.value.mapPublicIpOnLaunch;
    planned.push({
      ...one,
      deviceIndex: one.deviceIndex ?? 0,
      subnetId: subnet.value.id,
      wantsPublic: one.publicAddress ?? (bornPublic && hasIpv4(subnet.value)),
    });
  }
  return ok(planned.toSorted((a, b) => a.deviceIndex - b.deviceIndex));
}

function hasIpv4({ cidrs }: Subnet): boolean {
  return cidrs.some(({ family }) => family === 'ipv4');
}

function topInterface(draft: Draft, ask: NetworkAsk): Result<readonly InterfaceAsk[], Refusal> {
  const groups = new Set(ask.groupIds);
  const subnet = ask.subnetId === undefined ? undefined : draft.get('subnets', ask.subnetId);
  if (ask.groupNames.length > 0 && subnet !== undefined && draft.get('vpcs', subnet.vpcId)?.isDefault !== true)
    return namesWithSubnet();
  for (const groupName of ask.groupNames) {
    const group = groupFor(draft, { groupName });
    if (!group.ok) return group;
    groups.add(group.value.id);
  }
  return ok([
    {
      deviceIndex: 0,
      subnetId: ask.subnetId,
      ...(groups.size === 0 ? {} : { groupIds: [...groups] }),
      primary: ask.primary,
      ipv6: ask.ipv6,
    },
  ]);
}

function ownInterfaces(ask: NetworkAsk, type: InstanceType): Result<readonly InterfaceAsk[], Refusal> {
  const { interfaces } = ask;
  if (ask.groupIds.length > 0 || ask.groupNames.length > 0) return withInterfaces('security groups');
  if (ask.subnetId !== undefined) return withInterfaces('subnet ID');
  if (ask.primary !== undefined) return withInterfaces('private address');
  if (ask.ipv6 !== undefined) return withInterfaces('IPv6 address');
  if (interfaces.length > type.interfaces) return interfacesLimit(interfaces.length, type.name);
  const indexes = new Set(interfaces.map(({ deviceIndex }) => deviceIndex));
  if (indexes.has(undefined)) return deviceIndexMissing();
  if (indexes.size < interfaces.length || !indexes.has(0)) return deviceIndexes();
  for (const one of interfaces) {
    const fault = one.eniId === undefined ? undefined : existingFault(one);
    if (fault !== undefined) return fault;
  }
  return ok(interfaces);
}

/** An interface that is there has a subnet, groups and addresses already. */
function existingFault(ask: InterfaceAsk): ReturnType<typeof existingInterfaceHas> | undefined {
  const names: Partial<Record<keyof InterfaceAsk, string>> = {
    subnetId: 'a subnet',
    groupIds: 'security groups',
    description: 'a description',
    primary: 'a private IP address',
    ipv4: 'private IP addresses',
    ipv6: 'IPv6 addresses',
    hasPrimaryIpv6: 'a primary IPv6 address',
    publicAddress: 'a public IP address',
    timeouts: 'connection tracking settings',
  };
  for (const [member, name] of Object.entries(names))
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a key of the table
    if (ask[member as keyof InterfaceAsk] !== undefined) return existingInterfaceHas(name);
  return undefined;
}

/** The subnet of an interface; without one the default subnet of the zone, or of the first zone that has one. */
function subnetOf(
  draft: Draft,
  { one, zone }: { readonly one: InterfaceAsk; readonly zone: string | undefined },
  env: Env,
): Result<Subnet, Refusal> {
  const named = zone === undefined ? undefined : zoneNamed(env, zone);
  if (named?.ok === false) return named;
  const eni = one.eniId === undefined ? undefined : draft.get('enis', one.eniId);
  if (one.eniId !== undefined && eni === undefined) return eniNotFound(one.eniId);
  const id = eni?.subnetId ?? one.subnetId;
  if (id === undefined) return defaultSubnet(draft, named?.value);
  const subnet = draft.get('subnets', id);
  if (subnet === undefined) return subnetNotFound(id);
  const isThere = named === undefined || subnet.availabilityZone === named.value;
  return isThere ? ok(subnet) : zoneOfOtherSubnet(named.value, id);
}

function defaultSubnet(draft: Draft, zone: string | undefined): Result<Subnet, Refusal> {
  const vpc = defaultVpc(draft);
  if (vpc === undefined)
    return refuse(
      'VPCIdNotSpecified',
      'No default VPC for this user. GroupName is only supported for EC2-Classic and default VPC.',
    );
  const [subnet] = draft
    .listBy('subnetsByVpc', vpc.id)
    .filter((one) => subnetDetailOf(draft, one).isDefaultForZone)
    .filter(({ availabilityZone }) => zone === undefined || availabilityZone === zone)
    .toSorted((a, b) => ((a.availabilityZone ?? '') < (b.availabilityZone ?? '') ? -1 : 1));
  return subnet === undefined ? noDefaultSubnet(vpc.id, zone) : ok(subnet);
}

type Launched = { readonly instanceId: InstanceId; readonly type: InstanceType; readonly tags: Tags };

/** Makes and attaches one planned interface for one instance. */
export function makeInterface(
  draft: Draft,
  planned: PlannedInterface,
  launched: Launched,
  env: Env,
): Result<Eni, Refusal> {
  const made =
    planned.eniId === undefined
      ? createEni(draft, { ...planned, tags: launched.tags }, env)
      : ok({ id: planned.eniId });
  if (!made.ok) return made;
  const { instanceId, type } = launched;
  const { deviceIndex } = planned;
  const deleteOnTermination = planned.deleteOnTermination ?? planned.eniId === undefined;
  const attached = attachEni(draft, { eniId: made.value.id, instanceId, deviceIndex, deleteOnTermination }, env);
  if (!attached.ok) return attached;
  if (isTooMany(attached.value, type)) return addressesOfTypeLimit();
  if (!planned.wantsPublic) return attached;
  return modifyEni(draft, { eniId: attached.value.id, change: { kind: 'public-address', isOn: true } }, env);
}

/** Whether an interface has more addresses than the type lets one have; a prefix counts as one. */
export function isTooMany({ addresses, prefixes }: Eni, type: InstanceType): boolean {
  const ofFamily = (family: Address['family']): number =>
    addresses.filter(({ address }) => address.family === family).length +
    prefixes.filter((prefix) => prefix.family === family).length;
  return ofFamily('ipv4') > type.ipv4PerInterface || ofFamily('ipv6') > type.ipv6PerInterface;
}
