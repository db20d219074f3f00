// Network interfaces through AWS's client: what they are born with, what they are changed to, what they hang on.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as ec2 from '@aws-sdk/client-ec2';
import { asId } from '../../src/core/model/ids.ts';
import type { GroupAssociation, SecurityGroup } from '../../src/core/model/security-group.ts';
import { getRecord, listRecords } from '../../src/core/model/world.ts';
import type { InstanceDetail } from '../../src/server/control/details/instance-detail.ts';
import { Draft } from '../../src/server/control/draft.ts';
import { estateOf, recordsOf } from '../../src/server/control/estate.ts';
import { instanceDetailOf } from '../../src/server/control/instances/instance-details.ts';
import { REALM, refusedWith } from './api-client.ts';
import {
  attachEni,
  deleteEni,
  eniOf,
  eniScene,
  GONE,
  IMPORTED,
  IMPORTED_ENI,
  IMPORTED_GROUP,
  makeEni,
  makeSubnet,
  modifyEni,
  privateTexts,
  RUNNING,
  STOPPED,
} from './enis-client.ts';
import { authorize, makeGroup, tcp } from './groups-client.ts';
import { DUAL_VPC, VPC } from './seed.ts';

describe('a new interface', () => {
  test('has the lowest address, the default group, and all members that clients read', async () => {
    const api = await eniScene();
    const eni = await makeEni(api, {
      Description: 'front',
      TagSpecifications: [{ ResourceType: 'network-interface', Tags: [{ Key: 'Name', Value: 'front' }] }],
    });
    const [group] = [...listRecords(api.estate().world, 'groups')];
    assert.match(eni.MacAddress ?? '', /^02(?::[0-9a-f]{2}){5}$/);
    assert.deepEqual(eni, {
      NetworkInterfaceId: eni.NetworkInterfaceId,
      SubnetId: api.subnetId,
      VpcId: api.vpcId,
      AvailabilityZone: 'eu-west-1a',
      AvailabilityZoneId: 'euw1-az1',
      Description: 'front',
      OwnerId: REALM.accountId,
      RequesterManaged: false,
      InterfaceType: 'interface',
      Status: 'available',
      MacAddress: eni.MacAddress,
      SourceDestCheck: true,
      Groups: [{ GroupId: group?.id, GroupName: 'default' }],
      PrivateIpAddress: '10.0.1.4',
      PrivateDnsName: 'ip-10-0-1-4.eu-west-1.compute.internal',
      PrivateIpAddresses: [
        { Primary: true, PrivateIpAddress: '10.0.1.4', PrivateDnsName: 'ip-10-0-1-4.eu-west-1.compute.internal' },
      ],
      Ipv6Addresses: [],
      Ipv4Prefixes: [],
      Ipv6Prefixes: [],
      Operator: { Managed: false },
      TagSet: [{ Key: 'Name', Value: 'front' }],
    });
    assert.deepEqual(await eniOf(api, eni.NetworkInterfaceId), eni);
    await deleteEni(api, eni.NetworkInterfaceId);
    await refusedWith(
      eniOf(api, eni.NetworkInterfaceId),
      'InvalidNetworkInterfaceID.NotFound',
      `The networkInterface ID '${eni.NetworkInterfaceId}' does not exist`,
    );
    assert.equal(api.estate().details.eniDetails.size, 0);
  });

  test('has the addresses and prefixes that are asked for', async () => {
    const api = await eniScene();
    const eni = await makeEni(api, {
      PrivateIpAddresses: [
        { PrivateIpAddress: '10.0.1.20' },
        { PrivateIpAddress: '10.0.1.10', Primary: true },
        { PrivateIpAddress: '10.0.1.30' },
      ],
      Ipv6Addresses: [{ Ipv6Address: '2001:db8::1:0' }],
      EnablePrimaryIpv6: true,
      ConnectionTrackingSpecification: { TcpEstablishedTimeout: 60, UdpTimeout: 30 },
    });
    assert.deepEqual(privateTexts(eni), ['10.0.1.10', '10.0.1.20', '10.0.1.30']);
    assert.equal(eni.PrivateIpAddress, '10.0.1.10');
    assert.deepEqual(eni.Ipv6Addresses, [{ Ipv6Address: '2001:db8::1:0', IsPrimaryIpv6: true }]);
    assert.deepEqual(eni.ConnectionTrackingConfiguration, { TcpEstablishedTimeout: 60, UdpTimeout: 30 });
    const counted = await makeEni(api, { SecondaryPrivateIpAddressCount: 2, Ipv6AddressCount: 2 });
    assert.deepEqual(privateTexts(counted), ['10.0.1.4', '10.0.1.5', '10.0.1.6']);
    assert.deepEqual(
      counted.Ipv6Addresses?.map((own) => own.Ipv6Address),
      ['2001:db8::4', '2001:db8::5'],
    );
    const beside = await makeEni(api, { PrivateIpAddress: '10.0.1.7', SecondaryPrivateIpAddressCount: 2 });
    assert.deepEqual(privateTexts(beside), ['10.0.1.7', '10.0.1.8', '10.0.1.9']);
    const blocks = await makeEni(api, { PrivateIpAddress: '10.0.1.200', Ipv4PrefixCount: 2, Ipv6PrefixCount: 1 });
    // 10.0.1.0/28 has what AWS keeps, the next has addresses in use, and so has the one after.
    assert.deepEqual(blocks.Ipv4Prefixes, [{ Ipv4Prefix: '10.0.1.32/28' }, { Ipv4Prefix: '10.0.1.48/28' }]);
    assert.deepEqual(blocks.Ipv6Prefixes, [{ Ipv6Prefix: '2001:db8:0:0:1::/80' }]);
    await refusedWith(
      makeEni(api, { PrivateIpAddress: '10.0.1.40' }),
      'InvalidIPAddress.InUse',
      'Address 10.0.1.40 is in use.',
    );
  });

  test('has an IPv6 address where its subnet says so, unless none are asked for', async () => {
    const api = await eniScene();
    await api.client.send(
      new ec2.ModifySubnetAttributeCommand({ SubnetId: api.subnetId, AssignIpv6AddressOnCreation: { Value: true } }),
    );
    assert.equal((await makeEni(api)).Ipv6Addresses?.length, 1);
    assert.equal((await makeEni(api, { Ipv6AddressCount: 0 })).Ipv6Addresses?.length, 0);
    const native = await makeSubnet(api, '', {
      CidrBlock: undefined,
      Ipv6Native: true,
      Ipv6CidrBlock: '2001:db8:0:1::/64',
    });
    await api.client.send(
      new ec2.ModifySubnetAttributeCommand({ SubnetId: native, AssignIpv6AddressOnCreation: { Value: false } }),
    );
    const eni = await makeEni(api, { SubnetId: native });
    assert.equal(eni.Ipv6Native, true);
    assert.equal(eni.PrivateIpAddress, undefined);
    assert.deepEqual(eni.Ipv6Addresses, [{ Ipv6Address: '2001:db8:0:1::4', IsPrimaryIpv6: false }]);
  });

  test('G14 may not have an address that AWS keeps, nor one of elsewhere', async () => {
    const api = await eniScene();
    for (const last of [0, 1, 2, 3, 255])
      await refusedWith(
        makeEni(api, { PrivateIpAddress: `10.0.1.${last}` }),
        'InvalidParameterValue',
        `Address 10.0.1.${last} is in subnet's reserved address range`,
      );
    await refusedWith(
      makeEni(api, { PrivateIpAddress: '10.0.2.9' }),
      'InvalidParameterValue',
      "Address 10.0.2.9 does not fall within the subnet's address range",
    );
    for (const text of ['10.0.1', '010.0.1.9', '2001:db8::9', ''])
      await refusedWith(makeEni(api, { PrivateIpAddress: text }), 'InvalidParameterValue', /invalid value for/);
    await refusedWith(makeEni(api, { Ipv6Addresses: [{ Ipv6Address: '2001:db8::2' }] }), 'InvalidParameterValue');
    await refusedWith(
      makeEni(api, { Ipv4Prefixes: [{ Ipv4Prefix: '10.0.1.240/28' }] }),
      'InvalidParameterValue',
      /reserved/,
    );
    for (const prefix of ['10.0.1.33/28', '10.0.1.32/27', '2001:db8::/80', '10.0.1.32'])
      await refusedWith(makeEni(api, { Ipv4Prefixes: [{ Ipv4Prefix: prefix }] }), 'InvalidParameterValue');
    assert.equal(api.estate().world.records.enis.size, 0);
  });

  test('is refused where parameters exclude each other, are beyond bounds, or name nothing', async () => {
    const api = await eniScene();
    const refused = async (input: Partial<ec2.CreateNetworkInterfaceRequest>, code: string): Promise<void> =>
      await refusedWith(makeEni(api, input), code);
    await refused({ SubnetId: 'subnet-01' }, 'InvalidSubnetID.NotFound');
    await refused({ SubnetId: 'x' }, 'InvalidSubnetID.Malformed');
    await refused({ Ipv4PrefixCount: 1, SecondaryPrivateIpAddressCount: 1 }, 'InvalidParameterCombination');
    await refused(
      { Ipv6AddressCount: 1, Ipv6Addresses: [{ Ipv6Address: '2001:db8::9' }] },
      'InvalidParameterCombination',
    );
    await refused(
      { PrivateIpAddress: '10.0.1.9', PrivateIpAddresses: [{ PrivateIpAddress: '10.0.1.8', Primary: true }] },
      'InvalidParameterCombination',
    );
    await refused(
      { PrivateIpAddress: '10.0.1.9', PrivateIpAddresses: [{ PrivateIpAddress: '10.0.1.9' }] },
      'InvalidParameterValue',
    );
    await refused({ SecondaryPrivateIpAddressCount: 64 }, 'PrivateIpAddressLimitExceeded');
    await refused({ SecondaryPrivateIpAddressCount: 1e15 }, 'PrivateIpAddressLimitExceeded');
    await refused({ SecondaryPrivateIpAddressCount: -1 }, 'InvalidParameterValue');
    await refused({ Ipv6PrefixCount: 1.5 }, 'InvalidParameterValue');
    await refused({ EnablePrimaryIpv6: true }, 'InvalidParameterCombination');
    await refused({ InterfaceType: 'trunk' }, 'UnsupportedOperation');
    await refused({ Operator: { Principal: 'x' } }, 'UnsupportedOperation');
    await refused({ Description: 'x'.repeat(256) }, 'InvalidParameterValue');
    await refused({ ConnectionTrackingSpecification: { UdpTimeout: 61 } }, 'InvalidParameterValue');
    await refused({ ConnectionTrackingSpecification: { UdpStreamTimeout: 60.5 } }, 'InvalidParameterValue');
    assert.equal(api.estate().world.records.enis.size, 0);
    const small = await makeSubnet(api, '10.0.2.0/28');
    for (let count = 0; count < 11; count += 1) await makeEni(api, { SubnetId: small });
    await refused({ SubnetId: small }, 'InsufficientFreeAddressesInSubnet');
    const old = await makeSubnet(api, '10.0.3.0/28');
    await refused({ SubnetId: old, Ipv6AddressCount: 1 }, 'InvalidParameterValue');
    await refused({ SubnetId: old, Ipv4PrefixCount: 1 }, 'InsufficientFreeAddressesInSubnet');
  });
});

