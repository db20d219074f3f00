import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatAddress, ipv4, parseAddress } from '../../../core/net/address.ts';
import { ANY_IPV4, formatCidr, parseCidr } from '../../../core/net/cidr.ts';
import { expectOk } from '../../../core/net/result.ts';
import type { Eni } from '../../../core/model/eni.ts';
import type { ElasticAddress, NatGateway } from '../../../core/model/gateway.ts';
import { asId } from '../../../core/model/ids.ts';
import { violations } from '../../../core/model/invariants.ts';
import { DEFAULT_LIMITS } from '../../../core/model/limits.ts';
import type { Route } from '../../../core/model/route-table.ts';
import { Draft } from '../draft.ts';
import type { Env } from '../env.ts';
import { estateOf } from '../estate.ts';
import { createSubnet } from '../vpcs/subnets.ts';
import { createVpc } from '../vpcs/create-vpc.ts';
import { NO_CLAIM } from './claim.ts';
import { createEni } from './create-eni.ts';
import { detachEni } from './attach-eni.ts';
import { deleteEni, removeEni } from './delete-eni.ts';
import { freePublicAddress } from './public-pool.ts';

function testEnv(): Env {
  let count = 0;
  return {
    realm: { accountId: '111122223333', region: 'eu-west-1' },
    limits: DEFAULT_LIMITS,
    now: 0,
    keys: { newKeyPair: () => assert.fail('no key is made'), digest: () => assert.fail('nothing is digested') },
    randomHex: (bytes) => {
      count += 1;
      return count.toString(16).padStart(bytes * 2, '0');
    },
  };
}

/** A draft with a subnet 10.0.1.0/28 with IPv6, and the environment of it. */
function scene(): { readonly draft: Draft; readonly env: Env; readonly subnetId: string } {
  const draft = new Draft(estateOf({}));
  const env = testEnv();
  const vpc = expectOk(
    createVpc(
      draft,
      { cidr: '10.0.0.0/16', withIpv6: true, instanceTenancy: 'default', isDefault: false, tags: [] },
      env,
    ),
  );
  const asked = { vpcId: vpc.id, zone: undefined, ipv6Native: false, isDefaultForZone: false, tags: [] };
  const subnet = expectOk(createSubnet(draft, { ...asked, cidr: '10.0.1.0/28', ipv6Cidr: '2001:db8::/64' }, env));
  return { draft, env, subnetId: subnet.id };
}

test('addresses are given out lowest first, but for those that AWS keeps, until the subnet is full', () => {
  const { draft, env, subnetId } = scene();
  const given: string[] = [];
  for (let count = 0; count < 11; count += 1) {
    const eni = expectOk(createEni(draft, { subnetId }, env));
    given.push(...eni.addresses.map(({ address }) => formatAddress(address)));
  }
  assert.deepEqual(
    given,
    [4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14].map((last) => `10.0.1.${last}`),
  );
  const full = createEni(draft, { subnetId }, env);
  assert.equal(full.ok ? '' : full.error.code, 'InsufficientFreeAddressesInSubnet');
  const [first] = draft.list('enis');
  expectOk(deleteEni(draft, first?.id ?? ''));
  const again = expectOk(createEni(draft, { subnetId }, env));
  assert.deepEqual(again.addresses, first?.addresses);
  assert.deepEqual(violations(draft.world, DEFAULT_LIMITS), []);
});

test('delegated prefixes of IPv6 are whole and apart from addresses', () => {
  const { draft, env, subnetId } = scene();
  const ipv6 = { addresses: { named: [], count: 2 }, prefixes: { named: [], count: 2 } };
  const eni = expectOk(createEni(draft, { subnetId, ipv6 }, env));
  assert.deepEqual(
    eni.addresses.map(({ address }) => formatAddress(address)),
    ['10.0.1.4', '2001:db8::4', '2001:db8::5'],
  );
  // The first prefix has what AWS keeps.
  assert.deepEqual(eni.prefixes.map(formatCidr), ['2001:db8:0:0:1::/80', '2001:db8:0:0:2::/80']);
  const inside = expectOk(parseAddress('2001:db8:0:0:1::9'));
  const refused = createEni(draft, { subnetId, ipv6: { ...NO_CLAIM, addresses: { named: [inside], count: 0 } } }, env);
  assert.equal(refused.ok ? '' : refused.error.code, 'InvalidIPAddress.InUse');
  const held = expectOk(parseCidr('2001:db8::/80'));
  const reserved = createEni(draft, { subnetId, ipv6: { ...NO_CLAIM, prefixes: { named: [held], count: 0 } } }, env);
  assert.match(reserved.ok ? '' : reserved.error.message, /reserved/);
});

