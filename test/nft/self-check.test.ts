// A machine that is its own instance does not take rules that would cut it off.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cutOff, type Need, needText } from '../../src/agent/self-check.ts';
import { asId } from '../../src/core/model/ids.ts';
import { parseAddress } from '../../src/core/net/address.ts';
import { expectOk } from '../../src/core/net/result.ts';
import { hostViewOf } from '../../src/core/policy/host-view.ts';
import type { Wiring } from '../../src/nft/wiring.ts';
import { compactWorld } from '../compact.ts';

const WIRING: Wiring = {
  mode: 'local',
  enis: new Map([[asId('a'), { device: 'eth0', mac: '02:00:00:00:00:01' }]]),
  fabric: new Set(['eth0']),
  stateful: new Set(),
  natGateways: new Map(),
};
const SERVER: Need = {
  what: 'its server',
  direction: 'egress',
  peer: expectOk(parseAddress('203.0.113.7')),
  port: 4700,
};
const ADMIN: Need = { what: 'SSH', direction: 'ingress', peer: expectOk(parseAddress('198.51.100.9')), port: 22 };

function refused(
  ingress: readonly string[],
  egress: readonly string[],
  acl?: { readonly ingress: readonly string[]; readonly egress: readonly string[] },
): readonly string[] {
  const world = compactWorld({
    vpcs: { V1: { cidrs: ['10.0.0.0/16'] } },
    subnets: { S1: { vpc: 'V1', cidrs: ['10.0.1.0/24'], ...(acl === undefined ? {} : { acl: 'N' }) } },
    ...(acl === undefined ? {} : { acls: { N: { vpc: 'V1', ...acl } } }),
    groups: { A: { vpc: 'V1', ingress, egress } },
    enis: { a: { subnet: 'S1', addresses: ['10.0.1.10'], groups: ['A'] } },
  });
  return cutOff(hostViewOf(world, [asId('a')]), WIRING, [SERVER, ADMIN]).map(needText);
}

test('what new rules would not let begin is found before the kernel gets them', () => {
  const [server, admin] = ['its server (tcp/4700 to 203.0.113.7)', 'SSH (tcp/22 from 198.51.100.9)'];
  assert.deepEqual(refused(['tcp/22 198.51.100.0/24'], ['tcp/4700 203.0.113.0/24']), []);
  assert.deepEqual(refused([], ['all 0.0.0.0/0']), [admin]);
  assert.deepEqual(refused(['all 0.0.0.0/0'], ['tcp/443 0.0.0.0/0']), [server]);
  assert.deepEqual(refused([], []), [server, admin]);
  assert.deepEqual(cutOff(hostViewOf(compactWorld({}), []), { ...WIRING, enis: new Map() }, [SERVER]), [SERVER]);
});

test('what a NACL would not let be answered is cut off, too', () => {
  const [server, admin] = ['its server (tcp/4700 to 203.0.113.7)', 'SSH (tcp/22 from 198.51.100.9)'];
  const open = ['100 allow all 0.0.0.0/0'];
  const [ssh, all] = [['tcp/22 198.51.100.0/24'], ['all 0.0.0.0/0']];
  assert.deepEqual(refused(ssh, all, { ingress: open, egress: open }), []);
  assert.deepEqual(refused(ssh, all, { ingress: open, egress: ['100 allow tcp/4700 0.0.0.0/0'] }), [admin]);
  assert.deepEqual(refused(ssh, all, { ingress: ['100 allow tcp/22 0.0.0.0/0'], egress: open }), [server]);
  assert.deepEqual(
    refused(ssh, all, { ingress: ['100 allow tcp/22 0.0.0.0/0', '200 allow tcp/1024-65535 0.0.0.0/0'], egress: open }),
    [],
  );
});
