import type {
  DescribeInstanceTypeOfferingsRequest,
  DescribeInstanceTypesRequest,
  InstanceTypeInfo,
  InstanceTypeOffering,
} from '@aws-sdk/client-ec2';
import { ok, type Result } from '../../../core/net/result.ts';
import { zonesOf } from '../../control/env.ts';
import { type InstanceType, INSTANCE_TYPES } from '../../control/instances/instance-types.ts';
import { invalidParameter, refuse, type Refusal } from '../../control/refusal.ts';
import { describeRecords, nextTokenOf } from '../describe.ts';
import type { FilterView } from '../filters.ts';
import type { Actions, Call } from '../operations.ts';

export const instanceTypeActions: Actions = {
  DescribeInstanceTypes: describe,
  DescribeInstanceTypeOfferings: describeOfferings,
};

function describe(input: DescribeInstanceTypesRequest): Result<object, Refusal> {
  const unknown = input.InstanceTypes?.filter((name) => !INSTANCE_TYPES.has(name)) ?? [];
  // All of them in one message, as AWS does [L].
  if (unknown.length > 0)
    return refuse(
      'InvalidInstanceType',
      `The following supplied instance types do not exist: [${unknown.slice(0, 20).join(', ')}]`,
    );
  const page = describeRecords(input, {
    ids: input.InstanceTypes,
    find: (name) => INSTANCE_TYPES.get(name),
    all: () => INSTANCE_TYPES.values(),
    notFound: (name) => refuse('InvalidInstanceType', `The following supplied instance types do not exist: [${name}]`),
    idOf: ({ name }) => name,
    view: TYPE_FILTERS,
    sizes: { least: 5, most: 100 },
  });
  return page.ok ? ok({ InstanceTypes: page.value.items.map(typeShape), ...nextTokenOf(page.value) }) : page;
}

/** What is true of all types that are here, by the filter's name: none is bare metal or has disks of its own. */
const SAME: Readonly<Record<string, string>> = {
  'auto-recovery-supported': 'false',
  'bare-metal': 'false',
  'current-generation': 'true',
  'dedicated-hosts-supported': 'false',
  'ebs-info.encryption-support': 'supported',
  'hibernation-supported': 'false',
  'instance-storage-supported': 'false',
  'network-info.efa-supported': 'false',
  'network-info.ipv6-supported': 'true',
  'network-info.maximum-network-cards': '1',
  'supported-root-device-type': 'ebs',
  'supported-usage-class': 'on-demand',
  'supported-virtualization-type': 'hvm',
};

const TYPE_FILTERS: FilterView<InstanceType> = {
  ...Object.fromEntries(Object.entries(SAME).map(([name, value]) => [name, () => [value]])),
  'burstable-performance-supported': ({ isBurstable }) => [String(isBurstable)],
  'ebs-info.ebs-optimized-support': (type) => [ebsOf(type).EbsOptimizedSupport],
  'ebs-info.nvme-support': (type) => [ebsOf(type).NvmeSupport],
  hypervisor: ({ hypervisor }) => [hypervisor],
  'instance-type': ({ name }) => [name],
  'memory-info.size-in-mib': ({ memory }) => [String(memory)],
  'network-info.ena-support': ({ hypervisor }) => [hypervisor === 'nitro' ? 'required' : 'unsupported'],
  'network-info.ipv4-addresses-per-interface': ({ ipv4PerInterface }) => [String(ipv4PerInterface)],
  'network-info.ipv6-addresses-per-interface': ({ ipv6PerInterface }) => [String(ipv6PerInterface)],
  'network-info.maximum-network-interfaces': ({ interfaces }) => [String(interfaces)],
  'processor-info.supported-architecture': ({ architecture }) => [architecture],
  'vcpu-info.default-cores': (type) => [String(coresOf(type))],
  'vcpu-info.default-threads-per-core': ({ coresPerVcpu }) => [String(1 / coresPerVcpu)],
  'vcpu-info.default-vcpus': ({ vcpus }) => [String(vcpus)],
};

