// The life of instances through AWS's client: starting, stopping, ending, changing, finding.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as ec2 from '@aws-sdk/client-ec2';
import { refusedWith, type TestApi } from './api-client.ts';
import { makeGroup } from './groups-client.ts';
import { instanceAt, instancesOf, launch, launchOne, place } from './instances-client.ts';

const HOUR = 3_600_000;

async function born(api: TestApi, input: Partial<ec2.RunInstancesRequest> = {}): Promise<string> {
  return (await launchOne(api, input)).InstanceId ?? assert.fail();
}

async function start({ client }: TestApi, ...InstanceIds: string[]): Promise<ec2.StartInstancesCommandOutput> {
  return await client.send(new ec2.StartInstancesCommand({ InstanceIds }));
}

async function stop({ client }: TestApi, ...InstanceIds: string[]): Promise<ec2.StopInstancesCommandOutput> {
  return await client.send(new ec2.StopInstancesCommand({ InstanceIds }));
}

async function end({ client }: TestApi, ...InstanceIds: string[]): Promise<ec2.TerminateInstancesCommandOutput> {
  return await client.send(new ec2.TerminateInstancesCommand({ InstanceIds }));
}

async function change(
  { client }: TestApi,
  InstanceId: string,
  input: Partial<ec2.ModifyInstanceAttributeRequest>,
): Promise<unknown> {
  return await client.send(new ec2.ModifyInstanceAttributeCommand({ InstanceId, ...input }));
}

async function attribute(
  { client }: TestApi,
  InstanceId: string,
  Attribute: ec2.InstanceAttributeName,
): Promise<ec2.DescribeInstanceAttributeCommandOutput> {
  return await client.send(new ec2.DescribeInstanceAttributeCommand({ InstanceId, Attribute }));
}

async function stateOf(api: TestApi, id: string): Promise<string | undefined> {
  return (await instanceAt(api, id)).State?.Name;
}