test('an interface of a service is attached from birth, has no group and is not for users', () => {
  const { draft, env, subnetId } = scene();
  const eni = expectOk(createEni(draft, { subnetId, interfaceType: 'nat_gateway' }, env));
  assert.deepEqual(eni.groups, []);
  assert.equal(eni.status, 'in-use');
  const attachment = eni.attachment?.attachmentId ?? '';
  assert.match(attachment, /^ela-attach-0/);
  const detached = detachEni(draft, attachment);
  assert.equal(detached.ok ? '' : detached.error.message, "You are not allowed to manage 'ela-attach' attachments.");
  const deleted = deleteEni(draft, eni.id);
  assert.equal(deleted.ok ? '' : deleted.error.code, 'InvalidParameterValue');
  assert.equal(draft.get('eniDetails', eni.id)?.deleteOnTermination, false);
  assert.deepEqual(violations(draft.world, DEFAULT_LIMITS), []);
  const [table] = draft.listBy('routeTablesByVpc', eni.vpcId);
  assert.ok(table !== undefined);
  const route: Route = {
    destination: { kind: 'cidr', cidr: ANY_IPV4 },
    target: { kind: 'eni', id: eni.id },
    state: 'active',
    origin: 'static',
  };
  draft.put('routeTables', { ...table, routes: [...table.routes, route] });
  removeEni(draft, eni);
  assert.equal(draft.get('eniDetails', eni.id), undefined);
  assert.equal(draft.get('routeTables', table.id)?.routes.at(-1)?.state, 'blackhole');
});

test('addresses of NAT gateways that came without an interface are not given out, until the gateway is gone', () => {
  const { draft, env, subnetId } = scene();
  const subnet = draft.get('subnets', subnetId) ?? assert.fail();
  const nat: NatGateway = {
    id: asId('nat-0aaaaaaaaaaaaaaa1'),
    vpcId: subnet.vpcId,
    subnetId: subnet.id,
    connectivity: 'private',
    state: 'available',
    addresses: [{ private: expectOk(parseAddress('10.0.1.4')) }],
    tags: [],
  };
  draft.put('natGateways', nat);
  const first = (): string => {
    const eni = expectOk(createEni(draft, { subnetId }, env));
    removeEni(draft, eni);
    return eni.addresses.map(({ address }) => formatAddress(address)).join(' ');
  };
  assert.equal(first(), '10.0.1.5');
  draft.put('natGateways', { ...nat, state: 'deleted' });
  assert.equal(first(), '10.0.1.4');
});

test('neighbours have different MAC addresses, also when chance repeats itself', () => {
  const { draft, env, subnetId } = scene();
  const repeated = ['aaaaaaaaaa', 'aaaaaaaaaa', 'aaaaaaaaaa', 'bbbbbbbbbb'];
  const dull: Env = {
    ...env,
    randomHex: (bytes) => (bytes === 5 ? (repeated.shift() ?? 'cccccccccc') : env.randomHex(bytes)),
  };
  const macs = [1, 2].map(() => draft.get('eniDetails', expectOk(createEni(draft, { subnetId }, dull)).id)?.macAddress);
  assert.deepEqual(macs, ['02:aa:aa:aa:aa:aa', '02:bb:bb:bb:bb:bb']);
});

function elasticAddress(number: number): ElasticAddress {
  return { id: asId(`eipalloc-${number}`), public: ipv4(0xc612_0000 + number), tags: [] };
}

test('public addresses are of the range for benchmarks, each once, down to the last one', () => {
  // All numbers of the pool but two, of which one belongs to an interface.
  const elasticAddresses = Array.from({ length: 0xfffe }, (_, index) => elasticAddress(index + 1)).filter(
    ({ id }) => id !== 'eipalloc-777' && id !== 'eipalloc-778',
  );
  const { draft: other, env, subnetId } = scene();
  const eni = expectOk(createEni(other, { subnetId }, env));
  const holder: Eni = {
    ...eni,
    addresses: eni.addresses.map((own) => ({ ...own, public: { address: elasticAddress(778).public } })),
  };
  const draft = new Draft(estateOf({ elasticAddresses, enis: [holder] }));
  const last = expectOk(freePublicAddress(draft));
  assert.equal(formatAddress(last), '198.18.3.9');
  draft.put('elasticAddresses', elasticAddress(777));
  const none = freePublicAddress(draft);
  assert.equal(none.ok ? '' : none.error.code, 'InsufficientAddressCapacity');
});

test('public addresses differ from one another as they are given out', () => {
  const { draft } = scene();
  const seen = new Set<string>();
  for (let count = 0; count < 300; count += 1) {
    const address = expectOk(freePublicAddress(draft));
    assert.match(formatAddress(address), /^198\.18\./);
    seen.add(formatAddress(address));
    draft.put('elasticAddresses', { ...elasticAddress(count), public: address });
  }
  assert.equal(seen.size, 300);
});
