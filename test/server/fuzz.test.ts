// Every action, with inputs that are wrong in all ways and right in some: never a fault of the program, never an unsound world, never half a change.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from '../../bench/random.ts';
import { expectOk } from '../../src/core/net/result.ts';
import { ACTIONS } from '../../src/server/ec2/actions/registry.ts';
import { estateOf, stepsBetween } from '../../src/server/control/estate.ts';
import { writesBetween } from '../../src/server/control/stored.ts';
import type { ShapeRef } from '../../src/server/ec2/wire-shape.ts';
import { WIRE_TABLE } from '../../src/server/ec2/wire-table.ts';
import { MemoryStore } from '../../src/server/store/memory.ts';
import { checks } from '../property/checks.ts';
import { REALM, type TestApi, testApi } from './api-client.ts';

const HOSTILE = [
  '',
  ' ',
  '0',
  '-1',
  '__proto__',
  'constructor',
  '../../etc',
  '%00',
  '\u0000',
  '\ud800',
  'é'.repeat(300),
  "'; drop",
  '<x>&amp;',
  '*',
  '${sg}',
  'sg-',
  'vpc-0000000000000000',
  'true',
  'NaN',
  '1e309',
];
const WORDS = [
  'default',
  'tcp',
  'udp',
  'icmp',
  'icmpv6',
  '-1',
  '6',
  '17',
  '58',
  '50',
  'allow',
  'deny',
  'vpc',
  'public',
  'private',
  'IPv4',
  'IPv6',
  'web',
  'db',
  'eu-west-1a',
  'eu-west-1b',
  'local',
  'instance',
  'security-group',
  'Name',
  'enableDnsSupport',
  'groupSet',
  'description',
  'sourceDestCheck',
  'stop',
  'terminate',
  't3.micro',
  '$Latest',
  '$Default',
  'gzip',
];
const ADDRESSES = [
  '10.0.0.0/16',
  '10.0.1.0/24',
  '10.0.2.0/24',
  '10.0.1.16/28',
  '10.1.0.0/16',
  '172.31.0.0/20',
  '0.0.0.0/0',
  '::/0',
  '2001:db8::/56',
  '2001:db8::/64',
  '2001:db8:0:1::/64',
  '10.0.1.5',
  '10.0.1.6',
  '2001:db8::5',
  '192.0.2.1/32',
  '198.18.0.1',
  '169.254.169.254/32',
  '10.0.1.0/25',
  '2001:db8::/80',
];
const NUMBERS = [
  '-2147483648',
  '-1',
  '0',
  '1',
  '2',
  '5',
  '22',
  '80',
  '100',
  '101',
  '255',
  '443',
  '1000',
  '32766',
  '32767',
  '65535',
  '65536',
  '99999999999',
  '1.5',
  'x',
];

/** Parameters that most calls need although the SDK calls them optional. */
const OFTEN =
  /^(?:GroupId|IpPermissions|IpProtocol|FromPort|ToPort|CidrIp|IpRanges|CidrBlock|DestinationCidrBlock|GatewayId|SecurityGroupRules?|SecurityGroupRuleId|CidrIpv4|Value|Entry|Cidr|PublicKeyMaterial|LaunchTemplateId|Version|SubnetId|RuleNumber|AssociationId|NetworkInterfaceId|AllocationId)$/;

/** What a parameter may want, by its name. */
const WORDS_BY_NAME: readonly (readonly [RegExp, readonly string[]])[] = [
  [/IpProtocol$|\bProtocol$/, ['tcp', 'udp', '-1', '6', '17', 'tcp', '1', '58', '50']],
  [/RuleAction$/, ['allow', 'deny']],
  [
    /CidrIp$|CidrIpv4$|CidrBlock$|Cidr$/,
    ['10.0.0.0/16', '10.0.1.0/24', '10.0.7.0/24', '10.1.3.0/24', '0.0.0.0/0', '192.0.2.0/24', '172.31.0.0/20'],
  ],
  [/Ipv6Cidr|CidrIpv6$/, ['::/0', '2001:db8::/64', '2001:db8:0:1::/64', '2001:db8:0:2::/64']],
  [/AvailabilityZone$/, ['eu-west-1a', 'eu-west-1b', 'eu-west-1c']],
  [/GroupName$|Name$/, ['web', 'db', 'app', 'offices', 'x-1', 'x-2', 'x-3']],
  [
    /Attribute$/,
    ['description', 'groupSet', 'sourceDestCheck', 'attachment', 'enableDnsSupport', 'instanceType', 'userData'],
  ],
  [/InstanceType$/, ['t3.micro', 'm5.large', 't2.nano']],
  [/PrivateIpAddress$|PrivateIpAddress\.\d+$/, ['10.0.1.5', '10.0.1.9', '10.0.7.4', '172.31.0.9']],
];