describe('the groups of an interface', () => {
  test('A53 are five at most', async () => {
    const api = await eniScene();
    const groups: string[] = [];
    for (let count = 0; count < 6; count += 1) groups.push(await makeGroup(api, `g${count}`, api.vpcId));
    await refusedWith(
      makeEni(api, { Groups: groups }),
      'SecurityGroupsPerInterfaceLimitExceeded',
      'The maximum number of security groups per interface has been reached.',
    );
    const eni = await makeEni(api, { Groups: groups.slice(0, 5) });
    await refusedWith(
      modifyEni(api, eni.NetworkInterfaceId, { Groups: groups }),
      'SecurityGroupsPerInterfaceLimitExceeded',
    );
  });

  test('A55 are replaced, not added to; an unknown one changes nothing', async () => {
    const api = await eniScene();
    const [web, app] = [await makeGroup(api, 'web', api.vpcId), await makeGroup(api, 'app', api.vpcId)];
    const { NetworkInterfaceId: id } = await makeEni(api, { Groups: [web] });
    const groups = async (): Promise<unknown> => (await eniOf(api, id)).Groups?.map((group) => group.GroupName);
    await modifyEni(api, id, { Groups: [app, app] });
    assert.deepEqual(await groups(), ['app']);
    await refusedWith(
      modifyEni(api, id, { Groups: [web, 'sg-0'] }),
      'InvalidGroup.NotFound',
      "The security group 'sg-0' does not exist",
    );
    await refusedWith(modifyEni(api, id, { Groups: [] }), 'InvalidParameterCombination', 'No attributes specified.');
    await refusedWith(modifyEni(api, id, { Description: {} }), 'InvalidParameterCombination');
    assert.deepEqual(await groups(), ['app']);
  });

  test('A56 are of its own VPC, or associated with it', async () => {
    const api = await eniScene();
    const other = await api.client.send(new ec2.CreateVpcCommand({ CidrBlock: '10.7.0.0/16' }));
    const strange = await makeGroup(api, 'strange', other.Vpc?.VpcId);
    const text = `Security group ${strange} and subnet ${api.subnetId} belong to different networks.`;
    await refusedWith(makeEni(api, { Groups: [strange] }), 'InvalidParameter', text);
    const { NetworkInterfaceId: id } = await makeEni(api);
    await refusedWith(modifyEni(api, id, { Groups: [strange] }), 'InvalidParameter', text);
    const third = await api.client.send(new ec2.CreateVpcCommand({ CidrBlock: '10.8.0.0/16' }));
    const associate = async (VpcId: string): Promise<unknown> =>
      await api.client.send(new ec2.AssociateSecurityGroupVpcCommand({ GroupId: strange, VpcId }));
    await associate(third.Vpc?.VpcId ?? '');
    await refusedWith(modifyEni(api, id, { Groups: [strange] }), 'InvalidParameter', text);
    await associate(api.vpcId);
    await modifyEni(api, id, { Groups: [strange] });
    assert.deepEqual((await eniOf(api, id)).Groups, [{ GroupId: strange, GroupName: 'strange' }]);
  });

  test('A56 are not those whose association with its VPC failed', async () => {
    const foreign: SecurityGroup = { ...IMPORTED_GROUP, id: asId('sg-0bbbbbbbbbbbbbbb2'), vpcId: DUAL_VPC.id };
    const association: GroupAssociation = {
      id: `${foreign.id}/${VPC.id}`,
      groupId: foreign.id,
      vpcId: VPC.id,
      state: 'association-failed',
    };
    const api = await eniScene(
      {},
      {
        ...IMPORTED,
        vpcs: [VPC, DUAL_VPC],
        groups: [IMPORTED_GROUP, foreign],
        groupAssociations: [association],
      },
    );
    await refusedWith(modifyEni(api, IMPORTED_ENI.id, { Groups: [foreign.id] }), 'InvalidParameter');
  });

  test('have no more rules together than the product of the quotas', async () => {
    const api = await eniScene({ rulesTimesGroups: 2 });
    const [one, two] = [await makeGroup(api, 'one', api.vpcId), await makeGroup(api, 'two', api.vpcId)];
    await authorize(api, one, tcp(1, '10.0.0.0/8'), tcp(2, '10.0.0.0/8'));
    await authorize(api, two, tcp(1, '10.0.0.0/8'));
    await refusedWith(makeEni(api, { Groups: [one, two] }), 'RulesPerSecurityGroupLimitExceeded');
    const { NetworkInterfaceId: id } = await makeEni(api, { Groups: [one] });
    await refusedWith(modifyEni(api, id, { Groups: [two, one] }), 'RulesPerSecurityGroupLimitExceeded');
    await modifyEni(api, id, { Groups: [two] });
  });
});

