// How network interfaces are found through AWS's client, and those that users may only look at.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as ec2 from '@aws-sdk/client-ec2';
import type { Eni } from '../../src/core/model/eni.ts';
import { asId } from '../../src/core/model/ids.ts';
import { REALM, refusedWith } from './api-client.ts';
import {
  address,
  attachEni,
  deleteEni,
  eniOf,
  type EniScene,
  eniScene,
  IMPORTED,
  IMPORTED_ENI,
  makeEni,
  modifyEni,
  RUNNING,
  SERVICE_ENI,
} from './enis-client.ts';
import { makeGroup } from './groups-client.ts';

async function find({ client }: EniScene, filters: Readonly<Record<string, string>>): Promise<readonly string[]> {
  const found = await client.send(
    new ec2.DescribeNetworkInterfacesCommand({
      Filters: Object.entries(filters).map(([Name, value]) => ({ Name, Values: [value] })),
    }),
  );
  return (found.NetworkInterfaces ?? []).map((eni) => eni.NetworkInterfaceId ?? '');
}

describe('interfaces that services made', () => {
  test('are shown as such and are not for users', async () => {
    const { attachment: _, ...free } = SERVICE_ENI;
    const SPARE: Eni = {
      ...free,
      id: asId('eni-0bbbbbbbbbbbbbbb3'),
      groups: IMPORTED_ENI.groups,
      addresses: [{ address: address('10.0.1.30'), isPrimary: true }],
      interfaceType: 'lambda',
    };
    const api = await eniScene({}, { ...IMPORTED, enis: [SERVICE_ENI, SPARE] });
    const { id } = SERVICE_ENI;
    const shown = await eniOf(api, id);
    assert.equal(shown.RequesterManaged, true);
    assert.equal(shown.InterfaceType, 'network_load_balancer');
    assert.equal(shown.Attachment?.InstanceOwnerId, 'amazon-aws');
    assert.match(shown.MacAddress ?? '', /^02(?::[0-9a-f]{2}){5}$/);
    await refusedWith(deleteEni(api, id), 'InvalidParameterValue', `Network interface '${id}' is currently in use.`);
    await refusedWith(
      modifyEni(api, id, { Description: { Value: 'mine' } }),
      'AuthFailure',
      'You do not have permission to access the specified resource.',
    );
    await refusedWith(
      api.client.send(new ec2.DetachNetworkInterfaceCommand({ AttachmentId: 'ela-attach-0bbbbbbbbbbbbbbb2' })),
      'OperationNotPermitted',
      "You are not allowed to manage 'ela-attach' attachments.",
    );
    await refusedWith(attachEni(api, id, 1), 'AuthFailure');
    await refusedWith(deleteEni(api, SPARE.id), 'AuthFailure');
    await refusedWith(
      api.client.send(
        new ec2.AssignPrivateIpAddressesCommand({ NetworkInterfaceId: id, SecondaryPrivateIpAddressCount: 1 }),
      ),
      'AuthFailure',
    );
  });
});

describe('interfaces are found', () => {
  test('by every filter that AWS documents', async () => {
    const api = await eniScene({}, IMPORTED);
    await api.client.send(new ec2.ModifyVpcAttributeCommand({ VpcId: api.vpcId, EnableDnsHostnames: { Value: true } }));
    const web = await makeGroup(api, 'web', api.vpcId);
    const { NetworkInterfaceId: id } = await makeEni(api, {
      Description: 'front of shop',
      Groups: [web],
      Ipv6AddressCount: 1,
      TagSpecifications: [{ ResourceType: 'network-interface', Tags: [{ Key: 'tier', Value: 'web' }] }],
    });
    const attachment = await attachEni(api, id, 0);
    await modifyEni(api, id, { AssociatePublicIpAddress: true });
    await modifyEni(api, id, { SourceDestCheck: { Value: false } });
    const eni = await eniOf(api, id);
    const found: Readonly<Record<string, string>> = {
      'addresses.association.owner-id': 'amazon',
      'addresses.association.public-ip': eni.Association?.PublicIp ?? '',
      'association.ip-owner-id': 'amazon',
      'association.public-dns-name': eni.Association?.PublicDnsName ?? '',
      'association.public-ip': eni.Association?.PublicIp ?? '',
      'attachment.attach-time': '2026-01-01T00:00:00.000Z',
      'attachment.attachment-id': attachment,
      'attachment.instance-id': RUNNING,
      'attachment.instance-owner-id': REALM.accountId,
      'attachment.device-index': '0',
      description: 'front*',
      'group-id': web,
      'group-name': 'web',
      'ipv6-addresses.ipv6-address': '2001:db8::4',
      'mac-address': eni.MacAddress ?? '',
      'network-interface-id': id,
      'subnet-id': api.subnetId,
      'tag:tier': 'web',
      'tag-key': 'tier',
      'vpc-id': api.vpcId,
      'addresses.private-ip-address': '10.0.1.4',
      'private-ip-address': '10.0.1.4',
      'private-dns-name': 'ip-10-0-1-4.*',
    };
    for (const [name, value] of Object.entries(found)) assert.deepEqual(await find(api, { [name]: value }), [id], name);
    const others: Readonly<Record<string, readonly string[]>> = {
      'interface-type=network_load_balancer': [SERVICE_ENI.id],
      'requester-managed=true': [SERVICE_ENI.id],
      'status=available': [IMPORTED_ENI.id],
      'source-dest-check=true': [IMPORTED_ENI.id],
      'attachment.status=attached': [id, SERVICE_ENI.id],
      'attachment.delete-on-termination=false': [id, SERVICE_ENI.id],
      'attachment.instance-owner-id=amazon-aws': [SERVICE_ENI.id],
      'addresses.primary=false': [IMPORTED_ENI.id, SERVICE_ENI.id],
      'availability-zone=eu-west-1a': [id, IMPORTED_ENI.id, SERVICE_ENI.id],
      'availability-zone-id=euw1-az2': [],
      'owner-id=000000000000': [],
      'operator.managed=true': [],
      'operator.principal=*': [],
      'requester-id=*': [],
      'association.allocation-id=*': [],
      'association.association-id=*': [],
    };
    for (const [text, ids] of Object.entries(others)) {
      const [name = '', value = ''] = text.split('=');
      assert.deepEqual((await find(api, { [name]: value })).toSorted(), ids.toSorted(), text);
    }
    await refusedWith(find(api, { colour: 'red' }), 'InvalidParameterValue');
  });

  test('page by page', async () => {
    const api = await eniScene();
    for (let count = 0; count < 7; count += 1) await makeEni(api);
    const seen: (string | undefined)[] = [];
    for await (const page of ec2.paginateDescribeNetworkInterfaces({ client: api.client, pageSize: 5 }, {}))
      seen.push(...(page.NetworkInterfaces ?? []).map((eni) => eni.NetworkInterfaceId));
    assert.equal(new Set(seen).size, 7);
  });
});
