// Worlds to begin with, so that tests of one area need no other.
import { type Cidr, parseCidr } from '../../src/core/net/cidr.ts';
import { expectOk } from '../../src/core/net/result.ts';
import type { PeeringConnection } from '../../src/core/model/gateway.ts';
import { asId } from '../../src/core/model/ids.ts';
import type { SecurityGroup } from '../../src/core/model/security-group.ts';
import type { Vpc } from '../../src/core/model/vpc.ts';
import { type EstateLists, estateOf } from '../../src/server/control/estate.ts';
import { writesBetween } from '../../src/server/control/stored.ts';
import { MemoryStore } from '../../src/server/store/memory.ts';
import { REALM } from './api-client.ts';

/** A store that holds an estate. */
export async function storeOf(lists: EstateLists): Promise<MemoryStore> {
  const store = new MemoryStore();
  expectOk(await store.commit(0, [writesBetween(REALM, estateOf({}), estateOf(lists))]));
  return store;
}

function cidr(text: string): Cidr {
  return expectOk(parseCidr(text));
}

/** A VPC with IPv4 alone: 10.0.0.0/16. */
export const VPC: Vpc = {
  id: asId('vpc-0aaaaaaaaaaaaaaa1'),
  ownerId: REALM.accountId,
  isDefault: false,
  cidrs: [cidr('10.0.0.0/16')],
  tags: [],
};

/** A VPC with both families. */
export const DUAL_VPC: Vpc = {
  ...VPC,
  id: asId('vpc-0aaaaaaaaaaaaaaa2'),
  cidrs: [cidr('10.1.0.0/16'), cidr('2001:db8:1::/56')],
};

/** The default VPC, with its default group. */
export const DEFAULT_VPC: Vpc = {
  ...VPC,
  id: asId('vpc-0aaaaaaaaaaaaaaa3'),
  isDefault: true,
  cidrs: [cidr('172.31.0.0/16')],
};

export const DEFAULT_GROUP: SecurityGroup = {
  id: asId('sg-0ddddddddddddddd3'),
  vpcId: DEFAULT_VPC.id,
  ownerId: REALM.accountId,
  name: 'default',
  description: 'default VPC security group',
  rules: [],
  tags: [],
};

/** A peering of the first two, active. */
export const PEERING: PeeringConnection = {
  id: asId('pcx-0ccccccccccccccc1'),
  status: 'active',
  requester: { vpcId: VPC.id, ownerId: REALM.accountId, cidrs: VPC.cidrs },
  accepter: { vpcId: DUAL_VPC.id, ownerId: REALM.accountId, cidrs: DUAL_VPC.cidrs },
  tags: [],
};

/** Three VPCs, of which one is the default one, none connected. */
export const THREE_VPCS: EstateLists = { vpcs: [VPC, DUAL_VPC, DEFAULT_VPC], groups: [DEFAULT_GROUP] };