describe('states', () => {
  test('a public address of the pool goes with a stop and comes anew with a start', async () => {
    const { api } = await place();
    const instance = await launchOne(api);
    const id = instance.InstanceId ?? assert.fail();
    api.advance(60_000);
    const stopped = await stop(api, id);
    assert.deepEqual(stopped.StoppingInstances, [
      {
        InstanceId: id,
        CurrentState: { Code: 80, Name: 'stopped' },
        PreviousState: { Code: 16, Name: 'running' },
      },
    ]);
    const resting = await instanceAt(api, id);
    assert.deepEqual([resting.PublicIpAddress, resting.PublicDnsName], [undefined, '']);
    assert.equal(resting.PrivateIpAddress, instance.PrivateIpAddress);
    assert.equal(resting.StateTransitionReason, 'User initiated (2026-01-01 00:01:00 GMT)');
    assert.equal(resting.StateReason?.Code, 'Client.UserInitiatedShutdown');
    const started = await start(api, id);
    assert.deepEqual(started.StartingInstances?.[0]?.PreviousState, { Code: 80, Name: 'stopped' });
    const again = await instanceAt(api, id);
    assert.match(again.PublicIpAddress ?? '', /^198\.18\./);
    assert.notEqual(again.PublicIpAddress, instance.PublicIpAddress);
    assert.deepEqual([again.StateReason, again.StateTransitionReason], [undefined, '']);
    assert.equal(again.LaunchTime?.toISOString(), '2026-01-01T00:01:00.000Z');
  });

  test('what was launched without a public address gets none; with several interfaces neither', async () => {
    const { api, subnetId } = await place();
    const own = await born(api, { SubnetId: subnetId });
    await stop(api, own);
    await start(api, own);
    assert.equal((await instanceAt(api, own)).PublicIpAddress, undefined);
    const two = await launchOne(api);
    const id = two.InstanceId ?? assert.fail();
    const { NetworkInterface: eni } = await api.client.send(
      new ec2.CreateNetworkInterfaceCommand({ SubnetId: two.SubnetId }),
    );
    const NetworkInterfaceId = eni?.NetworkInterfaceId;
    await api.client.send(
      new ec2.AttachNetworkInterfaceCommand({ DeviceIndex: 1, InstanceId: id, NetworkInterfaceId }),
    );
    await stop(api, id);
    await start(api, id);
    assert.equal((await instanceAt(api, id)).PublicIpAddress, undefined);
  });

  test('doing again what is done changes nothing; what has ended stays ended', async () => {
    const { api } = await place();
    const [one, two] = [await born(api), await born(api)];
    assert.equal((await start(api, one)).StartingInstances?.[0]?.CurrentState?.Name, 'running');
    await stop(api, one);
    assert.equal((await stop(api, one)).StoppingInstances?.[0]?.PreviousState?.Name, 'stopped');
    await refusedWith(
      api.client.send(new ec2.RebootInstancesCommand({ InstanceIds: [two, one] })),
      'IncorrectInstanceState',
    );
    await api.client.send(new ec2.RebootInstancesCommand({ InstanceIds: [two] }));
    await end(api, one);
    assert.equal((await end(api, one)).TerminatingInstances?.[0]?.PreviousState?.Name, 'terminated');
    await refusedWith(
      start(api, two, one),
      'IncorrectInstanceState',
      `The instance '${one}' is not in a state from which it can be started.`,
    );
    await refusedWith(
      stop(api, two, one),
      'IncorrectInstanceState',
      `This instance '${one}' is not in a state from which it can be stopped.`,
    );
    assert.equal(await stateOf(api, two), 'running');
    await refusedWith(stop(api, 'i-0123'), 'InvalidInstanceID.NotFound', "The instance ID 'i-0123' does not exist");
    await refusedWith(stop(api, 'x'), 'InvalidInstanceID.Malformed');
    await refusedWith(
      api.client.send(new ec2.StopInstancesCommand({ InstanceIds: [two], Hibernate: true })),
      'UnsupportedOperation',
    );
  });

  test('interfaces and volumes go with the instance, or stay and are free', async () => {
    const { api, subnetId } = await place();
    const { NetworkInterface: own } = await api.client.send(
      new ec2.CreateNetworkInterfaceCommand({ SubnetId: subnetId }),
    );
    const instance = await launchOne(api, {
      NetworkInterfaces: [
        { DeviceIndex: 0, SubnetId: subnetId },
        { DeviceIndex: 1, NetworkInterfaceId: own?.NetworkInterfaceId },
      ],
      BlockDeviceMappings: [{ DeviceName: '/dev/sdf', Ebs: { VolumeSize: 1, DeleteOnTermination: false } }],
    });
    const id = instance.InstanceId ?? assert.fail();
    await end(api, id);
    const { NetworkInterfaces: enis } = await api.client.send(new ec2.DescribeNetworkInterfacesCommand({}));
    assert.deepEqual(
      enis?.map(({ NetworkInterfaceId, Status }) => [NetworkInterfaceId, Status]),
      [[own?.NetworkInterfaceId, 'available']],
    );
    const { Volumes: volumes } = await api.client.send(new ec2.DescribeVolumesCommand({}));
    assert.deepEqual(
      volumes?.map(({ Size, State, Attachments }) => [Size, State, Attachments]),
      [[1, 'available', []]],
    );
    await api.client.send(new ec2.DeleteVolumeCommand({ VolumeId: volumes[0]?.VolumeId }));
    const gone = await instanceAt(api, id);
    assert.deepEqual([gone.State?.Name, gone.VpcId, gone.NetworkInterfaces], ['terminated', undefined, []]);
    assert.deepEqual(gone.BlockDeviceMappings, []);
    assert.equal(gone.Placement?.AvailabilityZone, 'eu-west-1b');
    await refusedWith(change(api, id, { DisableApiTermination: { Value: true } }), 'IncorrectInstanceState');
  });

  test('what has ended is shown for an hour', async () => {
    const { api } = await place();
    const id = await born(api);
    await end(api, id);
    api.advance(HOUR - 1);
    await born(api);
    assert.equal(await stateOf(api, id), 'terminated');
    api.advance(1);
    await born(api);
    await refusedWith(instanceAt(api, id), 'InvalidInstanceID.NotFound');
    assert.equal(api.estate().details.instanceDetails.size, 2);
  });

  test('an Elastic address stays through a stop', async () => {
    const { api } = await place();
    const instance = await launchOne(api);
    const id = instance.InstanceId ?? assert.fail();
    const { AllocationId, PublicIp } = await api.client.send(new ec2.AllocateAddressCommand({}));
    await api.client.send(new ec2.AssociateAddressCommand({ AllocationId, InstanceId: id }));
    assert.equal((await instanceAt(api, id)).PublicIpAddress, PublicIp);
    await stop(api, id);
    assert.equal((await instanceAt(api, id)).PublicIpAddress, PublicIp);
    await start(api, id);
    assert.equal((await instanceAt(api, id)).PublicIpAddress, PublicIp);
  });

  test('protection from ending and from stopping', async () => {
    const { api } = await place();
    const id = await born(api, { DisableApiTermination: true, DisableApiStop: true });
    const other = await born(api);
    await refusedWith(
      end(api, other, id),
      'OperationNotPermitted',
      `The instance '${id}' may not be terminated. Modify its 'disableApiTermination' instance attribute and try again.`,
    );
    assert.equal(await stateOf(api, other), 'running');
    await refusedWith(stop(api, id), 'OperationNotPermitted', /may not be stopped/);
    await change(api, id, { DisableApiStop: { Value: false } });
    await stop(api, id);
    await change(api, id, { Attribute: 'disableApiTermination', Value: 'false' });
    await end(api, id);
    assert.equal(await stateOf(api, id), 'terminated');
  });
});

