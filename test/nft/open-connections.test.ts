// Which open connections a machine has, and which of them its first rules would let begin.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { connectionsIn, earlierCommands } from '../../src/agent/open-connections.ts';
import { formatAddress } from '../../src/core/net/address.ts';
import { linesOf } from '../../src/nft/render.ts';
import { getRecord } from '../../src/core/model/world.ts';
import { asId } from '../../src/core/model/ids.ts';
import { hostViewOf } from '../../src/core/policy/host-view.ts';
import { hashText } from '../../src/nft/names.ts';
import { compactWorld } from '../compact.ts';
import { localLayout, localWiring } from './ends.ts';

/** As Linux prints it on x86: SSH from 198.51.100.9, a question to 203.0.113.7 over IPv4, one to a neighbour over IPv6, and what is none. */
const SOCKETS = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 647 1 0 100 0 0 10 0
   1: 0A01000A:0016 096433C6:C350 01 00000000:00000000 00:00000000 00000000     0        0 648 1 0 100 0 0 10 0
   2: 0A01000A:A000 077100CB:01BB 01 00000000:00000000 00:00000000 00000000     0        0 649 1 0 100 0 0 10 0
   3: 0A01000A:A001 077100CB:01BB 06 00000000:00000000 00:00000000 00000000     0        0 0 3 0
   4: 0100007F:0016 0100007F:A002 01 00000000:00000000 00:00000000 00000000     0        0 650 1 0 100 0 0 10 0
   5: 0A01000A:A003 077100CB:0050 02 00000000:00000000 00:00000000 00000000     0        0 651 1 0 100 0 0 10 0
  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: B80D0120010000000000000010000000:A004 B80D0120010000000000000020000000:0050 08 00000000:00000000 00:00000000 00000000 0 0 652 1 0
   1: 0000000000000000FFFF00000A01000A:0016 0000000000000000FFFF0000086433C6:C351 01 00000000:00000000 00:00000000 00000000 0 0 653 1 0
   2: 0A01000A:00 nonsense
`;

test('open connections are read as the kernel prints them', { skip: process.arch === 's390x' }, () => {
  const seen = connectionsIn(SOCKETS).map(
    ({ direction, own, ownPort, peer, peerPort }) =>
      `${direction} ${formatAddress(own)} ${ownPort} ${formatAddress(peer)} ${peerPort}`,
  );
  assert.deepEqual(seen, [
    'ingress 10.0.1.10 22 198.51.100.9 50000',
    'egress 10.0.1.10 40960 203.0.113.7 443',
    'ingress 127.0.0.1 22 127.0.0.1 40962',
    'egress 2001:db8:0:1::10 40964 2001:db8:0:1::20 80',
    'ingress 10.0.1.10 22 198.51.100.8 50001',
  ]);
});

test('nothing that stands in such a file is a fault', () => {
  const line = fc.oneof(
    fc.stringMatching(/^ *[0-9]{1,3}: [0-9A-F]{6,34}:[0-9A-F]{4} [0-9A-F]{6,34}:[0-9A-F]{4} 0[0-9A-F] $/u),
    fc.stringMatching(/^[ 0-9A-F:a-z]{0,80}$/u),
  );
  fc.assert(
    fc.property(fc.array(line), (lines) => {
      for (const one of connectionsIn(lines.join('\n'))) assert.ok(one.ownPort < 65_536 && one.peerPort < 65_536);
    }),
  );
});

function kept(ingress: readonly string[], egress: readonly string[], sockets = SOCKETS): readonly string[] {
  const world = compactWorld({
    vpcs: { V1: { cidrs: ['10.0.0.0/16', '2001:db8::/56'] } },
    subnets: { S1: { vpc: 'V1', cidrs: ['10.0.1.0/24', '2001:db8:0:1::/64'] } },
    groups: { A: { vpc: 'V1', ingress, egress } },
    enis: { a: { subnet: 'S1', addresses: ['10.0.1.10', '2001:db8:0:1::10'], groups: ['A'] } },
  });
  const eni = getRecord(world, 'enis', asId('a'));
  assert.ok(eni !== undefined);
  const { ruleset } = localLayout(world, eni);
  const at = { view: hostViewOf(world, [eni.id]), wiring: localWiring(eni), ruleset };
  return [...linesOf(earlierCommands(connectionsIn(sockets), at))];
}

function adding(set: string, ...keys: readonly string[]): string {
  return `add element inet crenel ${set} { ${keys.join(', ')} }`;
}

function held(flow: string): string {
  return `${Number.parseInt(hashText('a  ').slice(0, 8), 16)} . ${flow}`;
}

test('those live on that rules would let begin and would remember', { skip: process.arch === 's390x' }, () => {
  const [ssh, other] = ['10.0.1.10 . 22 . 198.51.100.9 . 50000', '10.0.1.10 . 22 . 198.51.100.8 . 50001'].map(held);
  assert.ok(ssh !== undefined && other !== undefined);
  const asked = held('10.0.1.10 . 40960 . 203.0.113.7 . 443');
  assert.deepEqual(kept([], []), []);
  assert.deepEqual(kept(['tcp/22 198.51.100.9/32'], []), [adding('earlier4', ssh)]);
  assert.deepEqual(kept(['tcp/22 198.51.100.0/24'], ['tcp/443 0.0.0.0/0']), [adding('earlier4', ssh, asked, other)]);
  assert.deepEqual(kept([], ['all ::/0']), [
    adding('earlier6', held('2001:db8:0:1::10 . 40964 . 2001:db8:0:1::20 . 80')),
  ]);
  // What rules admit both ways is not remembered, so it lives and dies with them.
  assert.deepEqual(kept(['all 0.0.0.0/0'], ['all 0.0.0.0/0']), []);
});

/** A service of one's own, questions to the router of the subnet, to the resolver of the VPC and to a neighbour, and the router's to the service. */
const SERVICES = `
   0: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0
   1: 0A01000A:A000 0101000A:1F90 01 00000000:00000000 00:00000000 00000000     0        0 2 1 0
   2: 0A01000A:A001 0200000A:0035 01 00000000:00000000 00:00000000 00000000     0        0 3 1 0
   3: 0A01000A:A002 1401000A:1F90 01 00000000:00000000 00:00000000 00000000     0        0 4 1 0
   4: 0A01000A:0016 0101000A:C350 01 00000000:00000000 00:00000000 00000000     0        0 5 1 0
`;

test('those to services of the VPC live on whatever the rules say', { skip: process.arch === 's390x' }, () => {
  const [router, resolver, asked] = [
    '10.0.1.10 . 40960 . 10.0.1.1 . 8080',
    '10.0.1.10 . 40961 . 10.0.0.2 . 53',
    '10.0.1.10 . 22 . 10.0.1.1 . 50000',
  ].map(held);
  assert.ok(router !== undefined && resolver !== undefined && asked !== undefined);
  assert.deepEqual(kept([], [], SERVICES), [adding('earlier4', router, resolver)]);
  assert.deepEqual(kept(['all 0.0.0.0/0'], ['all 0.0.0.0/0'], SERVICES), [adding('earlier4', router, resolver)]);
  // What a service begins itself needs a rule.
  assert.deepEqual(kept(['tcp/22 10.0.1.1/32'], [], SERVICES), [adding('earlier4', router, resolver, asked)]);
});
