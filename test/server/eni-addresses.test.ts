// Addresses and prefixes that interfaces get and give up, through AWS's client.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as ec2 from '@aws-sdk/client-ec2';
import { formatAddress } from '../../src/core/net/address.ts';
import type { Eni } from '../../src/core/model/eni.ts';
import type { ElasticAddress } from '../../src/core/model/gateway.ts';
import { asId } from '../../src/core/model/ids.ts';
import { getRecord } from '../../src/core/model/world.ts';
import { REALM, refusedWith, type TestApi } from './api-client.ts';
import {
  address,
  eniOf,
  type EniScene,
  eniScene,
  IMPORTED,
  IMPORTED_ENI,
  IMPORTED_SUBNET,
  makeEni,
  makeSubnet,
  privateTexts,
  SERVICE_ENI,
} from './enis-client.ts';

async function assign(
  { client }: TestApi,
  NetworkInterfaceId: string,
  input: Omit<ec2.AssignPrivateIpAddressesRequest, 'NetworkInterfaceId'>,
): Promise<ec2.AssignPrivateIpAddressesResult> {
  return await client.send(new ec2.AssignPrivateIpAddressesCommand({ NetworkInterfaceId, ...input }));
}

async function unassign(
  { client }: TestApi,
  NetworkInterfaceId: string,
  input: Omit<ec2.UnassignPrivateIpAddressesRequest, 'NetworkInterfaceId'>,
): Promise<unknown> {
  return await client.send(new ec2.UnassignPrivateIpAddressesCommand({ NetworkInterfaceId, ...input }));
}

async function assign6(
  { client }: EniScene,
  NetworkInterfaceId: string,
  input: Omit<ec2.AssignIpv6AddressesRequest, 'NetworkInterfaceId'>,
): Promise<ec2.AssignIpv6AddressesResult> {
  return await client.send(new ec2.AssignIpv6AddressesCommand({ NetworkInterfaceId, ...input }));
}

async function unassign6(
  { client }: EniScene,
  NetworkInterfaceId: string,
  input: Omit<ec2.UnassignIpv6AddressesRequest, 'NetworkInterfaceId'>,
): Promise<ec2.UnassignIpv6AddressesResult> {
  return await client.send(new ec2.UnassignIpv6AddressesCommand({ NetworkInterfaceId, ...input }));
}

