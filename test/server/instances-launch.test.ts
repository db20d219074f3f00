// Launching through AWS's client: interfaces, groups, addresses, templates, volumes, and what is refused.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as ec2 from '@aws-sdk/client-ec2';
import { refusedWith, REALM, type TestApi } from './api-client.ts';
import { makeGroup } from './groups-client.ts';
import { instanceAt, instancesOf, launch, launchOne, place } from './instances-client.ts';

const POOL = /^198\.18\.\d+\.\d+$/;

async function refusedLaunch(
  api: TestApi,
  input: Partial<ec2.RunInstancesRequest>,
  code: string,
  text?: RegExp | string,
): Promise<void> {
  const before = api.estate();
  await refusedWith(launch(api, input), code, text);
  assert.equal(api.estate(), before, 'a refused launch changes nothing');
}

function groupIds(instance: ec2.Instance | ec2.InstanceNetworkInterface | undefined): readonly unknown[] {
  const groups =
    instance !== undefined && 'Groups' in instance ? instance.Groups : (instance as ec2.Instance).SecurityGroups;
  return groups?.map(({ GroupId }) => GroupId) ?? assert.fail();
}

async function template(api: TestApi, LaunchTemplateData: ec2.RequestLaunchTemplateData): Promise<string> {
  const made = await api.client.send(
    new ec2.CreateLaunchTemplateCommand({ LaunchTemplateName: 'web', LaunchTemplateData }),
  );
  return made.LaunchTemplate?.LaunchTemplateId ?? assert.fail();
}

async function byTemplate(
  api: TestApi,
  LaunchTemplate: ec2.LaunchTemplateSpecification,
  more: Partial<ec2.RunInstancesRequest> = {},
): Promise<ec2.Instance> {
  const asked = { MinCount: 1, MaxCount: 1, LaunchTemplate, ...more };
  const { Instances: made } = await api.client.send(new ec2.RunInstancesCommand(asked));
  return made?.[0] ?? assert.fail();
}

