// Claims: what the rules cost a packet does not depend on how many interfaces, rules and members there are, and is little. Needs root.
import { type ChildProcessByStdio, spawn, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { ipv4 } from '../src/core/net/address.ts';
import { cidrOf, parseCidr } from '../src/core/net/cidr.ts';
import { expectOk } from '../src/core/net/result.ts';
import type { Eni } from '../src/core/model/eni.ts';
import { asId, type GroupId, type SubnetId, type VpcId } from '../src/core/model/ids.ts';
import type { AclEntry } from '../src/core/model/network-acl.ts';
import type { Rule, SecurityGroup } from '../src/core/model/security-group.ts';
import { worldOf } from '../src/core/model/world.ts';
import type { HostView } from '../src/core/policy/host-view.ts';
import { packMembers } from '../src/core/policy/members.ts';
import { layout } from '../src/nft/layout.ts';
import { renderAll } from '../src/nft/render.ts';
import type { Wiring } from '../src/nft/wiring.ts';
import { type Claim, quantile, report } from './harness.ts';

const VPC = asId<VpcId>('vpc-0');
const MEMBERS = asId<GroupId>('sg-00000000000000aa');
const [CLIENT, SERVER] = ['c0', 's0'] as const;
const [CLIENT_ADDRESS, SERVER_ADDRESS] = [ipv4(0x0a00_010a), ipv4(0x0a00_0214)];
const MACS = { c0: '02:00:00:00:00:0a', s0: '02:00:00:00:00:14' } as const;
const ROUNDS = 21;
const COUNTS = { stream: 6400, exchange: 1500, connect: 300 } as const;
type Mode = keyof typeof COUNTS;

/** How large the rules are: interfaces, rules of each one's own group, members of the group that they name, entries of the NACL. */
type Size = { readonly enis: number; readonly rules: number; readonly members: number; readonly entries?: number };

function ruleOf(index: number, port: number, kind: 'tcp' | 'udp'): Rule {
  return {
    id: asId(`sgr-${index.toString(16).padStart(17, '0')}`),
    direction: 'ingress',
    traffic: { kind, ports: { from: port, to: port } },
    peer: { kind: 'group', groupId: MEMBERS },
    tags: [],
  };
}

function groupOf(index: number, rules: number): SecurityGroup {
  // The rule that admits comes last.
  const others = Array.from({ length: rules - 2 }, (_, at) => ruleOf(at, 6000 + at, 'tcp'));
  return {
    id: asId(`sg-${index.toString(16).padStart(17, '0')}`),
    vpcId: VPC,
    ownerId: '1',
    name: `g${index}`,
    description: '',
    rules: [...others, ruleOf(rules - 1, 5000, 'tcp'), ruleOf(rules, 5000, 'udp')],
    tags: [],
  };
}

const OPEN: Rule = {
  id: asId('sgr-1'),
  direction: 'egress',
  traffic: { kind: 'all' },
  peer: { kind: 'cidr', cidr: expectOk(parseCidr('10.0.0.0/8')) },
  tags: [],
};

function eniOf(index: number, of: { readonly subnet: string; readonly group: GroupId; readonly address: number }): Eni {
  return {
    id: asId(`eni-${index}`),
    vpcId: VPC,
    subnetId: asId<SubnetId>(of.subnet),
    ownerId: '1',
    groups: [of.group],
    addresses: [{ address: ipv4(of.address), isPrimary: true }],
    prefixes: [],
    sourceDestCheck: true,
    interfaceType: 'interface',
    status: 'in-use',
    description: '',
    timeouts: {},
    tags: [],
  };
}

/** The view and wiring of a size: the first two interfaces are real, the others stand in the maps alone. */
function hostOf({ enis, rules, members, entries = 0 }: Size): { readonly view: HostView; readonly wiring: Wiring } {
  const groups = Array.from({ length: enis }, (_, index) => groupOf(index + 1, rules));
  const others = groups
    .slice(1)
    .map((group, at) => eniOf(at + 2, { subnet: 'subnet-2', group: group.id, address: 0x0a01_0000 + at }));
  const [first] = groups;
  if (first === undefined) throw new Error('no interfaces');
  const memberGroup: SecurityGroup = { ...first, id: MEMBERS, rules: [OPEN] };
  const all = [
    eniOf(0, { subnet: 'subnet-1', group: MEMBERS, address: CLIENT_ADDRESS.w0 }),
    eniOf(1, { subnet: 'subnet-2', group: first.id, address: SERVER_ADDRESS.w0 }),
    ...others,
  ];
  const subnet = (id: string, third: number): Parameters<typeof worldOf>[0]['subnets'] => [
    {
      id: asId(id),
      vpcId: VPC,
      cidrs: [cidrOf(ipv4(0x0a00_0000 + third * 256), 24)],
      networkAcl: { associationId: 'a', aclId: asId('acl-0000000a') },
      mapPublicIpOnLaunch: false,
      assignIpv6OnCreation: false,
      tags: [],
    },
  ];
  const world = worldOf({
    vpcs: [{ id: VPC, ownerId: '1', isDefault: false, cidrs: [expectOk(parseCidr('10.0.0.0/8'))], tags: [] }],
    subnets: [...(subnet('subnet-1', 1) ?? []), ...(subnet('subnet-2', 2) ?? [])],
    groups: [memberGroup, ...groups],
    enis: all,
    acls: [{ id: asId('acl-0000000a'), vpcId: VPC, isDefault: false, entries: entriesOf(entries), tags: [] }],
  });
  const addresses = Array.from({ length: members }, (_, index) => ipv4(0x0a80_0000 + index));
  const view: HostView = {
    revision: 1,
    world,
    members: new Map([[MEMBERS, packMembers([CLIENT_ADDRESS, ...addresses], [])]]),
  };
  const devices = all.map(
    ({ id }, index) =>
      [
        id,
        index === 0
          ? { device: CLIENT, mac: MACS.c0 }
          : index === 1
            ? { device: SERVER, mac: MACS.s0 }
            : { device: `e${index}`, mac: MACS.c0 },
      ] as const,
  );
  return {
    view,
    wiring: { mode: 'forward', enis: new Map(devices), fabric: new Set(), stateful: new Set(), natGateways: new Map() },
  };
}

/** So many denials that do not concern the traffic, then everything; none at all is the default NACL. */
function entriesOf(count: number): readonly AclEntry[] {
  const cidr = expectOk(parseCidr('0.0.0.0/0'));
  return (['ingress', 'egress'] as const).flatMap((direction): readonly AclEntry[] => [
    ...Array.from({ length: Math.max(0, count - 1) }, (_, index): AclEntry => ({
      number: index + 1,
      direction,
      action: 'deny',
      cidr: index % 2 === 0 ? cidr : cidrOf(ipv4(0xc000_0000 + index * 65_536), 16),
      traffic: { kind: 'tcp', ports: { from: 7000 + index, to: 7000 + index } },
    })),
    { number: 1000, direction, action: 'allow', cidr, traffic: { kind: 'all' } },
  ]);
}

/** Chains for each interface, found one after another, as Neutron's hybrid firewall has them; references by ipset. */
function iptablesOf({ enis, rules, members }: Size): { readonly sets: string; readonly rules: string } {
  const addresses = Array.from(
    { length: members },
    (_, index) => `add m 10.${128 + (index >> 16)}.${(index >> 8) & 255}.${index & 255}`,
  );
  const chains = Array.from({ length: enis }, (_, index) => index);
  const device = (index: number): string => (index === enis - 1 ? SERVER : `e${index + 2}`);
  return {
    sets: ['create m hash:ip maxelem 1000000', 'add m 10.0.1.10', ...addresses].join('\n'),
    rules: [
      '*filter',
      ':FORWARD DROP',
      ...chains.map((index) => `:i${index} -`),
      '-A FORWARD -m state --state RELATED,ESTABLISHED -j ACCEPT',
      ...chains.map((index) => `-A FORWARD -o ${device(index)} -j i${index}`),
      ...chains.flatMap((index) => [
        ...Array.from(
          { length: rules - 2 },
          (_, at) => `-A i${index} -p tcp --dport ${6000 + at} -m set --match-set m src -j ACCEPT`,
        ),
        `-A i${index} -p tcp --dport 5000 -m set --match-set m src -j ACCEPT`,
        `-A i${index} -p udp --dport 5000 -m set --match-set m src -j ACCEPT`,
        `-A i${index} -j DROP`,
      ]),
      'COMMIT',
      '',
    ].join('\n'),
  };
}

/** Client, router and server as namespaces; frames cross the router's forward hook. */
class Bench {
  readonly #names = ['client', 'router', 'server'].map((name) => `crlb-${name}-${process.pid}`);
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #answers: AsyncIterator<string>;

  constructor() {
    const [client = '', router = '', server = ''] = this.#names;
    for (const name of this.#names) run('ip', ['netns', 'add', name]);
    for (const [device, name, mac, address, gateway] of [
      [CLIENT, client, MACS.c0, '10.0.1.10/24', '10.0.1.1'],
      [SERVER, server, MACS.s0, '10.0.2.20/24', '10.0.2.1'],
    ] as const) {
      run('ip', ['link', 'add', device, 'netns', router, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name]);
      run('ip', ['-n', router, 'addr', 'add', `${gateway}/24`, 'dev', device]);
      run('ip', ['-n', router, 'link', 'set', device, 'up']);
      run('ip', ['-n', name, 'link', 'set', 'eth0', 'address', mac, 'up']);
      run('ip', ['-n', name, 'addr', 'add', address, 'dev', 'eth0']);
      run('ip', ['-n', name, 'route', 'add', 'default', 'via', gateway]);
    }
    run('ip', ['netns', 'exec', router, 'sysctl', '-qw', 'net.ipv4.ip_forward=1']);
    const script = fileURLToPath(new URL('dataplane.py', import.meta.url));
    this.#child = spawn('python3', [script, client, server], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#answers = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  /** Puts rules in place; nothing filters without any. */
  load(rules: 'none' | 'crenel' | 'iptables'): void {
    const [, router = ''] = this.#names;
    run('ip', ['netns', 'exec', router, 'nft', 'flush', 'ruleset']);
    if (rules === 'crenel') run('ip', ['netns', 'exec', router, 'nft', '-f', '-'], this.crenel);
    if (rules !== 'iptables') return;
    run('ip', ['netns', 'exec', router, 'ipset', '-exist', 'restore'], this.iptables.sets);
    run('ip', ['netns', 'exec', router, 'iptables-restore'], this.iptables.rules);
  }

  crenel = '';
  iptables: ReturnType<typeof iptablesOf> = { sets: '', rules: '' };

  async nanoseconds(mode: Mode): Promise<number> {
    this.#child.stdin.write(`${JSON.stringify({ mode, count: COUNTS[mode] })}\n`);
    const answer = await this.#answers.next();
    // Our own program wrote it.
    return (JSON.parse(String(answer.value)) as { readonly nanoseconds: number }).nanoseconds;
  }

  close(): void {
    this.#child.kill();
    for (const name of this.#names) spawnSync('ip', ['netns', 'del', name]);
  }
}

function run(program: string, args: readonly string[], input = ''): void {
  const { status, stderr } = spawnSync(program, args, { input, encoding: 'utf8', maxBuffer: 1 << 28 });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${stderr.slice(0, 500)}`);
}

type Ratios = Readonly<Record<Mode, number>>;

/** The cost of rules against none, mode by mode: each round measures both, one after the other. */
async function costOf(bench: Bench, rules: 'crenel' | 'iptables', rounds = ROUNDS): Promise<Ratios> {
  const ratios: Record<Mode, number[]> = { stream: [], exchange: [], connect: [] };
  for (let round = 0; round < rounds; round += 1) {
    const times = { none: {}, [rules]: {} } as Record<string, Partial<Record<Mode, number>>>;
    for (const which of round % 2 === 0 ? (['none', rules] as const) : ([rules, 'none'] as const)) {
      bench.load(which);
      for (const mode of ['stream', 'exchange', 'connect'] as const) {
        await bench.nanoseconds(mode);
        (times[which] ??= {})[mode] = await bench.nanoseconds(mode);
      }
    }
    for (const mode of ['stream', 'exchange', 'connect'] as const)
      ratios[mode].push((times[rules]?.[mode] ?? Number.NaN) / (times['none']?.[mode] ?? Number.NaN));
  }
  return {
    stream: quantile(ratios.stream, 0.5),
    exchange: quantile(ratios.exchange, 0.5),
    connect: quantile(ratios.connect, 0.5),
  };
}

async function main(): Promise<void> {
  if (process.getuid?.() !== 0) {
    process.stdout.write('dataplane\n  needs root: it makes network namespaces\n');
    return;
  }
  const bench = new Bench();
  const measure = async (size: Size, rounds = ROUNDS): Promise<Ratios> => {
    const { view, wiring } = hostOf(size);
    bench.crenel = `${[...renderAll(layout(view, wiring).ruleset)].join('\n')}\n`;
    return await costOf(bench, 'crenel', rounds);
  };
  try {
    const usual = { enis: 1000, rules: 60, members: 100_000 };
    const own = await measure(usual);
    const few = await measure({ ...usual, enis: 10 });
    const many = await measure({ ...usual, enis: 10_000, rules: 10 }, 7);
    const manyRules = await measure({ ...usual, enis: 10, rules: 1000 });
    const walled = await measure({ ...usual, enis: 10, entries: 40 });
    bench.iptables = iptablesOf({ ...usual, members: 1000 });
    const linear = hasIptables() ? await costOf(bench, 'iptables', 7) : undefined;
    report('dataplane', claimsOf({ own, few, many, manyRules, walled, linear }));
  } finally {
    bench.close();
  }
}

function hasIptables(): boolean {
  return ['iptables-restore', 'ipset'].every((program) => spawnSync('which', [program]).status === 0);
}

type Measured = {
  readonly own: Ratios;
  readonly few: Ratios;
  readonly many: Ratios;
  readonly manyRules: Ratios;
  readonly walled: Ratios;
  readonly linear: Ratios | undefined;
};

function claimsOf({ own, few, many, manyRules, walled, linear }: Measured): readonly Claim[] {
  const size = '1,000 interfaces of 60 rules, 100,000 members';
  return [
    {
      claim: `small UDP packets against no firewall: ${size}`,
      unit: '×',
      target: { atMost: 1.3 },
      measured: own.stream,
      details: { exchange: own.exchange },
    },
    {
      claim: `connect, ask, answer, close against no firewall: ${size}`,
      unit: '×',
      target: { atMost: 1.25 },
      measured: own.connect,
      details: {},
    },
    {
      claim: 'growth of the cost of a packet from 10 to 10,000 interfaces',
      unit: '×',
      target: { atMost: 1.15 },
      measured: many.stream / few.stream,
      details: { connect: many.connect / few.connect },
    },
    {
      claim: 'growth of the cost of a packet from 60 to 1,000 rules',
      unit: '×',
      target: { atMost: 1.15 },
      measured: manyRules.stream / few.stream,
      details: { connect: manyRules.connect / few.connect },
    },
    {
      claim: 'a NACL of 40 entries on top',
      unit: '×',
      target: { atMost: 1.15 },
      measured: walled.stream / few.stream,
      details: { connect: walled.connect / few.connect },
    },
    ...(linear === undefined
      ? []
      : [
          {
            claim: 'against a linear iptables layout of the same size, new connections',
            unit: '×' as const,
            target: { atLeast: 2.5 },
            measured: linear.connect / own.connect,
            details: { stream: linear.stream / own.stream, 'iptables against none': linear.connect },
          },
        ]),
  ];
}

await main();
