import type { BlockDeviceMapping, RunInstancesRequest, TagSpecification } from '@aws-sdk/client-ec2';
import { ok, type Result } from '../../core/net/result.ts';
import { base64Bytes } from '../control/base64.ts';
import type { DnsOptions, MetadataOptions } from '../control/details/instance-detail.ts';
import type { Realm } from '../control/env.ts';
import { userDataMalformed, userDataTooLong } from '../control/instances/instance-refusals.ts';
import type { LaunchAsk } from '../control/instances/launch.ts';

import type { BlockAsk } from '../control/instances/launch-volumes.ts';
import {
  invalidCombination,
  invalidParameter,
  missingParameter,
  type Refusal,
  unsupported,
} from '../control/refusal.ts';
import { addressOf } from './eni-input.ts';
import { refuseGiven } from './given.ts';
import { interfaceAskOf, ipv6Claim, textOf } from './interface-asks.ts';
import { specifiedTags } from './tags.ts';

/** Launch parameters: of RunInstances itself, or merged with a template's. */
export type LaunchInput = Partial<RunInstancesRequest>;

/** What AWS has and this server does not: machines that really run, and how they are paid for. */
const FOREIGN = [
  'AdditionalInfo',
  'CpuOptions',
  'ElasticGpuSpecification',
  'ElasticInferenceAccelerators',
  'InstanceMarketOptions',
  'KernelId',
  'LicenseSpecifications',
  'NetworkPerformanceOptions',
  'Operator',
  'RamdiskId',
  'SecondaryInterfaces',
] as const;

/** What clients send to say that they do not want it: only what every instance has anyway is let pass. */
function unwantedFault(input: LaunchInput): ReturnType<typeof unsupported> | undefined {
  const { CapacityReservationSpecification: capacity, MaintenanceOptions: maintenance } = input;
  if (input.HibernationOptions?.Configured === true) return unsupported('the parameter HibernationOptions');
  if (input.EnclaveOptions?.Enabled === true) return unsupported('the parameter EnclaveOptions');
  const isOpen = ['open', '', undefined].includes(capacity?.CapacityReservationPreference);
  if (!isOpen || capacity?.CapacityReservationTarget !== undefined)
    return unsupported('the parameter CapacityReservationSpecification');
  const isUsual = ['default', '', undefined].includes(maintenance?.AutoRecovery);
  return isUsual ? undefined : unsupported('the parameter MaintenanceOptions');
}

/** What a template may have beside that. */
const FOREIGN_IN_TEMPLATES = ['ElasticGpuSpecifications', 'InstanceRequirements', 'RamDiskId'] as const;
type InTemplates = { readonly [member in (typeof FOREIGN_IN_TEMPLATES)[number]]?: unknown };

/** The most interfaces that a launch is read for: more than any type has. */
const MOST_INTERFACES = 16;

/** Launch parameters in the words of the control plane. It looks at what stands in them, not at what is in the world. */
export function launchAskOf(input: LaunchInput, realm: Realm): Result<LaunchAsk, Refusal> {
  const foreign =
    refuseGiven<LaunchInput & InTemplates>(input, [...FOREIGN, ...FOREIGN_IN_TEMPLATES]) ?? unwantedFault(input);
  if (foreign !== undefined) return foreign;
  const zone = zoneOf(input.Placement);
  if (!zone.ok) return zone;
  const primaryText = textOf(input.PrivateIpAddress);
  const primary = primaryText === undefined ? ok(undefined) : addressOf('ipv4', primaryText);
  if (!primary.ok) return primary;
  const ipv6 = ipv6Claim(input);
  if (!ipv6.ok) return ipv6;
  if (input.EnablePrimaryIpv6 === true) return unsupported('EnablePrimaryIpv6 outside of a network interface');
  const interfaces = allOf(input.NetworkInterfaces ?? [], interfaceAskOf);
  if (!interfaces.ok) return interfaces;
  const blocks = allOf(input.BlockDeviceMappings ?? [], blockOf);
  if (!blocks.ok) return blocks;
  const shown = shownOf(input, realm);
  if (!shown.ok) return shown;
  const metadata = metadataOf(input.MetadataOptions ?? {});
  if (!metadata.ok) return metadata;
  const dns = dnsOf(input.PrivateDnsNameOptions ?? {});
  if (!dns.ok) return dns;
  const tags = specifiedTags(input.TagSpecifications, 'instance', 'network-interface', 'volume');
  if (!tags.ok) return tags;
  return ok({
    imageId: textOf(input.ImageId),
    instanceType: textOf(input.InstanceType),
    keyName: textOf(input.KeyName),
    zone: zone.value,
    subnetId: textOf(input.SubnetId),
    groupIds: input.SecurityGroupIds ?? [],
    groupNames: input.SecurityGroups ?? [],
    primary: primary.value,
    ipv6: ipv6.value,
    interfaces: interfaces.value,
    blocks: blocks.value,
    shown: shown.value,
    metadata: metadata.value,
    dns: dns.value,
    tags: {
      instance: tags.value.get('instance') ?? [],
      eni: tags.value.get('network-interface') ?? [],
      volume: tags.value.get('volume') ?? [],
    },
  });
}

