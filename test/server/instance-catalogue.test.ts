// Types of instance and images through AWS's client.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as ec2 from '@aws-sdk/client-ec2';
import { MemoryStore } from '../../src/server/store/memory.ts';
import { refusedWith, REALM, type TestApi, testApi } from './api-client.ts';

async function emptyApi(): Promise<TestApi> {
  return await testApi({ store: new MemoryStore() });
}

async function images(input: ec2.DescribeImagesRequest): Promise<readonly ec2.Image[]> {
  const { client } = await emptyApi();
  return (await client.send(new ec2.DescribeImagesCommand(input))).Images ?? assert.fail();
}

describe('instance types', () => {
  // From AWS's tables of network limits and of instance types.
  const facts: readonly (readonly [string, number, number, number, number, string])[] = [
    ['t2.micro', 1, 1024, 2, 2, 'x86_64'],
    ['t2.xlarge', 4, 16_384, 3, 15, 'x86_64'],
    ['t3.micro', 2, 1024, 2, 2, 'x86_64'],
    ['t3.small', 2, 2048, 3, 4, 'x86_64'],
    ['t3a.small', 2, 2048, 2, 4, 'x86_64'],
    ['t3.large', 2, 8192, 3, 12, 'x86_64'],
    ['t4g.2xlarge', 8, 32_768, 4, 15, 'arm64'],
    ['m5.large', 2, 8192, 3, 10, 'x86_64'],
    ['m6i.4xlarge', 16, 65_536, 8, 30, 'x86_64'],
    ['m7g.medium', 1, 4096, 2, 4, 'arm64'],
    ['c5.18xlarge', 72, 147_456, 15, 50, 'x86_64'],
    ['c6i.12xlarge', 48, 98_304, 8, 30, 'x86_64'],
    ['r5.24xlarge', 96, 786_432, 15, 50, 'x86_64'],
  ];

  test('have the numbers that AWS publishes', async () => {
    const { client } = await emptyApi();
    for (const [name, vcpus, memory, interfaces, addresses, architecture] of facts) {
      const { InstanceTypes: found } = await client.send(
        new ec2.DescribeInstanceTypesCommand({ InstanceTypes: [name as ec2._InstanceType] }),
      );
      const [type] = found ?? [];
      assert.deepEqual(
        [
          type?.VCpuInfo?.DefaultVCpus,
          type?.MemoryInfo?.SizeInMiB,
          type?.NetworkInfo?.MaximumNetworkInterfaces,
          type?.NetworkInfo?.Ipv4AddressesPerInterface,
          type?.NetworkInfo?.Ipv6AddressesPerInterface,
          type?.ProcessorInfo?.SupportedArchitectures,
        ],
        [vcpus, memory, interfaces, addresses, addresses, [architecture]],
        name,
      );
    }
  });

  test('are found by filters, and paged', async () => {
    const { client } = await emptyApi();
    const names = async (Filters: ec2.Filter[]): Promise<readonly unknown[]> => {
      const { InstanceTypes: found } = await client.send(new ec2.DescribeInstanceTypesCommand({ Filters }));
      return found?.map(({ InstanceType }) => InstanceType) ?? assert.fail();
    };
    assert.equal((await names([{ Name: 'burstable-performance-supported', Values: ['true'] }])).length, 28);
    assert.deepEqual(
      await names([
        { Name: 'instance-type', Values: ['m7g.*', 't4g.*'] },
        { Name: 'vcpu-info.default-vcpus', Values: ['1'] },
      ]),
      ['m7g.medium'],
    );
    assert.deepEqual(await names([{ Name: 'bare-metal', Values: ['true'] }]), []);
    await refusedWith(names([{ Name: 'x', Values: [] }]), 'InvalidParameterValue');
    const seen: unknown[] = [];
    for await (const { InstanceTypes: types } of ec2.paginateDescribeInstanceTypes({ client, pageSize: 50 }, {}))
      for (const { InstanceType } of types ?? []) seen.push(InstanceType);
    assert.equal(seen.length, (await names([])).length);
    assert.ok(seen.length > 100);
  });

  test('one that is not known', async () => {
    const { client } = await emptyApi();
    await refusedWith(
      client.send(
        new ec2.DescribeInstanceTypesCommand({ InstanceTypes: ['t2.micro', 'x9.huge' as ec2._InstanceType] }),
      ),
      'InvalidInstanceType',
      'The following supplied instance types do not exist: [x9.huge]',
    );
  });

  test('are offered in every zone', async () => {
    const { client } = await emptyApi();
    const places = async (LocationType?: ec2.LocationType): Promise<readonly unknown[]> => {
      const { InstanceTypeOfferings: offers } = await client.send(
        new ec2.DescribeInstanceTypeOfferingsCommand({
          ...(LocationType === undefined ? {} : { LocationType }),
          Filters: [{ Name: 'instance-type', Values: ['t3.micro'] }],
        }),
      );
      return offers?.map(({ Location }) => Location) ?? assert.fail();
    };
    assert.deepEqual(await places(), ['eu-west-1']);
    assert.deepEqual(await places('availability-zone'), ['eu-west-1a', 'eu-west-1b', 'eu-west-1c']);
    assert.equal((await places('availability-zone-id')).length, 3);
    await refusedWith(places('outpost'), 'InvalidParameterValue');
  });
});

describe('images', () => {
  test('there is one for each architecture, of the account', async () => {
    const own = await images({ Owners: ['self'] });
    assert.deepEqual(new Set(own.map(({ Architecture }) => Architecture)), new Set(['x86_64', 'arm64']));
    for (const { ImageId, OwnerId, State } of own) {
      assert.match(ImageId ?? '', /^ami-0[0-9a-f]{16}$/);
      assert.deepEqual([OwnerId, State], [REALM.accountId, 'available']);
    }
    assert.deepEqual(await images({ Owners: ['amazon'] }), []);
    const [arm, ...others] = await images({ Filters: [{ Name: 'architecture', Values: ['arm64'] }] });
    assert.deepEqual([arm?.Name, others], ['crenel-linux-arm64', []]);
    const [again] = await images({ ImageIds: [arm?.ImageId ?? ''] });
    assert.deepEqual(again, arm);
  });

  test('one of other making is only what this server makes of it', async () => {
    const [image] = await images({ ImageIds: ['ami-12345678'] });
    assert.deepEqual([image?.RootDeviceName, image?.Architecture, image?.OwnerId], ['/dev/xvda', undefined, undefined]);
    await refusedWith(images({ ImageIds: ['ami-xyz'] }), 'InvalidAMIID.Malformed');
    await refusedWith(images({ ExecutableUsers: ['all'] }), 'UnsupportedOperation', /ExecutableUsers/);
  });
});