describe('private IPv4 addresses', () => {
  test('are assigned by name and by count, lowest first, and unassigned', async () => {
    const api = await eniScene();
    const { NetworkInterfaceId: id } = await makeEni(api);
    const named = await assign(api, id, { PrivateIpAddresses: ['10.0.1.6', '10.0.1.99'] });
    assert.deepEqual(named.AssignedPrivateIpAddresses, [
      { PrivateIpAddress: '10.0.1.6' },
      { PrivateIpAddress: '10.0.1.99' },
    ]);
    assert.deepEqual(named.AssignedIpv4Prefixes, []);
    const counted = await assign(api, id, { SecondaryPrivateIpAddressCount: 2 });
    assert.deepEqual(counted.AssignedPrivateIpAddresses, [
      { PrivateIpAddress: '10.0.1.5' },
      { PrivateIpAddress: '10.0.1.7' },
    ]);
    assert.deepEqual(privateTexts(await eniOf(api, id)), ['10.0.1.4', '10.0.1.6', '10.0.1.99', '10.0.1.5', '10.0.1.7']);
    await unassign(api, id, { PrivateIpAddresses: ['10.0.1.5', '10.0.1.6'] });
    assert.deepEqual(privateTexts(await eniOf(api, id)), ['10.0.1.4', '10.0.1.99', '10.0.1.7']);
    // What an interface has already it keeps.
    await assign(api, id, { PrivateIpAddresses: ['10.0.1.7', '10.0.1.8'] });
    assert.deepEqual(privateTexts(await eniOf(api, id)), ['10.0.1.4', '10.0.1.99', '10.0.1.7', '10.0.1.8']);
  });

  test('G14 are refused where AWS keeps them', async () => {
    const api = await eniScene();
    const { NetworkInterfaceId: id } = await makeEni(api);
    for (const last of [0, 1, 2, 3, 255])
      await refusedWith(
        assign(api, id, { PrivateIpAddresses: ['10.0.1.9', `10.0.1.${last}`] }),
        'InvalidParameterValue',
        `Address 10.0.1.${last} is in subnet's reserved address range`,
      );
    assert.deepEqual(privateTexts(await eniOf(api, id)), ['10.0.1.4']);
  });

  test('move to another interface where that is allowed, but for primary ones', async () => {
    const api = await eniScene();
    const { NetworkInterfaceId: from } = await makeEni(api, { SecondaryPrivateIpAddressCount: 2 });
    const { NetworkInterfaceId: to } = await makeEni(api);
    const asked = { PrivateIpAddresses: ['10.0.1.5', '10.0.1.6', '10.0.1.70'] };
    await refusedWith(
      assign(api, to, asked),
      'InvalidParameterValue',
      '[10.0.1.5, 10.0.1.6] assigned, but move is not allowed.',
    );
    const away = await makeSubnet(api, '10.0.2.0/24');
    await makeEni(api, { SubnetId: away, PrivateIpAddresses: [{ PrivateIpAddress: '10.0.2.9' }] });
    await refusedWith(
      assign(api, to, { PrivateIpAddresses: ['10.0.2.9'] }),
      'InvalidParameterValue',
      "Address 10.0.2.9 does not fall within the subnet's address range",
    );
    await refusedWith(
      assign(api, to, { PrivateIpAddresses: ['10.0.1.5', '10.0.1.4'], AllowReassignment: true }),
      'InvalidParameterValue',
      /primary IP address/,
    );
    assert.deepEqual(privateTexts(await eniOf(api, from)), ['10.0.1.4', '10.0.1.5', '10.0.1.6']);
    await assign(api, to, { ...asked, AllowReassignment: true });
    assert.deepEqual(privateTexts(await eniOf(api, from)), ['10.0.1.4']);
    assert.deepEqual(privateTexts(await eniOf(api, to)), ['10.0.1.7', '10.0.1.5', '10.0.1.6', '10.0.1.70']);
  });

  test('are refused beyond bounds, when they are not there, and when nothing is asked', async () => {
    const api = await eniScene();
    const { NetworkInterfaceId: id } = await makeEni(api);
    await refusedWith(assign(api, id, {}), 'InvalidParameter', /must be specified/);
    await refusedWith(assign(api, id, { SecondaryPrivateIpAddressCount: -3 }), 'InvalidParameterValue');
    await refusedWith(
      assign(api, id, { SecondaryPrivateIpAddressCount: 64 }),
      'PrivateIpAddressLimitExceeded',
      `${id}: Number of private addresses will exceed limit.`,
    );
    await refusedWith(
      assign(api, id, { PrivateIpAddresses: ['10.0.1.9'], SecondaryPrivateIpAddressCount: 1 }),
      'InvalidParameterCombination',
    );
    await refusedWith(assign(api, id, { PrivateIpAddresses: ['10.0.1.9', '10.0.1.9'] }), 'InvalidParameterValue');
    await refusedWith(assign(api, id, { PrivateIpAddresses: ['2001:db8::9'] }), 'InvalidParameterValue');
    await refusedWith(
      assign(api, 'eni-01', { SecondaryPrivateIpAddressCount: 1 }),
      'InvalidNetworkInterfaceID.NotFound',
    );
    await refusedWith(
      unassign(api, id, { PrivateIpAddresses: ['10.0.1.4'] }),
      'InvalidParameterValue',
      /The primary IP address of an interface cannot be unassigned\.$/,
    );
    await refusedWith(
      unassign(api, id, { PrivateIpAddresses: ['10.0.1.9'] }),
      'InvalidParameterValue',
      `Some of the specified addresses are not assigned to interface ${id}`,
    );
    await refusedWith(unassign(api, id, {}), 'MissingParameter');
    assert.deepEqual(privateTexts(await eniOf(api, id)), ['10.0.1.4']);
  });

  test('come in prefixes, which no address may meet', async () => {
    const api = await eniScene();
    const { NetworkInterfaceId: id } = await makeEni(api);
    const done = await assign(api, id, { Ipv4PrefixCount: 1 });
    assert.deepEqual(done.AssignedIpv4Prefixes, [{ Ipv4Prefix: '10.0.1.16/28' }]);
    await assign(api, id, { Ipv4Prefixes: ['10.0.1.64/28'] });
    const { NetworkInterfaceId: other } = await makeEni(api);
    await refusedWith(
      assign(api, other, { PrivateIpAddresses: ['10.0.1.20'], AllowReassignment: true }),
      'InvalidIPAddress.InUse',
    );
    await refusedWith(assign(api, other, { Ipv4Prefixes: ['10.0.1.64/28'] }), 'InvalidIPAddress.InUse');
    await refusedWith(assign(api, other, { Ipv4Prefixes: ['10.0.1.64/29'] }), 'InvalidParameterValue');
    await refusedWith(unassign(api, id, { Ipv4Prefixes: ['10.0.1.80/28'] }), 'InvalidParameterValue');
    await unassign(api, id, { Ipv4Prefixes: ['10.0.1.16/28', '10.0.1.64/28'] });
    assert.deepEqual((await eniOf(api, id)).Ipv4Prefixes, []);
    await assign(api, other, { Ipv4Prefixes: ['10.0.1.64/28'] });
  });
});

