// A host that gives its guests their addresses and tells them of their router itself, with the kernel's own sockets: DHCP (RFC 2131), DHCP for IPv6
// (RFC 8415), router advertisements (RFC 4861). AWS lets these through whatever groups say; nothing else comes with them.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Enforcer } from '../../src/agent/enforcer.ts';
import { NetlinkKernel } from '../../src/agent/netlink-kernel.ts';
import { expectOk } from '../../src/core/net/result.ts';
import { hostViewOf } from '../../src/core/policy/host-view.ts';
import { compactWorld } from '../compact.ts';
import { plantOf } from '../nft/legs.ts';
import { until } from '../server/listener.ts';
import { Namespace, whyNoKernel } from './namespace.ts';
import { whereabouts } from './odd-frames.ts';

const WHY_NOT = whyNoKernel(['nft', 'ip', 'python3', 'sysctl']);

/** Groups admit nothing, either way. */
const world = compactWorld({
  vpcs: { V1: { cidrs: ['10.0.0.0/16', '2001:db8::/56'] } },
  subnets: { S1: { vpc: 'V1', cidrs: ['10.0.1.0/24', '2001:db8:0:1::/64'] } },
  groups: { A: { vpc: 'V1', egress: [] } },
  enis: {
    a: { subnet: 'S1', addresses: ['10.0.1.10', '2001:db8:0:1::10'], groups: ['A'] },
    b: { subnet: 'S1', addresses: ['10.0.1.11', '2001:db8:0:1::11'], groups: ['A'] },
  },
});

const [MAC_A, LOCAL_A] = ['02:00:00:00:00:00', 'fe80::ff:fe00:0'];
const [EVERYBODY, ALL_NODES, ALL_ROUTERS, ALL_SERVERS] = ['255.255.255.255', 'ff02::1', 'ff02::2', 'ff02::1:2'];

type Send = { readonly from: string; readonly to: string; readonly port?: number; readonly bytes?: Buffer };

/** Nothing that a test sets up may fail in silence. */
function must(namespace: Namespace, program: string, ...args: readonly string[]): void {
  const { status, stderr } = namespace.run(program, args);
  assert.equal(status, 0, `${args.join(' ')}: ${stderr}`);
}