describe('attributes', () => {
  test('groups are those of the primary interface, replaced', async () => {
    const { api, vpcId, subnetId, groupId } = await place();
    const web = await makeGroup(api, 'web', vpcId);
    const id = await born(api, {
      NetworkInterfaces: [
        { DeviceIndex: 0, SubnetId: subnetId },
        { DeviceIndex: 1, SubnetId: subnetId },
      ],
    });
    await change(api, id, { Groups: [web] });
    const { NetworkInterfaces: enis } = await instanceAt(api, id);
    assert.deepEqual(
      enis?.map(({ Groups }) => Groups?.map(({ GroupId }) => GroupId)),
      [[web], [groupId]],
    );
    assert.deepEqual((await attribute(api, id, 'groupSet')).Groups, [{ GroupId: web, GroupName: 'web' }]);
    await refusedWith(change(api, id, { Groups: ['sg-0'] }), 'InvalidGroup.NotFound');
    await refusedWith(
      change(api, id, { SourceDestCheck: { Value: false } }),
      'InvalidInstanceID',
      `There are multiple interfaces attached to instance '${id}'. Please specify an interface ID for the operation instead.`,
    );
  });

  test('the source/destination check of one interface', async () => {
    const { api } = await place();
    const id = await born(api);
    await change(api, id, { SourceDestCheck: { Value: false } });
    const instance = await instanceAt(api, id);
    assert.deepEqual([instance.SourceDestCheck, instance.NetworkInterfaces?.[0]?.SourceDestCheck], [false, false]);
    assert.equal((await attribute(api, id, 'sourceDestCheck')).SourceDestCheck?.Value, false);
  });

  test('type and user data only while it is stopped', async () => {
    const { api } = await place();
    const id = await born(api, { UserData: 'YQ==' });
    const type = { InstanceType: { Value: 't3.large' } };
    await refusedWith(
      change(api, id, type),
      'IncorrectInstanceState',
      `The instance '${id}' is not in the 'stopped' state.`,
    );
    await refusedWith(change(api, id, { UserData: { Value: Buffer.from('b') } }), 'IncorrectInstanceState');
    await refusedWith(change(api, id, { EbsOptimized: { Value: true } }), 'IncorrectInstanceState');
    await stop(api, id);
    await change(api, id, type);
    await change(api, id, { UserData: { Value: Buffer.from('b') } });
    assert.equal((await instanceAt(api, id)).InstanceType, 't3.large');
    assert.equal((await attribute(api, id, 'userData')).UserData?.Value, 'Yg==');
    await change(api, id, { UserData: { Value: Buffer.from('') } });
    assert.equal((await attribute(api, id, 'userData')).UserData?.Value, undefined);
    await refusedWith(change(api, id, { InstanceType: { Value: 'x9.huge' } }), 'InvalidParameterValue');
    await refusedWith(
      change(api, id, { InstanceType: { Value: 't4g.nano' } }),
      'InvalidParameterValue',
      /architecture/,
    );
  });

  test('a smaller type must have room for the interfaces', async () => {
    const { api, subnetId } = await place();
    const id = await born(api, {
      InstanceType: 'm5.large',
      NetworkInterfaces: [0, 1, 2].map((DeviceIndex) => ({ DeviceIndex, SubnetId: subnetId })),
    });
    await stop(api, id);
    await refusedWith(change(api, id, { InstanceType: { Value: 't3.nano' } }), 'AttachmentLimitExceeded');
  });

  test('one attribute a call, and what is not there by name', async () => {
    const { api } = await place();
    const id = await born(api);
    await refusedWith(change(api, id, {}), 'InvalidParameterCombination');
    await refusedWith(
      change(api, id, { DisableApiStop: { Value: true }, DisableApiTermination: { Value: true } }),
      'InvalidParameterCombination',
    );
    await refusedWith(change(api, id, { Kernel: { Value: 'aki-1' } }), 'UnsupportedOperation', /Kernel/);
    await refusedWith(
      change(api, id, { InstanceInitiatedShutdownBehavior: { Value: 'burn' } }),
      'InvalidParameterValue',
    );
    await change(api, id, { InstanceInitiatedShutdownBehavior: { Value: 'terminate' } });
    const shown = await attribute(api, id, 'instanceInitiatedShutdownBehavior');
    assert.equal(shown.InstanceInitiatedShutdownBehavior?.Value, 'terminate');
    await refusedWith(attribute(api, id, 'x' as ec2.InstanceAttributeName), 'InvalidParameterValue');
    for (const name of Object.values(ec2.InstanceAttributeName))
      assert.equal((await attribute(api, id, name)).InstanceId, id, name);
  });

  test('whether a volume goes with its instance', async () => {
    const { api } = await place();
    const id = await born(api);
    const keep = async (DeviceName: string): Promise<unknown> =>
      await change(api, id, { BlockDeviceMappings: [{ DeviceName, Ebs: { DeleteOnTermination: false } }] });
    await refusedWith(keep('/dev/sdz'), 'InvalidParameterValue');
    await keep('/dev/xvda');
    const [volume] = (await attribute(api, id, 'blockDeviceMapping')).BlockDeviceMappings ?? [];
    assert.equal(volume?.Ebs?.DeleteOnTermination, false);
    await end(api, id);
    const { Volumes: volumes } = await api.client.send(new ec2.DescribeVolumesCommand({}));
    assert.equal(volumes?.[0]?.VolumeId, volume.Ebs.VolumeId);
  });

  test('metadata and monitoring', async () => {
    const { api } = await place();
    const id = await born(api);
    const { InstanceMetadataOptions: options } = await api.client.send(
      new ec2.ModifyInstanceMetadataOptionsCommand({ InstanceId: id, HttpTokens: 'required' }),
    );
    assert.deepEqual([options?.HttpTokens, options?.HttpEndpoint, options?.State], ['required', 'enabled', 'applied']);
    await refusedWith(
      api.client.send(
        new ec2.ModifyInstanceMetadataOptionsCommand({ InstanceId: id, HttpTokens: 'x' as ec2.HttpTokensState }),
      ),
      'InvalidParameterValue',
    );
    const { InstanceMonitorings: monitorings } = await api.client.send(
      new ec2.MonitorInstancesCommand({ InstanceIds: [id] }),
    );
    assert.deepEqual(monitorings, [{ InstanceId: id, Monitoring: { State: 'enabled' } }]);
    assert.equal((await instanceAt(api, id)).Monitoring?.State, 'enabled');
    await api.client.send(new ec2.UnmonitorInstancesCommand({ InstanceIds: [id] }));
    assert.equal((await instanceAt(api, id)).Monitoring?.State, 'disabled');
  });
});