/**
 * Launch parameters of a call over those of a template: what the call gives stands, as a whole (API RunInstances). Tags go by the type of
 * resource.
 */
export function mergeLaunch(template: LaunchInput, call: LaunchInput): LaunchInput {
  const given: LaunchInput = Object.fromEntries(
    Object.entries(call).filter(([, value]) => value !== undefined && value !== ''),
  );
  const tags = new Map<string | undefined, TagSpecification>();
  for (const one of [...(template.TagSpecifications ?? []), ...(call.TagSpecifications ?? [])])
    tags.set(one.ResourceType, one);
  return { ...template, ...given, ...(tags.size === 0 ? {} : { TagSpecifications: [...tags.values()] }) };
}

function allOf<A, B>(given: readonly A[], read: (one: A) => Result<B, Refusal>): Result<readonly B[], Refusal> {
  const values: B[] = [];
  for (const one of given) {
    const value = read(one);
    if (!value.ok) return value;
    values.push(value.value);
  }
  return ok(values);
}

function zoneOf(placement: RunInstancesRequest['Placement']): Result<string | undefined, Refusal> {
  const { AvailabilityZone: name, AvailabilityZoneId: id, Tenancy: tenancy, ...others } = placement ?? {};
  const other = Object.entries(others).find(([, value]) => value !== '');
  if (other !== undefined) return unsupported(`the parameter Placement.${other[0]}`);
  // The type is the SDK's; clients send empty text too.
  if (!['', 'default', undefined].includes(tenancy)) return unsupported(`the tenancy ${String(tenancy).slice(0, 40)}`);
  if (textOf(name) !== undefined && textOf(id) !== undefined)
    return invalidCombination('The parameters AvailabilityZone and AvailabilityZoneId may not both be specified.');
  return ok(textOf(name) ?? textOf(id));
}

function blockOf(given: BlockDeviceMapping): Result<BlockAsk, Refusal> {
  const { Ebs: ebs = {} } = given;
  if (textOf(given.VirtualName) !== undefined) return unsupported('instance store volumes (VirtualName)');
  const foreign = refuseGiven(ebs, [
    'AvailabilityZone',
    'AvailabilityZoneId',
    'EbsCardIndex',
    'OutpostArn',
    'VolumeInitializationRate',
  ]);
  if (foreign !== undefined) return foreign;
  if (textOf(ebs.SnapshotId) !== undefined) return unsupported('volumes from snapshots (SnapshotId)');
  if (textOf(given.DeviceName) === undefined) return missingParameter('DeviceName');
  if ((ebs.KmsKeyId?.length ?? 0) > 2048) return invalidParameter('KmsKeyId', '…', 'It is too long.');
  return ok({
    deviceName: given.DeviceName ?? '',
    isAbsent: given.NoDevice !== undefined,
    size: ebs.VolumeSize,
    type: textOf(ebs.VolumeType),
    iops: ebs.Iops,
    throughput: ebs.Throughput,
    isEncrypted: ebs.Encrypted,
    kmsKeyId: textOf(ebs.KmsKeyId),
    deleteOnTermination: ebs.DeleteOnTermination,
  });
}

function shownOf(input: LaunchInput, realm: Realm): Result<LaunchAsk['shown'], Refusal> {
  if ((input.NetworkInterfaces?.length ?? 0) > MOST_INTERFACES)
    return invalidParameter('NetworkInterface', input.NetworkInterfaces?.length ?? 0, 'There are too many.');
  const userData = userDataOf(input.UserData);
  if (!userData.ok) return userData;
  const profileArn = profileOf(input.IamInstanceProfile, realm);
  if (!profileArn.ok) return profileArn;
  const credits = creditsOf(input.CreditSpecification?.CpuCredits);
  if (!credits.ok) return credits;
  const behavior = shutdownBehaviorOf(input.InstanceInitiatedShutdownBehavior);
  if (!behavior.ok) return behavior;
  const {
    DisableApiTermination: disableApiTermination,
    DisableApiStop: disableApiStop,
    EbsOptimized: isEbsOptimized,
  } = input;
  return ok({
    ...(userData.value === undefined ? {} : { userData: userData.value }),
    ...(profileArn.value === undefined ? {} : { profileArn: profileArn.value }),
    ...(input.Monitoring?.Enabled === undefined ? {} : { hasMonitoring: input.Monitoring.Enabled }),
    ...(isEbsOptimized === undefined ? {} : { isEbsOptimized }),
    ...(credits.value === undefined ? {} : { cpuCredits: credits.value }),
    ...(disableApiTermination === undefined ? {} : { disableApiTermination }),
    ...(disableApiStop === undefined ? {} : { disableApiStop }),
    ...(behavior.value === undefined ? {} : { shutdownBehavior: behavior.value }),
    ...(textOf(input.ClientToken) === undefined ? {} : { clientToken: input.ClientToken ?? '' }),
  });
}

