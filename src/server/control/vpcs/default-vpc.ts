import { ANY_IPV4 } from '../../../core/net/cidr.ts';
import { ok, type Result } from '../../../core/net/result.ts';
import { asId } from '../../../core/model/ids.ts';
import type { InternetGateway } from '../../../core/model/gateway.ts';
import type { Subnet, Vpc } from '../../../core/model/vpc.ts';
import type { Draft } from '../draft.ts';
import { type Env, newId, zonesOf } from '../env.ts';
import { defaultVpc } from '../groups/group-names.ts';
import type { Refusal } from '../refusal.ts';
import { createVpc } from './create-vpc.ts';
import { createSubnet, zoneNamed } from './subnets.ts';
import { subnetDetailOf } from './vpc-details.ts';
import { defaultSubnetExists, defaultVpcExists, noDefaultVpc } from './vpc-refusals.ts';

/** The default VPC as AWS makes it: 172.31.0.0/16, a /20 in each zone, an internet gateway and the route to it (API CreateDefaultVpc). */
export function createDefaultVpc(draft: Draft, env: Env): Result<Vpc, Refusal> {
  const present = defaultVpc(draft);
  if (present !== undefined) return defaultVpcExists(present.id);
  const made = createVpc(
    draft,
    { cidr: '172.31.0.0/16', withIpv6: false, instanceTenancy: 'default', isDefault: true, tags: [] },
    env,
  );
  if (!made.ok) return made;
  const vpc = made.value;
  const gateway: InternetGateway = {
    id: asId(newId(env, 'igw')),
    ownerId: env.realm.accountId,
    vpcId: vpc.id,
    tags: [],
  };
  draft.put('internetGateways', gateway);
  for (const table of draft.listBy('routeTablesByVpc', vpc.id))
    draft.put('routeTables', {
      ...table,
      routes: [
        ...table.routes,
        {
          destination: { kind: 'cidr', cidr: ANY_IPV4 },
          target: { kind: 'internet-gateway', id: gateway.id },
          state: 'active',
          origin: 'static',
        },
      ],
    });
  for (const { name } of zonesOf(env.realm.region)) {
    const subnet = createDefaultSubnet(draft, name, env);
    if (!subnet.ok) return subnet;
  }
  return ok(vpc);
}

/** The default subnet of a zone: the first free /20 of the default VPC (API CreateDefaultSubnet). */
export function createDefaultSubnet(draft: Draft, zone: string, env: Env): Result<Subnet, Refusal> {
  const vpc = defaultVpc(draft);
  if (vpc === undefined) return noDefaultVpc();
  const named = zoneNamed(env, zone);
  if (!named.ok) return named;
  const siblings = draft.listBy('subnetsByVpc', vpc.id);
  const present = siblings.find(
    (subnet) => subnet.availabilityZone === named.value && subnetDetailOf(draft, subnet).isDefaultForZone,
  );
  if (present !== undefined) return defaultSubnetExists(named.value, present.id);
  const ask = {
    vpcId: vpc.id,
    ipv6Cidr: undefined,
    zone: named.value,
    ipv6Native: false,
    isDefaultForZone: true,
    tags: [],
  };
  let last: Result<Subnet, Refusal> = noDefaultVpc();
  for (let block = 0; block < 16; block += 1) {
    last = createSubnet(draft, { ...ask, cidr: `172.31.${block * 16}.0/20` }, env);
    if (last.ok || last.error.code !== 'InvalidSubnet.Conflict') return last;
  }
  return last;
}
