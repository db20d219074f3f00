// What tests of network interfaces do all the time, through AWS's client.
import assert from 'node:assert/strict';
import * as ec2 from '@aws-sdk/client-ec2';
import { type Address, parseAddress } from '../../src/core/net/address.ts';
import { parseCidr } from '../../src/core/net/cidr.ts';
import { expectOk } from '../../src/core/net/result.ts';
import type { Eni, Instance } from '../../src/core/model/eni.ts';
import { asId } from '../../src/core/model/ids.ts';
import type { SecurityGroup } from '../../src/core/model/security-group.ts';
import type { Subnet } from '../../src/core/model/vpc.ts';
import type { EstateLists } from '../../src/server/control/estate.ts';
import { REALM, type TestApi, testApi } from './api-client.ts';
import { storeOf, VPC } from './seed.ts';

/** A VPC 10.0.0.0/16 with IPv6, and in it a subnet 10.0.1.0/24, 2001:db8::/64. */
export type EniScene = TestApi & { readonly vpcId: string; readonly subnetId: string };

export const RUNNING = 'i-0aaaaaaaaaaaaaaa1';
export const GONE = 'i-0aaaaaaaaaaaaaaa2';
export const STOPPED = 'i-0aaaaaaaaaaaaaaa3';

/** Instances without interfaces. */
const INSTANCES: readonly Instance[] = [
  { id: asId(RUNNING), state: 'running', tags: [] },
  { id: asId(GONE), state: 'terminated', tags: [] },
  { id: asId(STOPPED), state: 'stopped', tags: [] },
];

/** An address as text. */
export function address(text: string): Address {
  return expectOk(parseAddress(text));
}

/** A subnet 10.0.1.0/24 as an import would bring it, without details. */
export const IMPORTED_SUBNET: Subnet = {
  id: asId('subnet-0bbbbbbbbbbbbbbb1'),
  vpcId: VPC.id,
  cidrs: [expectOk(parseCidr('10.0.1.0/24'))],
  availabilityZone: 'eu-west-1a',
  mapPublicIpOnLaunch: false,
  assignIpv6OnCreation: false,
  tags: [],
};

/** Its default group. */
export const IMPORTED_GROUP: SecurityGroup = {
  id: asId('sg-0bbbbbbbbbbbbbbb1'),
  vpcId: VPC.id,
  ownerId: REALM.accountId,
  name: 'default',
  description: 'default VPC security group',
  rules: [],
  tags: [],
};

/** An interface in it, free, with the addresses 10.0.1.10 and 10.0.1.11. */
export const IMPORTED_ENI: Eni = {
  id: asId('eni-0bbbbbbbbbbbbbbb1'),
  vpcId: VPC.id,
  subnetId: IMPORTED_SUBNET.id,
  ownerId: REALM.accountId,
  groups: [IMPORTED_GROUP.id],
  addresses: [
    { address: address('10.0.1.10'), isPrimary: true },
    { address: address('10.0.1.11'), isPrimary: false },
  ],
  prefixes: [],
  sourceDestCheck: true,
  interfaceType: 'interface',
  status: 'available',
  description: '',
  timeouts: {},
  tags: [],
};

/** An interface that a load balancer has there, with the addresses 10.0.1.20 and 10.0.1.21. */
export const SERVICE_ENI: Eni = {
  ...IMPORTED_ENI,
  id: asId('eni-0bbbbbbbbbbbbbbb2'),
  groups: [],
  addresses: [
    { address: address('10.0.1.20'), isPrimary: true },
    { address: address('10.0.1.21'), isPrimary: false },
  ],
  sourceDestCheck: false,
  interfaceType: 'network_load_balancer',
  status: 'in-use',
  attachment: { deviceIndex: 1, attachmentId: 'ela-attach-0bbbbbbbbbbbbbbb2' },
};

/** All that, for a scene to begin with. */
export const IMPORTED: EstateLists = {
  vpcs: [VPC],
  subnets: [IMPORTED_SUBNET],
  groups: [IMPORTED_GROUP],
  enis: [IMPORTED_ENI, SERVICE_ENI],
};

export async function eniScene(
  limits: Parameters<typeof testApi>[0]['limits'] = {},
  extra: EstateLists = {},
): Promise<EniScene> {
  const api = await testApi({ store: await storeOf({ instances: INSTANCES, ...extra }), limits });
  const { Vpc: vpc } = await api.client.send(
    new ec2.CreateVpcCommand({ CidrBlock: '10.0.0.0/16', AmazonProvidedIpv6CidrBlock: true }),
  );
  const vpcId = vpc?.VpcId ?? assert.fail();
  const subnetId = await makeSubnet({ ...api, vpcId }, '10.0.1.0/24', { Ipv6CidrBlock: '2001:db8::/64' });
  return { ...api, vpcId, subnetId };
}

export async function makeSubnet(
  { client, vpcId }: TestApi & { readonly vpcId: string },
  CidrBlock: string,
  more: Partial<ec2.CreateSubnetRequest> = {},
): Promise<string> {
  const { Subnet: subnet } = await client.send(new ec2.CreateSubnetCommand({ VpcId: vpcId, CidrBlock, ...more }));
  return subnet?.SubnetId ?? assert.fail();
}

export async function makeEni(
  { client, subnetId }: EniScene,
  input: Partial<ec2.CreateNetworkInterfaceRequest> = {},
): Promise<ec2.NetworkInterface & { readonly NetworkInterfaceId: string }> {
  const { NetworkInterface: eni } = await client.send(
    new ec2.CreateNetworkInterfaceCommand({ SubnetId: subnetId, ...input }),
  );
  const id = eni?.NetworkInterfaceId ?? assert.fail();
  return { ...eni, NetworkInterfaceId: id };
}

export async function eniOf({ client }: TestApi, id: string): Promise<ec2.NetworkInterface> {
  const found = await client.send(new ec2.DescribeNetworkInterfacesCommand({ NetworkInterfaceIds: [id] }));
  return found.NetworkInterfaces?.[0] ?? assert.fail();
}

export async function modifyEni(
  { client }: TestApi,
  NetworkInterfaceId: string,
  input: Omit<ec2.ModifyNetworkInterfaceAttributeRequest, 'NetworkInterfaceId'>,
): Promise<unknown> {
  return await client.send(new ec2.ModifyNetworkInterfaceAttributeCommand({ NetworkInterfaceId, ...input }));
}

export async function attachEni(
  { client }: TestApi,
  NetworkInterfaceId: string,
  DeviceIndex: number,
  InstanceId: string = RUNNING,
): Promise<string> {
  const done = await client.send(
    new ec2.AttachNetworkInterfaceCommand({ NetworkInterfaceId, DeviceIndex, InstanceId }),
  );
  return done.AttachmentId ?? assert.fail();
}

/** The private IPv4 addresses of an interface, the primary one first. */
export function privateTexts(eni: ec2.NetworkInterface): readonly (string | undefined)[] {
  return (eni.PrivateIpAddresses ?? []).map((own) => own.PrivateIpAddress);
}

export async function deleteEni({ client }: TestApi, NetworkInterfaceId: string): Promise<unknown> {
  return await client.send(new ec2.DeleteNetworkInterfaceCommand({ NetworkInterfaceId }));
}