/** How a burstable instance would be credited. */
export function creditsOf(text: string | undefined): Result<string | undefined, Refusal> {
  return oneOf('CpuCredits', text, ['standard', 'unlimited'] as const);
}

/** What happens when an instance shuts itself down; none ever does. */
export function shutdownBehaviorOf(text: string | undefined): Result<'stop' | 'terminate' | undefined, Refusal> {
  if (text === undefined || text === '') return ok(undefined);
  return text === 'stop' || text === 'terminate'
    ? ok(text)
    : invalidParameter('InstanceInitiatedShutdownBehavior', text.slice(0, 80), 'Use stop or terminate.');
}

/** User data as base64 of at most 16 KiB (E2:user-data). Line breaks inside are dropped. */
export function userDataOf(given: string | undefined): Result<string | undefined, Refusal> {
  const text = given?.replaceAll(/\s/g, '');
  if (text === undefined || text === '') return ok(undefined);
  if (text.length > 21_848) return userDataTooLong();
  const bytes = base64Bytes(text);
  if (bytes === undefined) return userDataMalformed();
  return bytes.length > 16_384 ? userDataTooLong() : ok(text);
}

/** The ARN of an instance profile. There are no profiles here: any name stands for one. */
function profileOf(
  given: LaunchInput['IamInstanceProfile'],
  { accountId }: Realm,
): Result<string | undefined, Refusal> {
  const [arn, name] = [textOf(given?.Arn), textOf(given?.Name)];
  if (arn !== undefined && name !== undefined)
    return invalidCombination('The parameter IamInstanceProfile.Name may not be used in combination with Arn');
  if (name !== undefined)
    return /^[\w+=,.@-]{1,128}$/.test(name)
      ? ok(`arn:aws:iam::${accountId}:instance-profile/${name}`)
      : invalidParameter('iamInstanceProfile.name', name.slice(0, 80), 'Invalid IAM Instance Profile name');
  if (arn === undefined) return ok(undefined);
  return /^arn:aws[a-z-]*:iam::[0-9]{12}:instance-profile\/[\w+=,.@/-]{1,512}$/.test(arn)
    ? ok(arn)
    : invalidParameter('iamInstanceProfile.arn', arn.slice(0, 80), 'Invalid IAM Instance Profile ARN');
}

const SWITCH = ['enabled', 'disabled'] as const;

/** How the metadata of an instance is had; what is not given is left out. */
export function metadataOf(
  given: NonNullable<LaunchInput['MetadataOptions']>,
): Result<Partial<MetadataOptions>, Refusal> {
  const { HttpPutResponseHopLimit: hopLimit } = given;
  if (hopLimit !== undefined && !(Number.isInteger(hopLimit) && hopLimit >= 1 && hopLimit <= 64))
    return invalidParameter('HttpPutResponseHopLimit', hopLimit, 'Expecting a value between 1 and 64.');
  const httpTokens = oneOf('HttpTokens', given.HttpTokens, ['optional', 'required'] as const);
  if (!httpTokens.ok) return httpTokens;
  const httpEndpoint = oneOf('HttpEndpoint', given.HttpEndpoint, SWITCH);
  if (!httpEndpoint.ok) return httpEndpoint;
  const ipv6 = oneOf('HttpProtocolIpv6', given.HttpProtocolIpv6, SWITCH);
  if (!ipv6.ok) return ipv6;
  const tags = oneOf('InstanceMetadataTags', given.InstanceMetadataTags, SWITCH);
  if (!tags.ok) return tags;
  return ok({
    ...(httpTokens.value === undefined ? {} : { httpTokens: httpTokens.value }),
    ...(hopLimit === undefined ? {} : { hopLimit }),
    ...(httpEndpoint.value === undefined ? {} : { httpEndpoint: httpEndpoint.value }),
    ...(ipv6.value === undefined ? {} : { ipv6: ipv6.value }),
    ...(tags.value === undefined ? {} : { tags: tags.value }),
  });
}

function oneOf<W extends string>(
  name: string,
  text: string | undefined,
  words: readonly W[],
): Result<W | undefined, Refusal> {
  if (text === undefined || text === '') return ok(undefined);
  const word = words.find((one) => one === text);
  return word === undefined ? invalidParameter(name, text.slice(0, 80), `Use ${words.join(' or ')}.`) : ok(word);
}

function dnsOf(given: NonNullable<LaunchInput['PrivateDnsNameOptions']>): Result<Partial<DnsOptions>, Refusal> {
  const hostnameType = oneOf('HostnameType', given.HostnameType, ['ip-name', 'resource-name'] as const);
  if (!hostnameType.ok) return hostnameType;
  const { EnableResourceNameDnsARecord: a, EnableResourceNameDnsAAAARecord: aaaa } = given;
  return ok({
    ...(hostnameType.value === undefined ? {} : { hostnameType: hostnameType.value }),
    ...(a === undefined ? {} : { a }),
    ...(aaaa === undefined ? {} : { aaaa }),
  });
}