function coresOf({ vcpus, coresPerVcpu }: InstanceType): number {
  return vcpus * coresPerVcpu;
}

function ebsOf({ hypervisor }: InstanceType): {
  readonly EbsOptimizedSupport: 'default' | 'unsupported';
  readonly NvmeSupport: 'required' | 'unsupported';
} {
  return hypervisor === 'nitro'
    ? { EbsOptimizedSupport: 'default', NvmeSupport: 'required' }
    : { EbsOptimizedSupport: 'unsupported', NvmeSupport: 'unsupported' };
}

/** A type as AWS shows it; what this server does not have (hibernation, hosts, EFA) is shown as not supported. */
function typeShape(type: InstanceType): InstanceTypeInfo {
  return {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- names of the catalogue are the SDK's
    InstanceType: type.name as NonNullable<InstanceTypeInfo['InstanceType']>,
    CurrentGeneration: true,
    SupportedUsageClasses: ['on-demand'],
    SupportedRootDeviceTypes: ['ebs'],
    SupportedVirtualizationTypes: ['hvm'],
    BareMetal: false,
    Hypervisor: type.hypervisor,
    ProcessorInfo: { SupportedArchitectures: [type.architecture], Manufacturer: type.manufacturer },
    VCpuInfo: {
      DefaultVCpus: type.vcpus,
      DefaultCores: coresOf(type),
      DefaultThreadsPerCore: 1 / type.coresPerVcpu,
    },
    MemoryInfo: { SizeInMiB: type.memory },
    InstanceStorageSupported: false,
    EbsInfo: { ...ebsOf(type), EncryptionSupport: 'supported' },
    NetworkInfo: {
      MaximumNetworkInterfaces: type.interfaces,
      MaximumNetworkCards: 1,
      DefaultNetworkCardIndex: 0,
      NetworkCards: [{ NetworkCardIndex: 0, MaximumNetworkInterfaces: type.interfaces }],
      Ipv4AddressesPerInterface: type.ipv4PerInterface,
      Ipv6AddressesPerInterface: type.ipv6PerInterface,
      Ipv6Supported: true,
      EnaSupport: type.hypervisor === 'nitro' ? 'required' : 'unsupported',
      EfaSupported: false,
    },
    HibernationSupported: false,
    BurstablePerformanceSupported: type.isBurstable,
    DedicatedHostsSupported: false,
    AutoRecoverySupported: false,
  };
}

/** Every type is offered in every zone of every region. */
function describeOfferings(input: DescribeInstanceTypeOfferingsRequest, { env }: Call): Result<object, Refusal> {
  const { region } = env.realm;
  // The type is the SDK's; what comes over the wire is any text.
  const kind: string = input.LocationType ?? 'region';
  const zones = zonesOf(region);
  const places: Readonly<Record<string, readonly string[]>> = {
    region: [region],
    'availability-zone': zones.map(({ name }) => name),
    'availability-zone-id': zones.map(({ id }) => id),
  };
  const locations = Object.hasOwn(places, kind) ? places[kind] : undefined;
  if (locations === undefined)
    return invalidParameter('LocationType', kind, 'Use region, availability-zone or availability-zone-id.');
  const offers = locations.flatMap((location) =>
    Array.from(INSTANCE_TYPES.keys(), (name) => ({ name, location, id: `${location} ${name}` })),
  );
  const page = describeRecords(input, {
    find: () => undefined,
    all: () => offers,
    notFound: (id) => refuse('InvalidInstanceType', id),
    idOf: ({ id }) => id,
    view: { 'instance-type': ({ name }) => [name], location: ({ location }) => [location] },
    sizes: { least: 5, most: 1000 },
  });
  if (!page.ok) return page;
  const shown = page.value.items.map(({ name, location }) => ({
    InstanceType: name,
    LocationType: kind,
    Location: location,
  }));
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- names of the catalogue are the SDK's, and the kind was looked up
  return ok({ InstanceTypeOfferings: shown as InstanceTypeOffering[], ...nextTokenOf(page.value) });
}