describe('the attributes of an interface', () => {
  test('change one at a time and are read one at a time', async () => {
    const api = await eniScene();
    const { NetworkInterfaceId: id } = await makeEni(api);
    const read = async (
      Attribute: ec2.NetworkInterfaceAttribute,
    ): Promise<ec2.DescribeNetworkInterfaceAttributeResult> =>
      await api.client.send(new ec2.DescribeNetworkInterfaceAttributeCommand({ NetworkInterfaceId: id, Attribute }));
    await modifyEni(api, id, { Description: { Value: 'back' } });
    await modifyEni(api, id, { SourceDestCheck: { Value: false } });
    assert.equal((await read('description')).Description?.Value, 'back');
    assert.equal((await read('sourceDestCheck')).SourceDestCheck?.Value, false);
    assert.equal((await read('groupSet')).Groups?.[0]?.GroupName, 'default');
    assert.equal((await read('attachment')).Attachment, undefined);
    assert.equal((await read('associatePublicIpAddress')).AssociatePublicIpAddress, false);
    await api.client.send(
      new ec2.ResetNetworkInterfaceAttributeCommand({ NetworkInterfaceId: id, SourceDestCheck: 'true' }),
    );
    assert.equal((await read('sourceDestCheck')).SourceDestCheck?.Value, true);
    await refusedWith(
      modifyEni(api, id, { Description: { Value: 'x' }, SourceDestCheck: { Value: false } }),
      'InvalidParameterCombination',
    );
    await refusedWith(
      api.client.send(new ec2.DescribeNetworkInterfaceAttributeCommand({ NetworkInterfaceId: id })),
      'InvalidParameterCombination',
    );
    await refusedWith(
      api.client.send(new ec2.ResetNetworkInterfaceAttributeCommand({ NetworkInterfaceId: id })),
      'InvalidParameterCombination',
    );
    // @ts-expect-error -- an attribute that there is not
    await refusedWith(read('colour'), 'InvalidParameterValue');
    await refusedWith(modifyEni(api, 'eni-0', { Description: { Value: 'x' } }), 'InvalidNetworkInterfaceID.NotFound');
    await refusedWith(modifyEni(api, 'eni_0', { Description: { Value: 'x' } }), 'InvalidNetworkInterfaceId.Malformed');
  });

  test('timeouts that are not given stay as they were', async () => {
    const api = await eniScene();
    const { NetworkInterfaceId: id } = await makeEni(api, {
      ConnectionTrackingSpecification: { TcpEstablishedTimeout: 100, UdpTimeout: 40 },
    });
    await modifyEni(api, id, { ConnectionTrackingSpecification: { UdpTimeout: 50, UdpStreamTimeout: 180 } });
    assert.deepEqual((await eniOf(api, id)).ConnectionTrackingConfiguration, {
      TcpEstablishedTimeout: 100,
      UdpStreamTimeout: 180,
      UdpTimeout: 50,
    });
    for (const given of [{ TcpEstablishedTimeout: 59 }, { TcpEstablishedTimeout: 432_001 }, { UdpStreamTimeout: 59 }])
      await refusedWith(modifyEni(api, id, { ConnectionTrackingSpecification: given }), 'InvalidParameterValue');
  });

  test('the primary interface of a running instance gets a public address and loses it', async () => {
    const api = await eniScene();
    await api.client.send(new ec2.ModifyVpcAttributeCommand({ VpcId: api.vpcId, EnableDnsHostnames: { Value: true } }));
    const { NetworkInterfaceId: id } = await makeEni(api);
    await refusedWith(modifyEni(api, id, { AssociatePublicIpAddress: true }), 'UnsupportedOperation');
    await attachEni(api, id, 0);
    await modifyEni(api, id, { AssociatePublicIpAddress: true });
    const { Association: association } = await eniOf(api, id);
    assert.match(association?.PublicIp ?? '', /^198\.18\./);
    assert.equal(association?.IpOwnerId, 'amazon');
    assert.equal(
      association.PublicDnsName,
      `ec2-${(association.PublicIp ?? '').replaceAll('.', '-')}.eu-west-1.compute.amazonaws.com`,
    );
    await modifyEni(api, id, { AssociatePublicIpAddress: true });
    assert.deepEqual((await eniOf(api, id)).Association, association);
    await modifyEni(api, id, { AssociatePublicIpAddress: false });
    assert.equal((await eniOf(api, id)).Association, undefined);
    assert.equal([...recordsOf(api.estate(), 'instanceDetails')][0]?.hasPublicAddress, false);
  });
});