describe('IPv6 addresses', () => {
  test('and prefixes are assigned and unassigned', async () => {
    const api = await eniScene();
    const { NetworkInterfaceId: id } = await makeEni(api);
    const counted = await assign6(api, id, { Ipv6AddressCount: 2 });
    assert.deepEqual(counted.AssignedIpv6Addresses, ['2001:db8::4', '2001:db8::5']);
    assert.deepEqual(counted.AssignedIpv6Prefixes, []);
    const named = await assign6(api, id, { Ipv6Addresses: ['2001:DB8:0:0:0::FF'] });
    assert.deepEqual(named.AssignedIpv6Addresses, ['2001:db8::ff']);
    const prefixes = await assign6(api, id, { Ipv6PrefixCount: 1 });
    assert.deepEqual(prefixes.AssignedIpv6Prefixes, ['2001:db8:0:0:1::/80']);
    const gone = await unassign6(api, id, {
      Ipv6Addresses: ['2001:db8::4', '2001:db8::ff'],
      Ipv6Prefixes: ['2001:db8:0:0:1::/80'],
    });
    assert.deepEqual(gone.UnassignedIpv6Addresses, ['2001:db8::4', '2001:db8::ff']);
    assert.deepEqual(gone.UnassignedIpv6Prefixes, ['2001:db8:0:0:1::/80']);
    const eni = await eniOf(api, id);
    assert.deepEqual(eni.Ipv6Addresses, [{ Ipv6Address: '2001:db8::5', IsPrimaryIpv6: false }]);
    assert.deepEqual(eni.Ipv6Prefixes, []);
    await refusedWith(unassign6(api, id, { Ipv6Addresses: ['2001:db8::4'] }), 'InvalidParameterValue');
    await refusedWith(assign6(api, id, { Ipv6Addresses: ['2001:db8::1'] }), 'InvalidParameterValue', /reserved/);
    await refusedWith(assign6(api, id, { Ipv6Addresses: ['2001:db8:1::9'] }), 'InvalidParameterValue', /fall within/);
    await refusedWith(assign6(api, id, {}), 'InvalidParameter');
    await refusedWith(unassign6(api, id, {}), 'MissingParameter');
    const { NetworkInterfaceId: other } = await makeEni(api);
    await refusedWith(assign6(api, other, { Ipv6Addresses: ['2001:db8::5'] }), 'InvalidParameterValue', /move/);
  });

  test('the primary one stays for life', async () => {
    const api = await eniScene();
    const { NetworkInterfaceId: id } = await makeEni(api, { Ipv6AddressCount: 2 });
    const modify = async (isOn: boolean): Promise<unknown> =>
      await api.client.send(
        new ec2.ModifyNetworkInterfaceAttributeCommand({ NetworkInterfaceId: id, EnablePrimaryIpv6: isOn }),
      );
    await modify(true);
    assert.deepEqual(
      (await eniOf(api, id)).Ipv6Addresses?.map((own) => own.IsPrimaryIpv6),
      [true, false],
    );
    await refusedWith(modify(false), 'InvalidParameterCombination');
    await refusedWith(unassign6(api, id, { Ipv6Addresses: ['2001:db8::4'] }), 'InvalidParameterValue');
    await unassign6(api, id, { Ipv6Addresses: ['2001:db8::5'] });
  });
});

