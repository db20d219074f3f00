import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { formatCidr } from '../../src/core/net/cidr.ts';
import { expectOk } from '../../src/core/net/result.ts';
import { parseTraffic } from '../../src/core/net/traffic.ts';
import type { World } from '../../src/core/model/world.ts';
import { answerQuestion } from '../../src/analysis/answer.ts';
import { type EndpointError, resolveEndpoint } from '../../src/analysis/endpoint.ts';
import { compactWorld } from '../compact.ts';
import { withNames } from './names.ts';

const world: World = withNames(
  compactWorld({
    vpcs: {
      V1: { cidrs: ['10.0.0.0/16', '2001:db8:1::/56'] },
      V2: { cidrs: ['10.0.0.0/16'] },
      V3: { cidrs: ['10.3.0.0/16'] },
    },
    subnets: {
      S1: { vpc: 'V1', cidrs: ['10.0.1.0/24', '2001:db8:1:1::/64'] },
      S2: { vpc: 'V2', cidrs: ['10.0.1.0/24'] },
      S3: { vpc: 'V3', cidrs: ['10.3.1.0/24'] },
    },
    groups: {
      A: { vpc: 'V1', name: 'web' },
      B: { vpc: 'V1', name: 'default' },
      C: { vpc: 'V2', name: 'default' },
      D: { vpc: 'V1', name: 'empty' },
      E: { vpc: 'V3', name: 'app' },
    },
    enis: {
      a: {
        subnet: 'S1',
        addresses: ['10.0.1.10', '2001:db8:1:1::10'],
        groups: ['A'],
        instance: 'i1',
        public: { '10.0.1.10': '198.51.100.10' },
      },
      b: { subnet: 'S1', addresses: ['10.0.1.11'], groups: ['A', 'B'], instance: 'i2' },
      c: { subnet: 'S2', addresses: ['10.0.1.10'], groups: ['C'] },
      d: {
        subnet: 'S3',
        addresses: ['10.3.1.10', '10.3.1.11'],
        groups: ['E'],
        prefixes: ['10.3.1.32/28'],
        instance: 'i3',
      },
      n: { subnet: 'S3', addresses: ['10.3.1.200'], groups: [], type: 'nat_gateway' },
    },
    instances: { i1: {}, i2: {}, i3: {} },
  }),
  { i1: 'web', i2: 'web', i3: 'app-1' },
);

const placesOf = (text: string): readonly string[] =>
  expectOk(resolveEndpoint(world, text)).places.map((place) => {
    const where = place.kind === 'eni' ? place.eni.id : place.kind;
    return `${where} ${place.space.map(formatCidr).join(' ')}${place.kind === 'eni' && place.asked === 'public' ? ' public' : ''}`;
  });

function errorOf(text: string): EndpointError {
  const found = resolveEndpoint(world, text);
  return found.ok ? assert.fail(`${text} was found`) : found.error;
}

