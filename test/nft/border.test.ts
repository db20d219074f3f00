// What crosses the border of a subnet and what does not, under a NACL that lets nothing pass and groups that let everything.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseAddress } from '../../src/core/net/address.ts';
import { expectOk } from '../../src/core/net/result.ts';
import { asId, type EniId, type SubnetId } from '../../src/core/model/ids.ts';
import { listRecords, type World } from '../../src/core/model/world.ts';
import { hostViewOf } from '../../src/core/policy/host-view.ts';
import { delta } from '../../src/nft/delta.ts';
import { type Layout, layout } from '../../src/nft/layout.ts';
import { listingOf } from '../../src/nft/listing.ts';
import { type Frame, trace } from '../../src/nft/trace.ts';
import type { Wiring } from '../../src/nft/wiring.ts';
import { compactWorld } from '../compact.ts';
import { afterCommands, halfwayVerdicts } from './table.ts';

const OPEN = ['all 0.0.0.0/0', 'all ::/0'];

/** `S1` and `S3` have the NACL, an appliance is in `S3`; another one is always closed, so that there is always a border. */
function worldOf(entries: readonly string[]): World {
  return compactWorld({
    vpcs: { V: { cidrs: ['10.0.0.0/16', '2001:db8:1::/56'] } },
    subnets: {
      S1: { vpc: 'V', cidrs: ['10.0.1.0/24', '2001:db8:1:1::/64'], acl: 'N' },
      S2: { vpc: 'V', cidrs: ['10.0.2.0/24', '2001:db8:1:2::/64'] },
      S3: { vpc: 'V', cidrs: ['10.0.3.0/24', '2001:db8:1:3::/64'], acl: 'N' },
      S4: { vpc: 'V', cidrs: ['10.0.4.0/24'], acl: 'M' },
    },
    acls: { N: { vpc: 'V', ingress: entries, egress: entries }, M: { vpc: 'V', ingress: [], egress: [] } },
    groups: { A: { vpc: 'V', ingress: OPEN, egress: OPEN } },
    enis: {
      a: { subnet: 'S1', addresses: ['10.0.1.10', '2001:db8:1:1::10'], groups: ['A'] },
      b: { subnet: 'S1', addresses: ['10.0.1.11', '2001:db8:1:1::11'], groups: ['A'] },
      c: { subnet: 'S2', addresses: ['10.0.2.10', '2001:db8:1:2::10'], groups: ['A'] },
      d: { subnet: 'S2', addresses: ['10.0.2.11', '2001:db8:1:2::11'], groups: ['A'] },
      e: { subnet: 'S3', addresses: ['10.0.3.10', '2001:db8:1:3::10'], groups: ['A'] },
      f: { subnet: 'S3', addresses: ['10.0.3.11', '2001:db8:1:3::11'], groups: ['A'], sourceDestCheck: false },
      g: { subnet: 'S4', addresses: ['10.0.4.10'], groups: ['A'] },
    },
  });
}

function layoutOf(entries: readonly string[], previous?: Layout): Layout {
  const world = worldOf(entries);
  const enis = [...listRecords(world, 'enis')];
  const home = enis.find(({ id }) => id === asId<EniId>('a'))?.subnetId ?? asId<SubnetId>('');
  const ids = enis.map(({ id }) => id);
  const wiring: Wiring = {
    mode: 'forward',
    enis: new Map(ids.map((id) => [id, { device: id, mac: '02:00:00:00:00:01' }])),
    fabric: new Set(['fabric0']),
    stateful: new Set(),
    natGateways: new Map([['nat0', home]]),
    outside: new Set(['igw0', 'service0']),
  };
  return layout(hostViewOf(world, ids.values(), [home]), wiring, previous?.numbering);
}

const CLOSED = layoutOf([]);

type Way = readonly [from: string, source: string, to: string, destination: string];

function frameOf([from, source, to, destination]: Way, direction: 'original' | 'reply' = 'original'): Frame {
  return {
    iifname: from,
    oifname: to,
    source: expectOk(parseAddress(source)),
    destination: expectOk(parseAddress(destination)),
    transport: { kind: 'tcp', sourcePort: 40_000, destinationPort: 443 },
    opens: direction === 'original',
    connection: { direction, mark: 0, isRelated: false },
  };
}

function passes(frame: Frame): boolean {
  return trace(CLOSED.ruleset, 'forward', { frame, memory: new Map() }).verdict === 'accept';
}

