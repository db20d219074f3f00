// What leads packets past rules, from what programs print. What these texts look like is held to the programs themselves where this kernel has the things
// (test/e2e/past-rules.test.ts); flowtables and classifiers are as iproute2 6.1 and nftables 1.0.6 print them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { DeviceNews, whyAllPast } from '../../src/agent/device-news.ts';
import type { Attaching } from '../../src/agent/attaching.ts';
import type { Devices } from '../../src/agent/devices.ts';
import { detoursOf, type Surroundings } from '../../src/agent/detours.ts';
import {
  FilteredDevices,
  flowtablesOf,
  handingDevices,
  type Link,
  LinkReader,
  macIn,
  mayRedirect,
  netdevTables,
} from '../../src/agent/links.ts';
import { asId, type EniId } from '../../src/core/model/ids.ts';
import { expectOk, ok, type Result } from '../../src/core/net/result.ts';

function around(links: readonly Partial<Link>[], more: Partial<Surroundings> = {}): Surroundings {
  return {
    links: links.map((link, at) => ({ name: 'tap0', index: at + 1, kind: 'veth', hasProgram: false, ...link })),
    redirects: new Map(),
    flowtables: new Map(),
    ownWays: new Map(),
    ...more,
  };
}

const CASES: readonly (readonly [string, Surroundings, RegExp | undefined, RegExp | undefined])[] = [
  ['a device by itself', around([{}]), undefined, undefined],
  ['the other end of a pair', around([{}, { name: 'guest0', over: 'tap0' }]), undefined, undefined],
  ['a tunnel over it', around([{}, { name: 'vx0', over: 'tap0', kind: 'vxlan' }]), undefined, undefined],
  ['a port of a bridge', around([{ master: { name: 'br0', kind: 'bridge' } }]), /port of the bridge br0/u, /br0/u],
  ['a part of a VRF', around([{ master: { name: 'red', kind: 'vrf' } }]), /part of red \(vrf\)/u, /red/u],
  ['a part of something', around([{ master: { name: 'ovs', kind: '' } }]), /part of ovs, /u, /ovs/u],
  ['a VLAN on it', around([{}, { name: 'tap0.7', over: 'tap0', kind: 'vlan' }]), /tap0\.7 \(vlan\)/u, undefined],
  ['a macvlan on it', around([{}, { name: 'm0', over: 'tap0', kind: 'macvlan' }]), /m0 \(macvlan\)/u, undefined],
  ['a macvlan on another', around([{}, { name: 'm0', over: 'tap1', kind: 'macvlan' }]), undefined, undefined],
  ['an XDP program', around([{ hasProgram: true }]), /XDP program/u, undefined],
  ['filters', around([{}], { redirects: new Map([['tap0', 'filters of tc']]) }), /filters of tc/u, undefined],
  ['a flowtable', around([{}], { flowtables: new Map([['tap0', 'inet x f']]) }), /flowtable inet x f/u, undefined],
  ['ways of their own', around([{}], { ownWays: new Map([['tap0', 'net.x']]) }), /set net\.x to 0/u, undefined],
];

test('what leads packets past the rules of a device is named, and what does not is not', () => {
  for (const [name, surroundings, tap, host] of CASES)
    for (const [mode, pattern] of [
      ['tap', tap],
      ['host', host],
    ] as const) {
      const found = detoursOf(['tap0'], surroundings, mode).get('tap0') ?? [];
      if (pattern === undefined) assert.deepEqual(found, [], `${name}, ${mode}`);
      else assert.match(found.join('\n'), pattern, `${name}, ${mode}`);
    }
});

/** One filter of tc with one action. */
function filter(kind: string, action: string): string {
  return JSON.stringify([
    { protocol: 'all', pref: 1, kind, options: { handle: 1, actions: [{ order: 1, kind: action }] } },
  ]);
}

function nft(...items: readonly object[]): string {
  return JSON.stringify({ nftables: [{ metainfo: {} }, ...items] });
}

/** A rule of nft's with one step. */
function rule(step: object): object {
  return { rule: { chain: 'c', expr: [step] } };
}

function parseLinks(text: string, before?: readonly Link[]): Result<readonly Link[]> {
  const reader = new LinkReader(before);
  reader.take(text);
  return reader.end();
}

function filteredDevices(text: string): readonly string[] {
  const reader = new FilteredDevices();
  reader.take(text);
  return reader.devices;
}

function printed(kinds: readonly string[]): string {
  return JSON.stringify(
    kinds.map((kind, at) => ({ ifindex: at + 1, ifname: `tap${at}`, linkinfo: { info_kind: kind } })),
  );
}

test('devices that did not change are those of the look before', () => {
  const first = expectOk(parseLinks(printed(['veth', 'tun', 'veth'])));
  assert.equal(expectOk(parseLinks(printed(['veth', 'tun', 'veth']), first)), first);
  const later = expectOk(parseLinks(printed(['veth', 'macvlan', 'veth']), first));
  assert.deepEqual(
    later.map((link, at) => link === first[at]),
    [true, false, true],
  );
  assert.deepEqual(later, expectOk(parseLinks(printed(['veth', 'macvlan', 'veth']))));
  assert.equal(expectOk(parseLinks(printed(['veth', 'tun']), first)).length, 2);
  const dressed = {
    ifindex: 1,
    ifname: 'tap0',
    master: 'br0',
    link: 'up0',
    linkinfo: { info_kind: 'veth', info_slave_kind: 'bridge' },
    xdp: {},
  };
  const full = expectOk(parseLinks(JSON.stringify([dressed])));
  for (const change of [
    { ifname: 'x' },
    { ifindex: 9 },
    { master: 'b' },
    { link: 'u' },
    { xdp: undefined },
    { linkinfo: {} },
  ])
    assert.notEqual(expectOk(parseLinks(JSON.stringify([{ ...dressed, ...change }]), full))[0], full[0]);
});