describe('a host that serves its guests', { skip: WHY_NOT ?? false }, () => {
  let host: Namespace;
  let guests: readonly Namespace[];
  before(async () => {
    host = new Namespace('serve-h');
    guests = [new Namespace('serve-a'), new Namespace('serve-b')];
    must(host, 'ip', 'link', 'set', 'lo', 'up');
    must(host, 'ip', 'address', 'add', '192.0.2.1/32', 'dev', 'lo');
    must(host, 'sysctl', '-q', '-w', 'net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1');
    const [wiring] = [...plantOf(world).wirings.values()];
    assert.ok(wiring !== undefined);
    const local = { ...wiring, fabric: new Set<string>(), stateful: new Set<string>() };
    const kernel = new NetlinkKernel({ namespace: host.name });
    // Rules are there before guests are: nothing is let in by what was there before.
    expectOk(await new Enforcer(kernel, local).enforce(hostViewOf(world, local.enis.keys())));
    kernel.close();
    for (const [index, guest] of guests.entries()) attach(`e${index}`, `02:00:00:00:00:0${index}`, guest);
    // A guest asks the link whether its address is taken before it uses it.
    await until(() => !/tentative/u.test(guests.map((one) => one.run('ip', ['address']).stdout).join('')));
  });
  after(() => {
    for (const guest of guests) guest.close();
    host.close();
  });

  function attach(device: string, mac: string, own: Namespace): void {
    must(host, 'ip', 'link', 'add', device, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', own.name);
    must(host, 'ip', 'address', 'add', '10.0.1.1/32', 'dev', device);
    must(host, 'ip', 'address', 'add', 'fe80::1/64', 'dev', device, 'nodad');
    must(host, 'ip', 'link', 'set', device, 'up');
    const address = device === 'e0' ? '10.0.1.10' : '10.0.1.11';
    must(host, 'ip', 'route', 'add', address, 'dev', device);
    // As a server of DHCP does it for a guest that has no address to answer with yet.
    must(host, 'ip', 'neigh', 'replace', address, 'lladdr', mac, 'dev', device);
    // So that it is the rules that hold back what is sent to others here.
    if (device === 'e0')
      for (const other of ['10.0.1.11', '10.0.1.99', 'fe80::99'])
        must(host, 'ip', 'neigh', 'replace', other, 'lladdr', mac, 'dev', device);
    must(own, 'sysctl', '-q', '-w', 'net.ipv6.conf.default.accept_ra=2');
    must(own, 'ip', 'link', 'set', 'eth0', 'address', mac, 'up');
  }

  /** Who hears each of the sends; `sockets` by name, of the host, of a and of b. */
  function heard(sends: readonly Send[], sockets: Readonly<Record<string, object>>): readonly (readonly string[])[] {
    const [a, b] = guests;
    const places: Readonly<Record<string, object>> = {
      host: { namespace: host.name, device: 'e0' },
      a: { namespace: a?.name, device: 'eth0' },
      b: { namespace: b?.name, device: 'eth0' },
    };
    const document = {
      sockets: Object.fromEntries(
        Object.entries(sockets).map(([name, of]) => [name, { ...places[name.split(' ')[0] ?? ''], ...of }]),
      ),
      sends: sends.map(({ bytes, port = 0, ...send }, index) => {
        const plain = bytes ?? Buffer.from(`message ${index} of ${send.from}`);
        // The checksum of ICMP is the kernel's.
        return { ...send, port, bytes: plain.toString('hex'), known: plain.subarray(4).toString('hex') };
      }),
    };
    const script = new URL('sockets.py', import.meta.url).pathname;
    const { status, stdout, stderr } = host.run('python3', [script], JSON.stringify(document));
    assert.equal(status, 0, stderr);
    return JSON.parse(stdout) as readonly (readonly string[])[];
  }

  test('gives them addresses, by broadcast and by the address that it offers', () => {
    const sockets = {
      'host server': { kind: 'udp4', port: 67 },
      'host other': { kind: 'udp4', port: 68 },
      'a client': { kind: 'udp4', port: 68 },
      'a frames': { kind: 'frames' },
      'b frames': { kind: 'frames' },
    };
    assert.deepEqual(
      heard(
        [
          { from: 'a client', to: EVERYBODY, port: 67 },
          { from: 'host server', to: EVERYBODY, port: 68 },
          { from: 'host server', to: '10.0.1.10', port: 68 },
          // What it does not give to a is not for a, and nothing but this comes of the host.
          { from: 'host server', to: '10.0.1.99', port: 68 },
          { from: 'host server', to: '10.0.1.11', port: 68 },
          { from: 'host server', to: '10.0.1.10', port: 69 },
          { from: 'host server', to: EVERYBODY, port: 69 },
          { from: 'host other', to: '10.0.1.10', port: 68 },
          { from: 'host other', to: EVERYBODY, port: 68 },
        ],
        sockets,
      ),
      [['host server'], ['a client', 'a frames'], ['a frames'], [], [], [], [], [], []],
    );
  });

  test('gives them addresses of IPv6, over their link-local ones', () => {
    const sockets = {
      'host server': { kind: 'udp6', port: 547, join: ALL_SERVERS },
      'host other': { kind: 'udp6', port: 546 },
      'a client': { kind: 'udp6', port: 546 },
      'a other': { kind: 'udp6', port: 545 },
      'a frames': { kind: 'frames' },
    };
    assert.deepEqual(
      heard(
        [
          { from: 'a client', to: ALL_SERVERS, port: 547 },
          { from: 'host server', to: LOCAL_A, port: 546 },
          { from: 'a client', to: ALL_SERVERS, port: 547 },
          { from: 'a other', to: ALL_SERVERS, port: 547 },
          { from: 'a client', to: 'fe80::1', port: 546 },
          { from: 'host server', to: LOCAL_A, port: 545 },
          { from: 'host other', to: LOCAL_A, port: 546 },
        ],
        sockets,
      ),
      [['host server'], ['a client', 'a frames'], ['host server'], [], [], [], []],
    );
  });

  /** What a router says of itself: for half an hour (RFC 4861 4.2). */
  const announces = Buffer.concat([
    Buffer.from([134, 0, 0, 0, 64, 0, 0x07, 0x08, 0, 0, 0, 0, 0, 0, 0, 0]),
    whereabouts(1, '02:00:00:00:00:aa'),
  ]);
  const seeks = Buffer.concat([Buffer.from([133, 0, 0, 0, 0, 0, 0, 0]), whereabouts(1, MAC_A)]);
  const redirects = Buffer.concat([Buffer.from([137, 0, 0, 0, 0, 0, 0, 0]), Buffer.alloc(32, 0xfe)]);

  test('tells them of their router, and is asked for it', () => {
    const [a] = guests;
    const routes = (): string => a?.run('ip', ['-6', 'route', 'show', 'default']).stdout ?? '';
    const sockets = {
      'host router': { kind: 'icmp6', join: ALL_ROUTERS },
      'a guest': { kind: 'icmp6' },
      'a frames': { kind: 'frames' },
      'b frames': { kind: 'frames' },
    };
    assert.equal(routes(), '');
    assert.deepEqual(
      heard(
        [
          { from: 'a guest', to: ALL_ROUTERS, bytes: seeks },
          { from: 'host router', to: ALL_NODES, bytes: announces },
          { from: 'host router', to: LOCAL_A, bytes: announces },
          { from: 'host router', to: LOCAL_A, bytes: redirects },
          // Guests are no routers.
          { from: 'a guest', to: ALL_NODES, bytes: announces },
          { from: 'a guest', to: 'fe80::1', bytes: announces },
        ],
        sockets,
      ),
      [['host router'], ['a frames', 'a guest'], ['a frames', 'a guest'], [], [], []],
    );
    assert.match(routes(), /via fe80::\S+ .*proto ra/u);
  });

  test('is the only one that does: guests give each other nothing', () => {
    const [a] = guests;
    assert.ok(a !== undefined);
    must(a, 'ip', 'address', 'add', '10.0.1.10/24', 'dev', 'eth0');
    must(a, 'ip', 'neigh', 'replace', '10.0.1.11', 'lladdr', '02:00:00:00:00:aa', 'dev', 'eth0');
    const target = host.run('cat', ['/sys/class/net/e0/address']).stdout.trim();
    must(a, 'ip', 'neigh', 'replace', '10.0.1.11', 'lladdr', target, 'dev', 'eth0');
    const sockets = {
      'a server': { kind: 'udp4', port: 67 },
      'host frames': { kind: 'frames' },
      'host server': { kind: 'udp4', port: 67 },
      'b frames': { kind: 'frames' },
    };
    assert.deepEqual(heard([{ from: 'a server', to: '10.0.1.11', port: 68 }], sockets), [['host frames']]);
    const renewal = { 'a client': { kind: 'udp4', port: 68 }, 'host server': sockets['host server'] };
    assert.deepEqual(heard([{ from: 'a client', to: '10.0.1.1', port: 67 }], renewal), [['host server']]);
    const answer = { ...renewal, 'a frames': { kind: 'frames' } };
    assert.deepEqual(heard([{ from: 'host server', to: '10.0.1.10', port: 68 }], answer), [['a client', 'a frames']]);
  });
});