describe('launching', () => {
  test('an instance in the default VPC has all that clients read', async () => {
    const { api } = await place();
    const instance = await launchOne(api, {
      TagSpecifications: [
        { ResourceType: 'instance', Tags: [{ Key: 'Name', Value: 'web' }] },
        { ResourceType: 'volume', Tags: [{ Key: 'kind', Value: 'root' }] },
        { ResourceType: 'network-interface', Tags: [{ Key: 'kind', Value: 'eni' }] },
      ],
    });
    assert.match(instance.InstanceId ?? '', /^i-0[0-9a-f]{16}$/);
    assert.deepEqual(instance.State, { Code: 16, Name: 'running' });
    assert.equal(instance.PrivateIpAddress, '172.31.0.4');
    assert.equal(instance.PrivateDnsName, 'ip-172-31-0-4.eu-west-1.compute.internal');
    assert.match(instance.PublicIpAddress ?? '', POOL);
    assert.match(instance.PublicDnsName ?? '', /^ec2-198-18-/);
    assert.deepEqual(instance.Placement, {
      AvailabilityZone: 'eu-west-1a',
      AvailabilityZoneId: 'euw1-az1',
      GroupName: '',
      Tenancy: 'default',
    });
    assert.deepEqual(
      instance.SecurityGroups?.map(({ GroupName }) => GroupName),
      ['default'],
    );
    assert.deepEqual(instance.Tags, [{ Key: 'Name', Value: 'web' }]);
    assert.equal(instance.LaunchTime?.toISOString(), '2026-01-01T00:00:00.000Z');
    assert.deepEqual(
      [instance.Architecture, instance.RootDeviceName, instance.SourceDestCheck],
      ['x86_64', '/dev/xvda', true],
    );
    const [eni, ...others] = instance.NetworkInterfaces ?? [];
    assert.deepEqual(others, []);
    assert.deepEqual([eni?.Attachment?.DeviceIndex, eni?.Attachment?.DeleteOnTermination], [0, true]);
    assert.equal(eni?.Association?.PublicIp, instance.PublicIpAddress);
    assert.equal(eni?.Association?.IpOwnerId, 'amazon');
    assert.deepEqual(await instanceAt(api, instance.InstanceId ?? ''), instance);
    const { NetworkInterfaces: enis } = await api.client.send(
      new ec2.DescribeNetworkInterfacesCommand({ NetworkInterfaceIds: [eni.NetworkInterfaceId ?? ''] }),
    );
    assert.equal(enis?.[0]?.Attachment?.InstanceId, instance.InstanceId);
    assert.deepEqual(enis?.[0]?.TagSet, [{ Key: 'kind', Value: 'eni' }]);
    const { Volumes: volumes } = await api.client.send(
      new ec2.DescribeVolumesCommand({ VolumeIds: [instance.BlockDeviceMappings?.[0]?.Ebs?.VolumeId ?? ''] }),
    );
    assert.deepEqual([volumes?.[0]?.Size, volumes?.[0]?.VolumeType, volumes?.[0]?.State], [8, 'gp3', 'in-use']);
    assert.deepEqual(volumes?.[0]?.Tags, [{ Key: 'kind', Value: 'root' }]);
    assert.equal(volumes[0].Attachments?.[0]?.InstanceId, instance.InstanceId);
  });

  test('in a subnet of its own: the default group of the VPC, no public address', async () => {
    const { api, vpcId, subnetId, groupId } = await place();
    const instance = await launchOne(api, { SubnetId: subnetId });
    assert.deepEqual([instance.VpcId, instance.SubnetId, instance.PublicIpAddress], [vpcId, subnetId, undefined]);
    assert.deepEqual(groupIds(instance), [groupId]);
    assert.equal(instance.Placement?.AvailabilityZone, 'eu-west-1b');
  });

  test('groups by id, at the top or in the interface, not both', async () => {
    const { api, vpcId, subnetId } = await place();
    const [web, app] = [await makeGroup(api, 'web', vpcId), await makeGroup(api, 'app', vpcId)];
    const top = await launchOne(api, { SubnetId: subnetId, SecurityGroupIds: [web, app] });
    assert.deepEqual(new Set(groupIds(top)), new Set([web, app]));
    const eni = { DeviceIndex: 0, SubnetId: subnetId, Groups: [app] };
    const inner = await launchOne(api, { NetworkInterfaces: [eni] });
    assert.deepEqual(groupIds(inner), [app]);
    await refusedLaunch(
      api,
      { NetworkInterfaces: [eni], SecurityGroupIds: [web] },
      'InvalidParameterCombination',
      /instance-level security groups/,
    );
    await refusedLaunch(
      api,
      { NetworkInterfaces: [eni], SubnetId: subnetId },
      'InvalidParameterCombination',
      /instance-level subnet ID/,
    );
  });

  test('groups by name, in the default VPC alone', async () => {
    const { api, subnetId } = await place();
    const { SecurityGroups: groups } = await api.client.send(
      new ec2.DescribeSecurityGroupsCommand({ GroupNames: ['default'] }),
    );
    const instance = await launchOne(api, { SecurityGroups: ['default'] });
    assert.deepEqual(groupIds(instance), [groups?.[0]?.GroupId]);
    await refusedLaunch(
      api,
      { SecurityGroups: ['default'], SubnetId: subnetId },
      'InvalidParameterCombination',
      'The parameter groupName cannot be used with the parameter subnet',
    );
    await refusedLaunch(api, { SecurityGroups: ['none'] }, 'InvalidGroup.NotFound', /in default VPC/);
  });

  test('A56: a group of another VPC', async () => {
    const { api, groupId, subnetId } = await place();
    const { Vpc: other } = await api.client.send(new ec2.CreateVpcCommand({ CidrBlock: '10.9.0.0/16' }));
    const foreign = await makeGroup(api, 'web', other?.VpcId);
    await refusedLaunch(
      api,
      { SubnetId: subnetId, SecurityGroupIds: [groupId, foreign] },
      'InvalidParameter',
      `Security group ${foreign} and subnet ${subnetId} belong to different networks.`,
    );
    await refusedLaunch(api, { SecurityGroupIds: ['sg-00000000'] }, 'InvalidGroup.NotFound');
  });

  test('A53: more groups than an interface may have', async () => {
    const { api, vpcId, subnetId } = await place();
    const groups = await Promise.all(Array.from({ length: 6 }, async (_, n) => await makeGroup(api, `g${n}`, vpcId)));
    await refusedLaunch(
      api,
      { SubnetId: subnetId, SecurityGroupIds: groups },
      'SecurityGroupsPerInterfaceLimitExceeded',
    );
  });

  test('addresses: of either family, primary and further ones, prefixes', async () => {
    const { api, subnetId } = await place();
    const top = await launchOne(api, { SubnetId: subnetId, PrivateIpAddress: '10.0.1.50', Ipv6AddressCount: 2 });
    assert.equal(top.PrivateIpAddress, '10.0.1.50');
    assert.equal(top.NetworkInterfaces?.[0]?.Ipv6Addresses?.length, 2);
    assert.equal(top.Ipv6Address, top.NetworkInterfaces[0].Ipv6Addresses[0]?.Ipv6Address);
    const inner = await launchOne(api, {
      InstanceType: 'm5.large',
      NetworkInterfaces: [
        {
          DeviceIndex: 0,
          SubnetId: subnetId,
          PrivateIpAddresses: [{ PrivateIpAddress: '10.0.1.60', Primary: true }, { PrivateIpAddress: '10.0.1.61' }],
          Ipv6PrefixCount: 1,
          ConnectionTrackingSpecification: { UdpTimeout: 45 },
          Description: 'front',
        },
      ],
    });
    const [eni] = inner.NetworkInterfaces ?? [];
    assert.deepEqual(
      eni?.PrivateIpAddresses?.map(({ PrivateIpAddress, Primary }) => [PrivateIpAddress, Primary]),
      [
        ['10.0.1.60', true],
        ['10.0.1.61', false],
      ],
    );
    assert.match(eni.Ipv6Prefixes?.[0]?.Ipv6Prefix ?? '', /\/80$/);
    assert.deepEqual([eni.ConnectionTrackingConfiguration?.UdpTimeout, eni.Description], [45, 'front']);
    await refusedLaunch(api, { SubnetId: subnetId, PrivateIpAddress: '10.0.1.50' }, 'InvalidIPAddress.InUse');
    await refusedLaunch(api, { SubnetId: subnetId, PrivateIpAddress: '10.0.1.3' }, 'InvalidParameterValue', /reserved/);
    await refusedLaunch(api, { SubnetId: subnetId, PrivateIpAddress: '10.0.2.9' }, 'InvalidParameterValue');
    await refusedLaunch(api, { SubnetId: subnetId, PrivateIpAddress: 'x' }, 'InvalidParameterValue');
    await refusedLaunch(
      api,
      { NetworkInterfaces: [{ DeviceIndex: 0, SubnetId: subnetId, SecondaryPrivateIpAddressCount: 2 }] },
      'PrivateIpAddressLimitExceeded',
    );
  });

  test('several interfaces, one of them there before', async () => {
    const { api, subnetId } = await place();
    const { NetworkInterface: own } = await api.client.send(
      new ec2.CreateNetworkInterfaceCommand({ SubnetId: subnetId }),
    );
    const NetworkInterfaceId = own?.NetworkInterfaceId ?? assert.fail();
    const instance = await launchOne(api, {
      NetworkInterfaces: [
        { DeviceIndex: 1, NetworkInterfaceId },
        { DeviceIndex: 0, SubnetId: subnetId },
      ],
    });
    assert.deepEqual(
      instance.NetworkInterfaces?.map(({ Attachment }) => [Attachment?.DeviceIndex, Attachment?.DeleteOnTermination]),
      [
        [0, true],
        [1, false],
      ],
    );
    assert.equal(instance.NetworkInterfaces[1]?.NetworkInterfaceId, NetworkInterfaceId);
    const refused = async (
      interfaces: ec2.InstanceNetworkInterfaceSpecification[],
      code: string,
      text?: RegExp,
    ): Promise<void> => await refusedLaunch(api, { NetworkInterfaces: interfaces }, code, text);
    const fresh = { SubnetId: subnetId };
    await refused([{ DeviceIndex: 0, NetworkInterfaceId }], 'InvalidNetworkInterface.InUse');
    await refused([{ DeviceIndex: 0, NetworkInterfaceId: 'eni-01' }], 'InvalidNetworkInterfaceID.NotFound');
    await refused([{ DeviceIndex: 0, NetworkInterfaceId, ...fresh }], 'InvalidParameterCombination');
    await refused([fresh], 'InvalidParameterValue', /device index/);
    await refused([{ DeviceIndex: 1, ...fresh }], 'InvalidParameterValue');
    const twice = { DeviceIndex: 0, ...fresh };
    await refused([twice, twice], 'InvalidParameterValue');
    await refused([twice, { DeviceIndex: 1, ...fresh }, { DeviceIndex: 2, ...fresh }], 'AttachmentLimitExceeded');
    await refused(
      [
        { ...twice, AssociatePublicIpAddress: true },
        { DeviceIndex: 1, ...fresh },
      ],
      'InvalidParameterCombination',
      /multiple network interfaces/,
    );
    await refused([{ ...twice, InterfaceType: 'efa' }], 'UnsupportedOperation', /efa/);
    await refused(
      [{ ...twice, EnaSrdSpecification: { EnaSrdEnabled: true } }],
      'UnsupportedOperation',
      /EnaSrdSpecification/,
    );
  });

  test('a public address as the interface says, else as the subnet does', async () => {
    const { api, subnetId } = await place();
    const asked = async (AssociatePublicIpAddress?: boolean, SubnetId?: string): Promise<string | undefined> => {
      const flag = AssociatePublicIpAddress === undefined ? {} : { AssociatePublicIpAddress };
      const subnet = SubnetId === undefined ? {} : { SubnetId };
      const instance = await launchOne(api, { NetworkInterfaces: [{ DeviceIndex: 0, ...flag, ...subnet }] });
      return instance.PublicIpAddress;
    };
    assert.match((await asked(true, subnetId)) ?? '', POOL);
    assert.equal(await asked(undefined, subnetId), undefined);
    assert.equal(await asked(false), undefined);
    assert.match((await asked()) ?? '', POOL);
  });

  test('zones and subnets', async () => {
    const { api, subnetId } = await place();
    const there = await launchOne(api, { Placement: { AvailabilityZone: 'eu-west-1c' } });
    assert.equal(there.Placement?.AvailabilityZone, 'eu-west-1c');
    // As Terraform sends it when nothing is said.
    await launchOne(api, { SubnetId: subnetId, Placement: { AvailabilityZone: '' } });
    await refusedLaunch(
      api,
      { SubnetId: subnetId, Placement: { AvailabilityZone: 'eu-west-1a' } },
      'InvalidParameterValue',
      /availabilityZone/,
    );
    await refusedLaunch(api, { Placement: { AvailabilityZone: 'eu-west-1z' } }, 'InvalidParameterValue');
    await refusedLaunch(api, { Placement: { Tenancy: 'host' } }, 'UnsupportedOperation', /tenancy/);
    await refusedLaunch(api, { SubnetId: 'subnet-01' }, 'InvalidSubnetID.NotFound');
  });

  test('many at once, in one reservation, as far as there is room', async () => {
    const { api, vpcId } = await place();
    const { Subnet: small } = await api.client.send(
      new ec2.CreateSubnetCommand({ VpcId: vpcId, CidrBlock: '10.0.2.0/28' }),
    );
    const SubnetId = small?.SubnetId ?? assert.fail();
    await refusedLaunch(api, { SubnetId, MinCount: 12, MaxCount: 12 }, 'InsufficientFreeAddressesInSubnet');
    const made = await launch(api, { SubnetId, MinCount: 2, MaxCount: 20 });
    assert.equal(made.length, 11);
    assert.deepEqual(
      made.map(({ AmiLaunchIndex }) => AmiLaunchIndex),
      Array.from({ length: 11 }, (_, index) => index),
    );
    assert.equal(new Set(made.map(({ PrivateIpAddress }) => PrivateIpAddress)).size, 11);
    const { Reservations: reservations } = await api.client.send(new ec2.DescribeInstancesCommand({}));
    assert.equal(reservations?.length, 1);
    assert.deepEqual([reservations[0]?.OwnerId, reservations[0]?.Groups], [REALM.accountId, []]);
    await refusedLaunch(api, { MinCount: 1, MaxCount: 1001 }, 'InvalidParameterValue', /maxCount/);
    await refusedLaunch(api, { MinCount: 0 }, 'InvalidParameterValue', /minCount/);
    await refusedLaunch(api, { MinCount: 3, MaxCount: 2 }, 'InvalidParameterValue');
    await refusedLaunch(
      api,
      { MinCount: 2, MaxCount: 2, PrivateIpAddress: '172.31.0.9' },
      'InvalidParameterCombination',
    );
  });

  test('image, type and key', async () => {
    const { api } = await place();
    await refusedLaunch(
      api,
      { ImageId: 'ami-xyz' },
      'InvalidAMIID.Malformed',
      'Invalid id: "ami-xyz" (expecting "ami-...")',
    );
    await refusedLaunch(api, { ImageId: '' }, 'MissingParameter');
    await refusedLaunch(api, { InstanceType: 'x9.huge' as ec2._InstanceType }, 'InvalidParameterValue', /x9\.huge/);
    await refusedLaunch(api, { KeyName: 'none' }, 'InvalidKeyPair.NotFound', "The key pair 'none' does not exist");
    await api.client.send(new ec2.CreateKeyPairCommand({ KeyName: 'ops', KeyType: 'ed25519' }));
    assert.equal((await launchOne(api, { KeyName: 'ops' })).KeyName, 'ops');
    const { Images: images } = await api.client.send(
      new ec2.DescribeImagesCommand({ Owners: ['self'], Filters: [{ Name: 'architecture', Values: ['arm64'] }] }),
    );
    const ImageId = images?.[0]?.ImageId ?? assert.fail();
    await refusedLaunch(api, { ImageId }, 'InvalidParameterValue', /architecture/);
    assert.equal((await launchOne(api, { ImageId, InstanceType: 't4g.nano' })).Architecture, 'arm64');
  });

  test('what is kept and shown', async () => {
    const { api } = await place();
    const instance = await launchOne(api, {
      UserData: Buffer.from('#!/bin/sh').toString('base64'),
      IamInstanceProfile: { Name: 'web' },
      Monitoring: { Enabled: true },
      EbsOptimized: true,
      CreditSpecification: { CpuCredits: 'standard' },
      MetadataOptions: { HttpTokens: 'required', HttpPutResponseHopLimit: 3 },
      PrivateDnsNameOptions: { HostnameType: 'resource-name' },
      InstanceInitiatedShutdownBehavior: 'terminate',
    });
    assert.equal(instance.IamInstanceProfile?.Arn, `arn:aws:iam::${REALM.accountId}:instance-profile/web`);
    assert.deepEqual([instance.Monitoring?.State, instance.EbsOptimized], ['enabled', true]);
    assert.equal(instance.PrivateDnsName, `${instance.InstanceId}.eu-west-1.compute.internal`);
    assert.deepEqual(instance.MetadataOptions, {
      State: 'applied',
      HttpTokens: 'required',
      HttpPutResponseHopLimit: 3,
      HttpEndpoint: 'enabled',
      HttpProtocolIpv6: 'disabled',
      InstanceMetadataTags: 'disabled',
    });
    const { InstanceCreditSpecifications: credits } = await api.client.send(
      new ec2.DescribeInstanceCreditSpecificationsCommand({ InstanceIds: [instance.InstanceId ?? ''] }),
    );
    assert.deepEqual(credits, [{ InstanceId: instance.InstanceId, CpuCredits: 'standard' }]);
    const big = await launchOne(api, { InstanceType: 'm5.large' });
    const changed = await api.client.send(
      new ec2.ModifyInstanceCreditSpecificationCommand({
        InstanceCreditSpecifications: [
          { InstanceId: instance.InstanceId ?? '', CpuCredits: 'unlimited' },
          { InstanceId: big.InstanceId ?? '', CpuCredits: 'unlimited' },
        ],
      }),
    );
    assert.deepEqual(changed.SuccessfulInstanceCreditSpecifications, [{ InstanceId: instance.InstanceId }]);
    assert.equal(
      changed.UnsuccessfulInstanceCreditSpecifications?.[0]?.Error?.Code,
      'InstanceCreditSpecification.NotSupported',
    );
    await refusedWith(
      api.client.send(new ec2.DescribeInstanceCreditSpecificationsCommand({ InstanceIds: [big.InstanceId ?? ''] })),
      'InstanceCreditSpecification.NotSupported',
    );
    await refusedLaunch(
      api,
      { InstanceType: 'm5.large', CreditSpecification: { CpuCredits: 'standard' } },
      'InstanceCreditSpecification.NotSupported',
    );
  });

  test('volumes', async () => {
    const { api } = await place();
    const instance = await launchOne(api, {
      BlockDeviceMappings: [
        { DeviceName: '/dev/sdf', Ebs: { VolumeSize: 100, VolumeType: 'io1', Iops: 500, DeleteOnTermination: false } },
        { DeviceName: '/dev/xvda', Ebs: { VolumeSize: 30, Encrypted: true } },
      ],
    });
    assert.deepEqual(
      instance.BlockDeviceMappings?.map(({ DeviceName, Ebs }) => [DeviceName, Ebs?.DeleteOnTermination]),
      [
        ['/dev/xvda', true],
        ['/dev/sdf', false],
      ],
    );
    const { Volumes: volumes } = await api.client.send(
      new ec2.DescribeVolumesCommand({
        Filters: [{ Name: 'attachment.instance-id', Values: [instance.InstanceId ?? ''] }],
      }),
    );
    const shown = volumes?.map((one) => [one.VolumeType, one.Size, one.Iops, one.Throughput, one.Encrypted]);
    assert.deepEqual(shown?.toSorted(), [
      ['gp3', 30, 3000, 125, true],
      ['io1', 100, 500, undefined, false],
    ]);
    const refused = async (Ebs: ec2.EbsBlockDevice, code: string): Promise<void> =>
      await refusedLaunch(api, { BlockDeviceMappings: [{ DeviceName: '/dev/sdf', Ebs }] }, code);
    await refused({}, 'MissingParameter');
    await refused({ VolumeSize: 0 }, 'InvalidParameterValue');
    await refused({ VolumeSize: 10, VolumeType: 'gp2', Iops: 100 }, 'InvalidParameterCombination');
    await refused({ VolumeSize: 10, VolumeType: 'io2' }, 'MissingParameter');
    await refused({ VolumeSize: 10, VolumeType: 'zz' as ec2.VolumeType }, 'InvalidParameterValue');
    await refused({ SnapshotId: 'snap-01' }, 'UnsupportedOperation');
    const twice = { DeviceName: '/dev/sdf', Ebs: { VolumeSize: 1 } };
    await refusedLaunch(api, { BlockDeviceMappings: [twice, twice] }, 'InvalidParameterValue');
  });

  test('what this server does not have is refused by name', async () => {
    const { api } = await place();
    const foreign: readonly Partial<ec2.RunInstancesRequest>[] = [
      { CpuOptions: { CoreCount: 1 } },
      { InstanceMarketOptions: { MarketType: 'spot' } },
      { HibernationOptions: { Configured: true } },
      { EnclaveOptions: { Enabled: true } },
      { CapacityReservationSpecification: { CapacityReservationPreference: 'none' } },
      { MaintenanceOptions: { AutoRecovery: 'disabled' } },
      { LicenseSpecifications: [{ LicenseConfigurationArn: 'x' }] },
      { KernelId: 'aki-1' },
      { AdditionalInfo: 'x' },
    ];
    for (const input of foreign)
      await refusedLaunch(api, input, 'UnsupportedOperation', new RegExp(Object.keys(input)[0] ?? ''));
    // Terraform says what it does not want.
    await launchOne(api, {
      HibernationOptions: { Configured: false },
      EnclaveOptions: { Enabled: false },
      MaintenanceOptions: { AutoRecovery: 'default' },
      CapacityReservationSpecification: { CapacityReservationPreference: 'open' },
    });
    await refusedLaunch(api, { UserData: 'not base64!' }, 'InvalidParameterValue', /BASE64/);
    await refusedLaunch(api, { DryRun: true }, 'DryRunOperation');
  });

  test('a thousand at once, with the same answer when they are asked for again', async () => {
    const { api } = await place();
    const many = { ClientToken: 'thousand', MinCount: 1000, MaxCount: 1000 };
    const first = await launch(api, many);
    assert.equal(new Set(first.map(({ PublicIpAddress }) => PublicIpAddress)).size, 1000);
    assert.deepEqual(await launch(api, many), first);
    assert.equal((await instancesOf(api)).length, 1000);
    api.advance(86_400_000);
    await launchOne(api, { ClientToken: 'later' });
    assert.deepEqual([api.estate().details.answeredTokens.size, api.estate().details.answerParts.size], [1, 0]);
  });

  test('the same token launches once', async () => {
    const { api } = await place();
    const first = await launchOne(api, { ClientToken: 'once' });
    const second = await launchOne(api, { ClientToken: 'once' });
    assert.deepEqual([second.InstanceId, second.ClientToken], [first.InstanceId, 'once']);
    assert.equal((await instancesOf(api)).length, 1);
    await refusedWith(launch(api, { ClientToken: 'once', MaxCount: 2 }), 'IdempotentParameterMismatch');
  });
});