/** Makes forms of actions by their shapes: mostly plausible, with ids that earlier answers told. */
class Forms {
  readonly #random: Random;
  readonly #ids = new Map<string, string[]>();

  constructor(random: Random) {
    this.#random = random;
  }

  /** Remembers the ids of an answer. */
  learn(body: string): void {
    for (const [id] of body.matchAll(
      /\b(?:acl|aclassoc|dopt|eigw|eipalloc|eipassoc|eni|eni-attach|i|igw|key|lt|nat|pcx|pl|r|rtb|rtbassoc|sg|sgr|subnet|subnet-cidr-assoc|vol|vpc|vpc-cidr-assoc|ami)-[0-9a-f]{8,17}\b/g,
    )) {
      const prefix = id.slice(0, id.lastIndexOf('-'));
      const known = this.#ids.get(prefix) ?? [];
      if (!known.includes(id)) known.push(id);
      if (known.length > 12) known.shift();
      this.#ids.set(prefix, known);
    }
  }

  of(action: string): string {
    const shape = WIRE_TABLE.services.ec2.operations[action]?.input ?? assert.fail(action);
    const pairs: string[] = [`Action=${action}`];
    this.#structure(shape, '', { pairs, depth: 0 });
    return pairs.join('&');
  }

  #structure(index: number, path: string, out: { readonly pairs: string[]; readonly depth: number }): void {
    const shape = WIRE_TABLE.shapes[index];
    if (shape?.kind !== 'structure') return;
    // A few optional parameters at a time: most exclude one another.
    const rate = Math.min(0.5, this.#random.pick([0.5, 1.5, 3, 6]) / shape.members.length);
    for (const { query, shape: ref, required } of shape.members) {
      const wanted = required === true ? 0.98 : query === 'DryRun' ? 0.01 : OFTEN.test(query) ? 0.8 : rate;
      if (!this.#random.chance(wanted) || out.depth > 4) continue;
      this.#value(ref, path === '' ? query : `${path}.${query}`, out);
    }
  }

  #value(ref: ShapeRef, path: string, out: { readonly pairs: string[]; readonly depth: number }): void {
    const deeper = { pairs: out.pairs, depth: out.depth + 1 };
    if (typeof ref !== 'number') {
      out.pairs.push(`${path}=${encodeURIComponent(this.#scalar(ref, path).toWellFormed())}`);
      return;
    }
    const shape = WIRE_TABLE.shapes[ref];
    if (shape?.kind === 'structure') this.#structure(ref, path, deeper);
    else if (shape !== undefined)
      for (let at = 1; at <= this.#random.between(1, 2); at += 1) this.#value(shape.of, `${path}.${at}`, deeper);
  }

  #scalar(kind: ShapeRef, path: string): string {
    const random = this.#random;
    if (random.chance(0.04)) return random.pick(HOSTILE);
    if (kind === 'boolean') return random.pick(['true', 'false']);
    if (kind === 'integer') {
      if (/Port$|PortRange/.test(path) && random.chance(0.8)) return random.pick(['22', '80', '443']);
      return random.pick(NUMBERS);
    }
    if (kind === 'timestamp') return '2026-01-01T00:00:00Z';
    if (kind === 'blob') return 'c3NoLWVkMjU1MTk=';
    const words = WORDS_BY_NAME.find(([name]) => name.test(path))?.[1];
    if (words !== undefined && random.chance(0.9)) return random.pick(words);
    const wanted = idPrefixes(path);
    const ids = wanted.flatMap((prefix) => this.#ids.get(prefix) ?? []);
    if (ids.length > 0 && random.chance(0.85)) return random.pick(ids);
    if (/cidr|address|ip$|ipv[46]/i.test(path) && random.chance(0.8)) return random.pick(ADDRESSES);
    if (random.chance(0.1)) return random.pick([...this.#ids.values()].flat().concat('x'));
    return random.pick(random.chance(0.75) ? WORDS : ADDRESSES);
  }
}

/** Which ids a parameter may want, by its name. */
function idPrefixes(path: string): readonly string[] {
  const table: readonly (readonly [RegExp, readonly string[]])[] = [
    [/AssociationId/i, ['rtbassoc', 'aclassoc', 'eipassoc', 'vpc-cidr-assoc', 'subnet-cidr-assoc']],
    [/AttachmentId/i, ['eni-attach']],
    [/RuleId/i, ['sgr']],
    [/RouteTable/i, ['rtb']],
    [/NetworkAcl/i, ['acl']],
    [/PrefixList/i, ['pl']],
    [/NetworkInterface/i, ['eni']],
    [/Peering/i, ['pcx']],
    [/EgressOnly/i, ['eigw']],
    [/NatGateway/i, ['nat']],
    [/Gateway/i, ['igw']],
    [/Allocation/i, ['eipalloc']],
    [/Subnet/i, ['subnet']],
    [/Vpc/i, ['vpc']],
    [/LaunchTemplateId/i, ['lt']],
    [/KeyPair/i, ['key']],
    [/Instance/i, ['i']],
    [/Image/i, ['ami']],
    [/Group/i, ['sg']],
    [
      /ResourceId/i,
      ['vpc', 'subnet', 'sg', 'sgr', 'eni', 'i', 'rtb', 'acl', 'pl', 'igw', 'nat', 'pcx', 'eipalloc', 'key', 'lt'],
    ],
  ];
  return table.find(([name]) => name.test(path))?.[1] ?? [];
}

/** What a world to fuzz begins with: a bit of everything, so that ids of all kinds are known. */
const BEGINNING = [
  'Action=CreateDefaultVpc',
  'Action=CreateVpc&CidrBlock=10.0.0.0/16&AmazonProvidedIpv6CidrBlock=true',
  'Action=CreateVpc&CidrBlock=10.1.0.0/16',
  'Action=DescribeVpcs',
  'Action=DescribeSubnets',
  'Action=DescribeSecurityGroups',
  'Action=DescribeRouteTables',
  'Action=DescribeNetworkAcls',
  'Action=DescribeInternetGateways',
  'Action=AllocateAddress',
  'Action=CreateManagedPrefixList&PrefixListName=offices&MaxEntries=5&AddressFamily=IPv4&Entry.1.Cidr=192.0.2.0/24',
];

async function fuzzedWorld(
  seed: number,
  calls: number,
): Promise<{ readonly api: TestApi; readonly store: MemoryStore; readonly done: ReadonlyMap<string, number> }> {
  const random = new Random(seed);
  const forms = new Forms(random);
  const store = new MemoryStore();
  const api = await testApi({ store });
  const done = new Map<string, number>();
  for (const form of BEGINNING) forms.learn(String((await api.send(form)).body));
  const names = Object.keys(ACTIONS).filter((name) => name !== 'GetCallerIdentity');
  const making = names.filter((name) => /^(?:Create|Allocate|Run|Associate|Attach|Authorize|Assign)/.test(name));
  for (let call = 0; call < calls; call += 1) {
    const action = random.pick(random.chance(0.5) ? making : names);
    const form = forms.of(action);
    const before = api.estate();
    const { status, body } = await api.send(form);
    const text = String(body);
    assert.ok(status === 200 || (status >= 400 && status < 500), `${status} for ${form}: ${text}`);
    assert.match(text, status === 200 ? new RegExp(`<${action}Response `) : /<Code>[A-Za-z.]+<\/Code>/, form);
    if (status !== 200) assert.deepEqual(stepsBetween(before, api.estate()), [], `changed although refused: ${form}`);
    else done.set(action, (done.get(action) ?? 0) + 1);
    forms.learn(text);
  }
  return { api, store, done };
}

test('no sequence of requests breaks the server or its world', async () => {
  const succeeded = new Map<string, number>();
  for (let seed = 0; seed < checks(10); seed += 1) {
    const { api, store, done } = await fuzzedWorld(seed, 500);
    for (const [action, count] of done) succeeded.set(action, (succeeded.get(action) ?? 0) + count);
    // What the store holds is what the server has.
    const { entries } = expectOk(await store.snapshot());
    const writes = writesBetween(REALM, estateOf({}), api.estate());
    assert.deepEqual(new Map(writes.map(({ key, value }) => [key, value])), new Map(entries));
    for (const name of Object.keys(ACTIONS).filter((one) => one.startsWith('Describe'))) {
      const { status } = await api.send(`Action=${name}`);
      assert.ok(status < 500, name);
    }
  }
  // The fuzzer is worth something only if it gets through often enough.
  assert.ok(succeeded.size > Object.keys(ACTIONS).length / 2, `only ${[...succeeded.keys()].join(', ')}`);
});
