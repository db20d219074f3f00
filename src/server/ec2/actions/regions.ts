import type {
  AvailabilityZone,
  DescribeAccountAttributesRequest,
  DescribeAvailabilityZonesRequest,
  DescribeDhcpOptionsRequest,
  DescribeRegionsRequest,
  Region,
} from '@aws-sdk/client-ec2';
import { ok, type Result } from '../../../core/net/result.ts';
import { zonesOf } from '../../control/env.ts';
import { defaultVpc } from '../../control/groups/group-names.ts';
import { invalidParameter, invalidValue, type Refusal } from '../../control/refusal.ts';
import { dhcpOptionsIdOf } from '../../control/vpcs/vpc-details.ts';
import { describeRecords, idNotFound, nextTokenOf } from '../describe.ts';
import { filterItems } from '../filters.ts';
import type { Actions, Call } from '../operations.ts';

export const regionActions: Actions = {
  DescribeRegions: describeRegions,
  DescribeAvailabilityZones: describeZones,
  DescribeAccountAttributes: describeAccount,
  DescribeDhcpOptions: describeDhcpOptions,
};

/** AWS's commercial regions that need no opting in. The server answers for any region: each is a realm of its own. */
const REGIONS: readonly string[] = [
  'ap-northeast-1',
  'ap-northeast-2',
  'ap-northeast-3',
  'ap-south-1',
  'ap-southeast-1',
  'ap-southeast-2',
  'ca-central-1',
  'eu-central-1',
  'eu-north-1',
  'eu-west-1',
  'eu-west-2',
  'eu-west-3',
  'sa-east-1',
  'us-east-1',
  'us-east-2',
  'us-west-1',
  'us-west-2',
];

function describeRegions(input: DescribeRegionsRequest, { env }: Call): Result<object, Refusal> {
  const all = [...new Set([...REGIONS, env.realm.region])].toSorted();
  const unknown = input.RegionNames?.find((name) => !all.includes(name));
  if (unknown !== undefined) return invalidValue(`Invalid region names: ['${unknown}']`);
  const regions = all
    .filter((name) => input.RegionNames?.includes(name) !== false)
    .map((RegionName): Region => ({
      RegionName,
      Endpoint: `ec2.${RegionName}.amazonaws.com`,
      OptInStatus: 'opt-in-not-required',
    }));
  const kept = filterItems(regions, input.Filters, {
    view: {
      endpoint: ({ Endpoint }) => [Endpoint ?? ''],
      'opt-in-status': ({ OptInStatus }) => [OptInStatus ?? ''],
      'region-name': ({ RegionName }) => [RegionName ?? ''],
    },
  });
  return kept.ok ? ok({ Regions: [...kept.value] }) : kept;
}

function describeZones(input: DescribeAvailabilityZonesRequest, { env }: Call): Result<object, Refusal> {
  const { region } = env.realm;
  const zones = zonesOf(region).map(({ name, id }): AvailabilityZone => ({
    ZoneName: name,
    ZoneId: id,
    State: 'available',
    RegionName: region,
    GroupName: region,
    NetworkBorderGroup: region,
    ZoneType: 'availability-zone',
    OptInStatus: 'opt-in-not-required',
    Messages: [],
  }));
  const unknown =
    input.ZoneNames?.find((name) => zones.every(({ ZoneName }) => ZoneName !== name)) ??
    input.ZoneIds?.find((id) => zones.every(({ ZoneId }) => ZoneId !== id));
  if (unknown !== undefined) return invalidValue(`Invalid availability zones: [${unknown}]`);
  const chosen = zones.filter(
    ({ ZoneName = '', ZoneId = '' }) =>
      input.ZoneNames?.includes(ZoneName) !== false && input.ZoneIds?.includes(ZoneId) !== false,
  );
  const kept = filterItems(chosen, input.Filters, {
    view: {
      'group-name': ({ GroupName }) => [GroupName ?? ''],
      message: () => [],
      'opt-in-status': ({ OptInStatus }) => [OptInStatus ?? ''],
      'region-name': ({ RegionName }) => [RegionName ?? ''],
      state: ({ State }) => [State ?? ''],
      'zone-id': ({ ZoneId }) => [ZoneId ?? ''],
      'zone-name': ({ ZoneName }) => [ZoneName ?? ''],
      'zone-type': ({ ZoneType }) => [ZoneType ?? ''],
    },
  });
  return kept.ok ? ok({ AvailabilityZones: [...kept.value] }) : kept;
}

/** What AWS tells of an account (API DescribeAccountAttributes), with this server's quotas. */
function describeAccount(input: DescribeAccountAttributesRequest, { draft, env }: Call): Result<object, Refusal> {
  const attributes: readonly (readonly [string, string])[] = [
    ['default-vpc', defaultVpc(draft)?.id ?? 'none'],
    ['max-elastic-ips', '5'],
    ['max-instances', '1000'],
    ['supported-platforms', 'VPC'],
    ['vpc-max-elastic-ips', '5'],
    ['vpc-max-security-groups-per-interface', String(env.limits.groupsPerEni)],
  ];
  const wanted: readonly string[] | undefined = input.AttributeNames;
  const unknown = wanted?.find((name) => attributes.every(([known]) => known !== name));
  if (unknown !== undefined) return invalidParameter('AttributeName', unknown, 'No such account attribute.');
  return ok({
    AccountAttributes: attributes
      .filter(([name]) => wanted?.includes(name) !== false)
      .map(([AttributeName, AttributeValue]) => ({ AttributeName, AttributeValues: [{ AttributeValue }] })),
  });
}

/** The one set of DHCP options of the realm: AWS's resolver, and names under its domain (V:VPC_DHCP_Options). */
function describeDhcpOptions(input: DescribeDhcpOptionsRequest, { env }: Call): Result<object, Refusal> {
  const { region, accountId } = env.realm;
  const id = dhcpOptionsIdOf(env.realm);
  const domain = region === 'us-east-1' ? 'ec2.internal' : `${region}.compute.internal`;
  const configurations = [
    ['domain-name', domain],
    ['domain-name-servers', 'AmazonProvidedDNS'],
  ] as const;
  const page = describeRecords(input, {
    ids: input.DhcpOptionsIds,
    find: (asked) => (asked === id ? { id } : undefined),
    all: () => [{ id }],
    notFound: (asked) => idNotFound(asked, { prefix: 'dopt', code: 'InvalidDhcpOptionID', what: 'dhcpOption' }),
    idOf: (one) => one.id,
    view: {
      'dhcp-options-id': (one) => [one.id],
      key: () => configurations.map(([key]) => key),
      value: () => configurations.map(([, value]) => value),
      'owner-id': () => [accountId],
    },
    tagsOf: () => [],
  });
  if (!page.ok) return page;
  return ok({
    DhcpOptions: page.value.items.map(() => ({
      DhcpOptionsId: id,
      OwnerId: accountId,
      DhcpConfigurations: configurations.map(([Key, Value]) => ({ Key, Values: [{ Value }] })),
      Tags: [],
    })),
    ...nextTokenOf(page.value),
  });
}