describe('finding instances', () => {
  test('by filters on the instance, its interfaces and its volumes', async () => {
    const { api, vpcId, subnetId, groupId } = await place();
    const one = await launchOne(api, {
      SubnetId: subnetId,
      PrivateIpAddress: '10.0.1.40',
      Ipv6AddressCount: 1,
      TagSpecifications: [{ ResourceType: 'instance', Tags: [{ Key: 'Name', Value: 'web' }] }],
    });
    const two = await launchOne(api, { InstanceType: 'm5.large', IamInstanceProfile: { Name: 'app' } });
    const [first = '', second = ''] = [one.InstanceId, two.InstanceId];
    await stop(api, second);
    const found = async (Name: string, ...Values: string[]): Promise<readonly unknown[]> =>
      (await instancesOf(api, { Filters: [{ Name, Values }] })).map(({ InstanceId }) => InstanceId);
    const eni = one.NetworkInterfaces?.[0];
    const cases: readonly (readonly [string, string | undefined])[] = [
      ['vpc-id', vpcId],
      ['subnet-id', subnetId],
      ['instance.group-id', groupId],
      ['network-interface.group-id', groupId],
      ['network-interface.network-interface-id', eni?.NetworkInterfaceId],
      ['network-interface.addresses.private-ip-address', '10.0.1.40'],
      ['network-interface.vpc-id', vpcId],
      ['network-interface.attachment.attachment-id', eni?.Attachment?.AttachmentId],
      ['private-ip-address', '10.0.1.40'],
      ['private-dns-name', 'ip-10-0-1-40.*'],
      ['ipv6-address', one.Ipv6Address],
      ['instance-state-name', 'running'],
      ['instance-state-code', '16'],
      ['instance-type', 't3.*'],
      ['availability-zone', 'eu-west-1b'],
      ['tag:Name', 'web'],
      ['tag-key', 'Name'],
      ['block-device-mapping.volume-id', one.BlockDeviceMappings?.[0]?.Ebs?.VolumeId],
    ];
    for (const [name, value = assert.fail(name)] of cases) assert.deepEqual(await found(name, value), [first], name);
    const other: readonly (readonly [string, string])[] = [
      ['iam-instance-profile.name', 'app'],
      ['state-reason-code', 'Client.UserInitiatedShutdown'],
      ['instance-state-name', 'stopped'],
    ];
    for (const [name, value] of other) assert.deepEqual(await found(name, value), [second], name);
    for (const [name, value] of [
      ['image-id', 'ami-12345678'],
      ['architecture', 'x86_64'],
      ['root-device-type', 'ebs'],
      ['tenancy', 'default'],
    ] as const)
      assert.equal((await found(name, value)).length, 2, name);
    assert.deepEqual(await found('ip-address', '*'), []);
    assert.deepEqual(await found('key-name', '*'), []);
    await refusedWith(found('fake', 'x'), 'InvalidParameterValue', /'fake'/);
    await refusedWith(instanceAt(api, 'i-01'), 'InvalidInstanceID.NotFound');
  });

  test('pages', async () => {
    const { api } = await place();
    await launch(api, { MinCount: 13, MaxCount: 13 });
    const seen: unknown[] = [];
    for await (const { Reservations: page } of ec2.paginateDescribeInstances({ client: api.client, pageSize: 5 }, {}))
      for (const { Instances } of page ?? []) seen.push(...(Instances ?? []).map(({ InstanceId }) => InstanceId));
    assert.deepEqual([seen.length, new Set(seen).size], [13, 13]);
  });

  test('status: of what runs, or of all', async () => {
    const { api } = await place();
    const [one, two] = [await born(api), await born(api)];
    await stop(api, two);
    const statuses = async (input: ec2.DescribeInstanceStatusRequest): Promise<readonly unknown[]> => {
      const { InstanceStatuses: found } = await api.client.send(new ec2.DescribeInstanceStatusCommand(input));
      return found?.map(({ InstanceId, InstanceStatus }) => `${InstanceId} ${InstanceStatus?.Status}`) ?? assert.fail();
    };
    assert.deepEqual(await statuses({}), [`${one} ok`]);
    assert.deepEqual(await statuses({ InstanceIds: [two] }), []);
    assert.deepEqual(
      new Set(await statuses({ IncludeAllInstances: true })),
      new Set([`${one} ok`, `${two} not-applicable`]),
    );
    assert.deepEqual(await statuses({ Filters: [{ Name: 'event.code', Values: ['*'] }] }), []);
  });

  test('volumes by their filters and tags', async () => {
    const { api } = await place();
    const instance = await launchOne(api);
    const VolumeId = instance.BlockDeviceMappings?.[0]?.Ebs?.VolumeId ?? assert.fail();
    await api.client.send(new ec2.CreateTagsCommand({ Resources: [VolumeId], Tags: [{ Key: 'a', Value: 'b' }] }));
    for (const [Name, value] of [
      ['tag:a', 'b'],
      ['attachment.device', '/dev/xvda'],
      ['status', 'in-use'],
      ['volume-type', 'gp3'],
      ['size', '8'],
      ['availability-zone', 'eu-west-1a'],
    ] as const) {
      const { Volumes: found } = await api.client.send(
        new ec2.DescribeVolumesCommand({ Filters: [{ Name, Values: [value] }] }),
      );
      assert.deepEqual(
        found?.map((one) => one.VolumeId),
        [VolumeId],
        Name,
      );
    }
    await refusedWith(
      api.client.send(new ec2.DeleteVolumeCommand({ VolumeId })),
      'VolumeInUse',
      `Volume ${VolumeId} is currently attached to ${instance.InstanceId}`,
    );
    await refusedWith(
      api.client.send(new ec2.DescribeVolumesCommand({ VolumeIds: ['vol-01'] })),
      'InvalidVolume.NotFound',
    );
  });
});