describe('Elastic addresses behind private ones', () => {
  const ELASTIC: ElasticAddress = {
    id: asId('eipalloc-0bbbbbbbbbbbbbbb1'),
    public: address('198.18.7.7'),
    associationId: 'eipassoc-0bbbbbbbbbbbbbbb1',
    eniId: IMPORTED_ENI.id,
    private: address('10.0.1.11'),
    tags: [],
  };
  const [PRIMARY, SECOND] = IMPORTED_ENI.addresses;
  const HOLDER: Eni = {
    ...IMPORTED_ENI,
    addresses: [PRIMARY, SECOND].flatMap((own) =>
      own === undefined
        ? []
        : [
            own === SECOND
              ? {
                  ...own,
                  public: {
                    address: ELASTIC.public,
                    allocationId: ELASTIC.id,
                    associationId: ELASTIC.associationId ?? '',
                  },
                }
              : own,
          ],
    ),
  };
  const scene = async (): Promise<EniScene> =>
    await eniScene({}, { ...IMPORTED, enis: [HOLDER, SERVICE_ENI], elasticAddresses: [ELASTIC] });
  const elastic = (api: EniScene): ElasticAddress =>
    getRecord(api.estate().world, 'elasticAddresses', ELASTIC.id) ?? assert.fail();

  test('follow them to another interface', async () => {
    const api = await scene();
    const { NetworkInterfaceId: to } = await makeEni(api, { SubnetId: IMPORTED_SUBNET.id });
    await assign(api, to, { PrivateIpAddresses: ['10.0.1.11'], AllowReassignment: true });
    assert.deepEqual(elastic(api), { ...ELASTIC, eniId: to });
    assert.deepEqual((await eniOf(api, to)).PrivateIpAddresses?.[1]?.Association, {
      PublicIp: '198.18.7.7',
      PublicDnsName: '',
      IpOwnerId: REALM.accountId,
      AllocationId: ELASTIC.id,
      AssociationId: ELASTIC.associationId,
    });
    assert.equal((await eniOf(api, HOLDER.id)).PrivateIpAddresses?.length, 1);
    await refusedWith(assign(api, to, { PrivateIpAddresses: ['10.0.1.21'], AllowReassignment: true }), 'AuthFailure');
  });

  test('are free when the address is unassigned, and when the interface is deleted', async () => {
    const free = { id: ELASTIC.id, public: ELASTIC.public, tags: [] };
    const api = await scene();
    await unassign(api, HOLDER.id, { PrivateIpAddresses: ['10.0.1.11'] });
    assert.deepEqual(elastic(api), free);
    const again = await scene();
    await again.client.send(new ec2.DeleteNetworkInterfaceCommand({ NetworkInterfaceId: HOLDER.id }));
    assert.deepEqual(elastic(again), free);
    assert.equal(formatAddress(elastic(again).public), '198.18.7.7');
  });
});