describe('launching by template', () => {
  test('its parameters stand where the call says nothing, groups among them', async () => {
    const { api, vpcId, subnetId } = await place();
    const [web, app] = [await makeGroup(api, 'web', vpcId), await makeGroup(api, 'app', vpcId)];
    const id = await template(api, {
      ImageId: 'ami-0123456789abcdef0',
      InstanceType: 't3.small',
      SecurityGroupIds: [web],
      TagSpecifications: [{ ResourceType: 'instance', Tags: [{ Key: 'a', Value: 'template' }] }],
    });
    const plain = await byTemplate(api, { LaunchTemplateId: id }, { SubnetId: subnetId });
    assert.deepEqual([plain.InstanceType, plain.ImageId], ['t3.small', 'ami-0123456789abcdef0']);
    assert.deepEqual(groupIds(plain), [web]);
    assert.deepEqual(plain.Tags, [
      { Key: 'a', Value: 'template' },
      { Key: 'aws:ec2launchtemplate:id', Value: id },
      { Key: 'aws:ec2launchtemplate:version', Value: '1' },
    ]);
    const over = await byTemplate(
      api,
      { LaunchTemplateName: 'web', Version: '$Latest' },
      { SubnetId: subnetId, SecurityGroupIds: [app], InstanceType: 't3.nano' },
    );
    assert.deepEqual([over.InstanceType, groupIds(over)], ['t3.nano', [app]]);
  });

  test('versions', async () => {
    const { api } = await place();
    const id = await template(api, { ImageId: 'ami-12345678', InstanceType: 't3.small' });
    await api.client.send(
      new ec2.CreateLaunchTemplateVersionCommand({
        LaunchTemplateId: id,
        SourceVersion: '1',
        LaunchTemplateData: { InstanceType: 't3.large' },
      }),
    );
    const typeAt = async (Version?: string): Promise<string | undefined> =>
      (await byTemplate(api, { LaunchTemplateId: id, ...(Version === undefined ? {} : { Version }) })).InstanceType;
    assert.equal(await typeAt(), 't3.small');
    assert.equal(await typeAt('2'), 't3.large');
    assert.equal(await typeAt('$Latest'), 't3.large');
    await refusedWith(typeAt('3'), 'InvalidLaunchTemplateId.VersionNotFound');
    await refusedWith(byTemplate(api, { LaunchTemplateName: 'none' }), 'InvalidLaunchTemplateName.NotFoundException');
    await refusedWith(byTemplate(api, {}), 'MissingParameter');
  });
});