describe('the border of a subnet', () => {
  const crossing: Readonly<Record<string, Way>> = {
    'to another subnet': ['a', '10.0.1.10', 'c', '10.0.2.10'],
    'from another subnet': ['c', '10.0.2.10', 'a', '10.0.1.10'],
    'to another subnet, IPv6': ['a', '2001:db8:1:1::10', 'c', '2001:db8:1:2::10'],
    'from another subnet, IPv6': ['c', '2001:db8:1:2::10', 'a', '2001:db8:1:1::10'],
    'from the internet with an address of the subnet': ['igw0', '10.0.1.77', 'a', '10.0.1.10'],
    'to the internet with an address of the subnet': ['a', '10.0.1.10', 'igw0', '10.0.1.77'],
    'to another subnet over the fabric': ['a', '10.0.1.10', 'fabric0', '10.0.2.77'],
    'from another subnet over the fabric': ['fabric0', '10.0.2.77', 'a', '10.0.1.10'],
    'from a NAT gateway to another subnet': ['nat0', '10.0.1.200', 'c', '10.0.2.10'],
    'from a NAT gateway to the services': ['nat0', '10.0.1.200', 'service0', '169.254.169.253'],
    'to an appliance of another subnet, for others': ['a', '10.0.1.10', 'f', '203.0.113.9'],
    'from an appliance of another subnet, for others': ['f', '203.0.113.9', 'a', '10.0.1.10'],
    'from the address of a service': ['service0', '169.254.169.253', 'a', '10.0.1.10'],
    "to the router of another's subnet": ['a', '10.0.1.10', 'service0', '10.0.2.1'],
  };
  for (const [name, way] of Object.entries(crossing))
    test(`is crossed ${name}: the NACL decides`, () => assert.equal(passes(frameOf(way)), false));

  const free: Readonly<Record<string, Way>> = {
    'to a neighbour': ['a', '10.0.1.10', 'b', '10.0.1.11'],
    'to a neighbour, IPv6': ['a', '2001:db8:1:1::10', 'b', '2001:db8:1:1::11'],
    'between neighbours of a subnet without a NACL that filters': ['c', '10.0.2.10', 'd', '10.0.2.11'],
    'from that subnet to the internet': ['c', '10.0.2.10', 'igw0', '203.0.113.9'],
    'to the NAT gateway of the subnet': ['a', '10.0.1.10', 'nat0', '203.0.113.9'],
    'to a neighbour on another host': ['a', '10.0.1.10', 'fabric0', '10.0.1.77'],
    'from a neighbour on another host': ['fabric0', '10.0.1.77', 'a', '10.0.1.10'],
    'from a neighbour on another host, IPv6': ['fabric0', '2001:db8:1:1::77', 'a', '2001:db8:1:1::10'],
    'to an appliance of the subnet, for others': ['e', '10.0.3.10', 'f', '203.0.113.9'],
    'from an appliance of the subnet, for others': ['f', '203.0.113.9', 'e', '10.0.3.10'],
    'to the metadata service': ['a', '10.0.1.10', 'service0', '169.254.169.254'],
    'to the resolver': ['a', '10.0.1.10', 'service0', '10.0.0.2'],
    'to the router': ['a', '10.0.1.10', 'service0', '10.0.1.1'],
    'to the metadata service, IPv6': ['a', '2001:db8:1:1::10', 'service0', 'fd00:ec2::254'],
  };
  for (const [name, way] of Object.entries(free))
    test(`is not met ${name}`, () => assert.equal(passes(frameOf(way)), true));

  const answers: Readonly<Record<string, Way>> = {
    'of the metadata service': ['service0', '169.254.169.254', 'a', '10.0.1.10'],
    'of the resolver': ['service0', '10.0.0.2', 'a', '10.0.1.10'],
  };
  for (const [name, way] of Object.entries(answers))
    test(`is not met by answers ${name}`, () => assert.equal(passes(frameOf(way, 'reply')), true));

  test('is never met by neighbours while the NACL opens and closes', () => {
    const layouts = [layoutOf(['100 allow all 0.0.0.0/0', '101 allow all ::/0'])];
    layouts.push(layoutOf([], layouts[0]));
    layouts.push(layoutOf(['100 allow tcp/80 0.0.0.0/0'], layouts[1]), layouts[0] ?? CLOSED);
    const ways: readonly Way[] = [
      ['a', '10.0.1.10', 'b', '10.0.1.11'],
      ['e', '10.0.3.10', 'f', '203.0.113.9'],
      ['a', '2001:db8:1:1::10', 'b', '2001:db8:1:1::11'],
    ];
    let [held] = layouts.map(({ ruleset }) => ruleset);
    for (const { ruleset } of layouts)
      for (const transaction of delta(listingOf(held ?? ruleset), ruleset).transactions) {
        const next = afterCommands(held ?? ruleset, transaction);
        for (const way of ways) {
          const said = halfwayVerdicts(held ?? ruleset, next, {
            base: 'border',
            frame: frameOf(way),
            memory: new Map(),
          });
          assert.deepEqual(said, new Set(['accept']), way.join(' '));
        }
        held = next;
      }
  });
});