describe('resolveEndpoint', () => {
  test('an instance or ENI is all its addresses and delegated prefixes', () => {
    assert.deepEqual(placesOf('i1'), ['a 10.0.1.10/32', 'a 2001:db8:1:1::10/128']);
    assert.deepEqual(placesOf('d'), ['d 10.3.1.10/32', 'd 10.3.1.11/32', 'd 10.3.1.32/28']);
  });

  test('a Name tag is every instance that has it, and wins over a group of the same name', () => {
    assert.deepEqual(placesOf('app-1'), placesOf('i3'));
    assert.deepEqual(placesOf('web'), ['a 10.0.1.10/32', 'a 2001:db8:1:1::10/128', 'b 10.0.1.11/32']);
    assert.deepEqual(expectOk(resolveEndpoint(world, 'web')).notes, [
      '2 instances have the name web: all are meant',
      'web is also the name of a group: group:web asks for its members',
    ]);
    assert.equal(expectOk(resolveEndpoint(world, 'group:web')).kind, 'group');
  });

  test('a group is its members, by id or by name in any case', () => {
    assert.deepEqual(placesOf('E'), placesOf('d'));
    assert.deepEqual(placesOf('group:APP'), placesOf('d'));
  });

  test('a name that several groups have is refused with their ids', () => {
    assert.deepEqual(errorOf('group:default'), {
      kind: 'ambiguous',
      message: '2 groups have the name "default": B in V1, C in V2',
      suggestions: ['B', 'C'],
    });
    assert.deepEqual(placesOf('V2/default'), ['c 10.0.1.10/32']);
  });

  test('a subnet or VPC is its interfaces, without those that only send for others', () => {
    assert.deepEqual(placesOf('S3'), placesOf('d'));
    assert.deepEqual(placesOf('V3'), placesOf('d'));
  });

  test('a private address in several VPCs is refused; the VPC before it decides', () => {
    assert.deepEqual(errorOf('10.0.1.10').suggestions, ['V1/10.0.1.10', 'V2/10.0.1.10']);
    assert.deepEqual(placesOf('V2/10.0.1.10'), ['c 10.0.1.10/32']);
    assert.deepEqual(placesOf('10.3.1.11'), ['d 10.3.1.11/32']);
    assert.deepEqual(placesOf('10.3.1.40'), ['d 10.3.1.40/32'], 'inside a delegated prefix');
    assert.equal(errorOf('V3/10.9.9.9').message, '10.9.9.9 is not an address of V3');
  });

  test('a public address is the interface behind it', () => {
    assert.deepEqual(placesOf('198.51.100.10'), ['a 10.0.1.10/32 public']);
    assert.deepEqual(placesOf('2001:db8:1:1::10'), ['a 2001:db8:1:1::10/128']);
  });

  test('an address without an interface is vacant in a VPC, else of the internet or of another network', () => {
    assert.deepEqual(placesOf('10.3.9.9'), ['vacant 10.3.9.9/32']);
    assert.deepEqual(placesOf('203.0.113.9'), ['internet 203.0.113.9/32']);
    assert.deepEqual(placesOf('192.168.1.1'), ['elsewhere 192.168.1.1/32']);
    assert.deepEqual(placesOf('192.168.1.1/32'), ['elsewhere 192.168.1.1/32']);
  });

  test('a CIDR is the interfaces inside it and what lies outside of the world', () => {
    assert.deepEqual(placesOf('10.3.1.0/27'), ['d 10.3.1.10/32', 'd 10.3.1.11/32']);
    assert.deepEqual(placesOf('10.3.1.32/30'), ['d 10.3.1.32/30']);
    assert.deepEqual(placesOf('198.51.100.8/30'), [
      'a 10.0.1.10/32 public',
      'internet 198.51.100.8/31 198.51.100.11/32',
    ]);
    assert.deepEqual(placesOf('10.3.0.0/15'), [
      'd 10.3.1.10/32',
      'd 10.3.1.11/32',
      'd 10.3.1.32/28',
      'elsewhere 10.2.0.0/16',
    ]);
  });

  test('the internet is what is routable and not of this world', () => {
    const [ipv4, ipv6] = expectOk(resolveEndpoint(world, 'Internet')).places;
    assert.ok(ipv4?.family === 'ipv4' && ipv6?.family === 'ipv6');
    const texts = new Set(ipv4.space.map(formatCidr));
    assert.equal(texts.has('198.51.100.10/32'), false);
    assert.equal(texts.has('198.51.100.11/32'), true, 'beside the public address of an interface');
  });

  test('mistyped names get suggestions', () => {
    assert.deepEqual(errorOf('ap-1').suggestions, ['app-1']);
    assert.deepEqual(errorOf('group:wob').suggestions, ['web']);
    assert.match(errorOf('ap-1').message, /called "ap-1"$/);
  });

  test('what is nearly an address is an error of its own', () => {
    assert.deepEqual(errorOf('10.0.1.300'), {
      kind: 'malformed',
      message: '"10.0.1.300" is not an IP address',
      suggestions: [],
    });
    assert.equal(errorOf('10.0.0.0/33').kind, 'malformed');
    assert.equal(errorOf('2001:db8::g').kind, 'unknown');
    assert.equal(errorOf(' ').kind, 'malformed');
  });

  test('a group without interfaces is no end', () => {
    assert.deepEqual(errorOf('D'), {
      kind: 'empty',
      message: 'group empty (D) has no interface with an address',
      suggestions: [],
    });
  });

  test('a hostile name costs a bounded amount and is quoted', () => {
    const error = errorOf(`${'x'.repeat(100_000)}\u001b[2J`);
    assert.equal(error.kind, 'unknown');
    assert.equal(error.message.includes('\u001b'), false);
  });
});

type Words = {
  readonly from: string;
  readonly to: string;
  readonly family?: 'ipv4' | 'ipv6';
  readonly traffic?: string;
};

/** The verdict on a question, or why it asks nothing. */
function ask({ from, to, family, traffic = 'all' }: Words): string {
  const answer = answerQuestion(world, {
    from: expectOk(resolveEndpoint(world, from)),
    to: expectOk(resolveEndpoint(world, to)),
    traffic: expectOk(parseTraffic(traffic)),
    ...(family === undefined ? {} : { family }),
  });
  return answer.ok ? answer.value.verdict : answer.error;
}

describe('answerQuestion', () => {
  test('says which questions ask nothing', () => {
    assert.equal(ask({ from: 'internet', to: '203.0.113.9' }), 'neither internet nor 203.0.113.9 is inside this world');
    assert.equal(ask({ from: '10.3.9.9', to: 'd' }), 'nothing sends from 10.3.9.9: no interface has this address');
    assert.equal(ask({ from: 'a', to: 'd', family: 'ipv6' }), 'd has no IPv6 address');
    assert.equal(
      ask({ from: 'a', to: 'd', family: 'ipv6', traffic: 'icmp/8' }),
      'icmp/8 does not exist in IPv6: ask for icmpv6',
    );
    assert.match(ask({ from: '2001:db8:1:1::10', to: 'd' }), /^2001:db8:1:1::10 has IPv6 only and d IPv4 only/);
  });

  test('in overlapping VPCs a packet for one is never taken for the other', () => {
    assert.equal(ask({ from: 'b', to: 'c', traffic: 'tcp/443' }), 'blocked');
  });

  test('what is beyond the limits is counted, and then nothing is called blocked', () => {
    const question = {
      from: expectOk(resolveEndpoint(world, 'V1')),
      to: expectOk(resolveEndpoint(world, 'V3')),
      traffic: expectOk(parseTraffic('tcp/443')),
    };
    const all = expectOk(answerQuestion(world, question));
    assert.deepEqual([all.verdict, all.pairs], ['blocked', { total: 6, computed: 6, outside: 0 }]);
    const few = expectOk(answerQuestion(world, question, { pairs: 2, trips: 100 }));
    assert.deepEqual([few.verdict, few.pairs], ['depends', { total: 6, computed: 2, outside: 0 }]);
    const none = expectOk(answerQuestion(world, question, { pairs: 6, trips: 1 }));
    assert.deepEqual([none.verdict, none.pairs], ['depends', { total: 6, computed: 1, outside: 0 }]);
  });
});