test('what programs print is read', () => {
  const links = parseLinks(
    JSON.stringify([
      {
        ifindex: 2,
        link: 'g0',
        ifname: 'tap0',
        master: 'br0',
        linkinfo: { info_kind: 'veth', info_slave_kind: 'bridge' },
      },
      { ifindex: 5, link: 'g0', ifname: 'm0', linkinfo: { info_kind: 'macvlan', info_data: { mode: 'vepa' } } },
      { ifindex: 7, ifname: 'eth0', xdp: { mode: 1, prog: { id: 12 } } },
    ]),
  );
  assert.deepEqual(expectOk(links), [
    { name: 'tap0', index: 2, kind: 'veth', master: { name: 'br0', kind: 'bridge' }, over: 'g0', hasProgram: false },
    { name: 'm0', index: 5, kind: 'macvlan', over: 'g0', hasProgram: false },
    { name: 'eth0', index: 7, kind: '', hasProgram: true },
  ]);
  const addressed = '[{"ifindex":2,"ifname":"eth0","address":"02:00:00:00:00:01"}]';
  assert.equal(macIn(addressed), '02:00:00:00:00:01');
  for (const text of ['[{"ifname":"gre1","address":"10.0.0.1"}]', '[{"ifname":"tun0"}]', '[]', ''])
    assert.equal(macIn(text), undefined);
  assert.deepEqual(
    filteredDevices('[{"kind":"clsact","dev":"a"},{"kind":"ingress","dev":"b"},{"kind":"fq","dev":"c"}]'),
    ['a', 'b'],
  );
  assert.ok(mayRedirect(filter('matchall', 'mirred')) && mayRedirect(filter('bpf', 'gact')));
  assert.ok(!mayRedirect(filter('matchall', 'gact')) && !mayRedirect('[]'));
  assert.deepEqual(
    flowtablesOf(nft({ flowtable: { family: 'inet', name: 'f', table: 't', dev: ['a', 'b'] } })),
    new Map([
      ['a', 'inet t f'],
      ['b', 'inet t f'],
    ]),
  );
  const chain = { family: 'netdev', table: 'y', name: 'c', hook: 'ingress' };
  assert.deepEqual(netdevTables(nft({ chain }, { chain: { ...chain, name: 'd' } })), ['y']);
  assert.deepEqual(netdevTables(nft({ chain: { family: 'netdev', table: 'y', name: 'c' } })), []);
  const placed = { chain: { ...chain, dev: 'a' } };
  assert.deepEqual(handingDevices(nft(placed, rule({ fwd: { dev: 'z' } }))), ['a']);
  assert.equal(handingDevices(nft({ chain }, rule({ dup: { addr: 'z' } }))), 'any');
  assert.deepEqual(handingDevices(nft(placed, rule({ drop: null }))), []);
});

test('whatever else is printed is no fault of ours', () => {
  const texts = fc.oneof(
    fc.string(),
    fc.json(),
    fc.jsonValue().map((value) => JSON.stringify({ nftables: [value] })),
  );
  fc.assert(
    fc.property(texts, (text) => {
      parseLinks(text);
      for (const read of [filteredDevices, flowtablesOf, netdevTables, handingDevices, mayRedirect]) read(text);
    }),
  );
  assert.ok(!parseLinks('Cannot open network namespace').ok);
});

const ATTACHING: Attaching = {
  mode: 'tap',
  enis: new Map<EniId, { readonly device: string; readonly mac: string }>([
    [asId('eni-1'), { device: 'tap0', mac: '02:00:00:00:00:01' }],
    [asId('eni-2'), { device: 'tap1', mac: '02:00:00:00:00:02' }],
  ]),
  fabric: new Set(),
};

function looked(links: readonly (readonly [string, number])[], past: readonly string[] = []): Result<Devices> {
  return ok({
    links: links.map(([name, index]): Link => ({ name, index, kind: '', hasProgram: false })),
    detours: new Map(past.map((device) => [device, ['it goes past']])),
    unknown: [],
  });
}

test('a device that never was, that got another name, that went, and that leads past rules', () => {
  const news = new DeviceNews(ATTACHING);
  assert.match(news.of(looked([['tap0', 5]])).trouble ?? '', /^device tap1 of eni-2 is not there/u);
  const both = [
    ['tap0', 5],
    ['tap1', 6],
  ] as const;
  assert.deepEqual(news.of(looked(both)), { trouble: undefined, warnings: [] });
  assert.equal(
    news.of(
      looked([
        ['tap9', 5],
        ['tap1', 6],
      ]),
    ).trouble,
    'device tap0 of eni-1 is called tap9 now: nothing is enforced for it',
  );
  assert.deepEqual(news.of(looked([['tap1', 6]])), {
    trouble: undefined,
    warnings: ['device tap0 of eni-1 went away'],
  });
  // Made anew, with another number: rules go by its name.
  assert.deepEqual(
    news.of(
      looked([
        ['tap0', 8],
        ['tap1', 6],
      ]),
    ),
    { trouble: undefined, warnings: [] },
  );
  assert.match(
    news.of(looked(both, ['tap1'])).trouble ?? '',
    /^rules do not hold at device tap1 of eni-2: it goes past$/u,
  );
});

function why(past: readonly string[]): string | undefined {
  return whyAllPast(ATTACHING, expectOk(looked([], past)));
}

test('nothing is begun where no rule would see a packet', () => {
  assert.equal(why([]), undefined);
  assert.equal(why(['tap0']), undefined);
  assert.equal(why(['tap0', 'tap1']), 'device tap0: it goes past; device tap1: it goes past');
});