test('the primary interface of a stopped instance gets a public address when it starts, not before', async () => {
  const api = await eniScene();
  const { NetworkInterfaceId: id } = await makeEni(api);
  await attachEni(api, id, 0, STOPPED);
  await modifyEni(api, id, { AssociatePublicIpAddress: true });
  assert.equal((await eniOf(api, id)).Association, undefined);
  assert.equal([...recordsOf(api.estate(), 'instanceDetails')][0]?.hasPublicAddress, true);
});

describe('attachments', () => {
  test('an interface is attached to a free device of an instance, and detached', async () => {
    const api = await eniScene();
    const { NetworkInterfaceId: first } = await makeEni(api);
    const { NetworkInterfaceId: second } = await makeEni(api);
    const primary = await attachEni(api, first, 0);
    const attachment = await attachEni(api, second, 1);
    assert.match(attachment, /^eni-attach-0[0-9a-f]{16}$/);
    const shown = await eniOf(api, second);
    assert.equal(shown.Status, 'in-use');
    assert.deepEqual(shown.Attachment, {
      AttachmentId: attachment,
      AttachTime: new Date(Date.UTC(2026, 0, 1)),
      DeleteOnTermination: false,
      DeviceIndex: 1,
      NetworkCardIndex: 0,
      InstanceId: RUNNING,
      InstanceOwnerId: REALM.accountId,
      Status: 'attached',
    });
    await modifyEni(api, second, { Attachment: { AttachmentId: attachment, DeleteOnTermination: true } });
    assert.equal((await eniOf(api, second)).Attachment?.DeleteOnTermination, true);
    await refusedWith(
      modifyEni(api, second, { Attachment: { AttachmentId: primary, DeleteOnTermination: true } }),
      'InvalidAttachmentID.NotFound',
    );
    await refusedWith(modifyEni(api, second, { Attachment: { AttachmentId: attachment } }), 'MissingParameter');
    await refusedWith(
      deleteEni(api, second),
      'InvalidParameterValue',
      `Network interface '${second}' is currently in use.`,
    );
    const detach = async (AttachmentId: string): Promise<unknown> =>
      await api.client.send(new ec2.DetachNetworkInterfaceCommand({ AttachmentId, Force: true }));
    await refusedWith(
      detach(primary),
      'OperationNotPermitted',
      'The network interface at device index 0 and networkCard index 0 cannot be detached.',
    );
    await detach(attachment);
    assert.equal((await eniOf(api, second)).Status, 'available');
    await refusedWith(detach(attachment), 'InvalidAttachmentID.NotFound');
    await deleteEni(api, second);
  });

  test('a device in use, another zone, an instance that is gone, an interface in use are refused', async () => {
    const api = await eniScene();
    const { NetworkInterfaceId: first } = await makeEni(api);
    await attachEni(api, first, 0);
    const { NetworkInterfaceId: free } = await makeEni(api);
    await refusedWith(
      attachEni(api, free, 0),
      'InvalidParameterValue',
      `Instance '${RUNNING}' already has an interface attached at device index '0'.`,
    );
    await refusedWith(attachEni(api, free, -1), 'InvalidParameterValue');
    await refusedWith(attachEni(api, free, 0.5), 'InvalidParameterValue');
    await refusedWith(attachEni(api, free, 0, GONE), 'IncorrectState');
    await refusedWith(attachEni(api, free, 0, 'i-01'), 'InvalidInstanceID.NotFound');
    await refusedWith(attachEni(api, free, 0, 'x'), 'InvalidInstanceID.Malformed');
    await refusedWith(attachEni(api, first, 1), 'InvalidNetworkInterface.InUse');
    const far = await makeSubnet(api, '10.0.9.0/24', { AvailabilityZone: 'eu-west-1b' });
    const { NetworkInterfaceId: away } = await makeEni(api, { SubnetId: far });
    await refusedWith(attachEni(api, away, 1), 'InvalidParameterCombination', /same availability zone/);
    assert.equal((await eniOf(api, free)).Status, 'available');
  });

  test('the type of the instance bounds how many, and how many addresses each has', async () => {
    const bare = instanceDetailOf(new Draft(estateOf({})), { id: asId(RUNNING), state: 'running', tags: [] });
    const detail: InstanceDetail = { ...bare, instanceType: 't3.micro' };
    const api = await eniScene({}, { instanceDetails: [detail] });
    const { NetworkInterfaceId: first } = await makeEni(api);
    await attachEni(api, first, 0);
    const { NetworkInterfaceId: rich } = await makeEni(api, { SecondaryPrivateIpAddressCount: 2 });
    await refusedWith(attachEni(api, rich, 1), 'PrivateIpAddressLimitExceeded');
    const more = { NetworkInterfaceId: first, SecondaryPrivateIpAddressCount: 1 };
    await api.client.send(new ec2.AssignPrivateIpAddressesCommand(more));
    await refusedWith(
      api.client.send(new ec2.AssignPrivateIpAddressesCommand(more)),
      'PrivateIpAddressLimitExceeded',
      `${first}: Number of private addresses will exceed limit.`,
    );
    const { NetworkInterfaceId: second } = await makeEni(api);
    await attachEni(api, second, 1);
    const { NetworkInterfaceId: third } = await makeEni(api);
    await refusedWith(
      attachEni(api, third, 2),
      'AttachmentLimitExceeded',
      'Interface count 3 exceeds the limit for t3.micro',
    );
  });

  test('routes to an interface are in force while it is attached', async () => {
    const api = await eniScene();
    const { NetworkInterfaceId: primary } = await makeEni(api);
    await attachEni(api, primary, 0);
    const { NetworkInterfaceId: id } = await makeEni(api);
    const table = [...listRecords(api.estate().world, 'routeTables')][0]?.id ?? assert.fail();
    const route = { RouteTableId: table, DestinationCidrBlock: '0.0.0.0/0' };
    const state = (): string | undefined => getRecord(api.estate().world, 'routeTables', table)?.routes.at(-1)?.state;
    await api.client.send(new ec2.CreateRouteCommand({ ...route, NetworkInterfaceId: id }));
    assert.equal(state(), 'blackhole');
    const attachment = await attachEni(api, id, 1);
    assert.equal(state(), 'active');
    await api.client.send(new ec2.DetachNetworkInterfaceCommand({ AttachmentId: attachment }));
    assert.equal(state(), 'blackhole');
    await api.client.send(new ec2.ReplaceRouteCommand({ ...route, NetworkInterfaceId: primary }));
    assert.equal(state(), 'active');
    await api.client.send(new ec2.ReplaceRouteCommand({ ...route, NetworkInterfaceId: id }));
    assert.equal(state(), 'blackhole');
    await attachEni(api, id, 1);
    await api.client.send(
      new ec2.DetachNetworkInterfaceCommand({
        AttachmentId: (await eniOf(api, id)).Attachment?.AttachmentId,
      }),
    );
    await deleteEni(api, id);
    assert.equal(state(), 'blackhole');
  });
});
