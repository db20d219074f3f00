// Claims: a member that joins is in force soon after the call of the API, however large the ruleset is; a rule touches what is its group's; a host
// with 10,000 interfaces and 1,000,000 elements starts cold in seconds. Server and agent are processes of their own, the kernel is real; what running
// the program `nft` for one element costs at a small ruleset is measured by turns. Wants root.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Eni } from '../src/core/model/eni.ts';
import { listRecords, type RecordLists, type World, worldOf } from '../src/core/model/world.ts';
import { exportText } from '../src/formats/export.ts';
import { Namespace, whyNoKernel } from '../test/kernel/namespace.ts';
import { type Claim, quantile, report } from './harness.ts';
import { signedForm, type Target } from './signed-client.ts';
import { generateRecords } from './world.ts';

const CALLS = 60;
/** So often each change that is more than a member. */
const CHANGES = 12;
const PATIENCE_MS = 120_000;
/** Once a large ruleset is in force an agent gives back what making it took, 0.2 s at the most here; a call that comes just then waits for that. */
const TIDYING_MS = 2000;
const path = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

type Event = {
  readonly did: string;
  readonly at: number;
  /** CPU time of the child so far. */
  readonly cpuMs: number;
  readonly rss: number;
} & Readonly<Record<string, unknown>>;

/** Node as `crenel agent` starts it. */
type AgentRuntime = {
  readonly AGENT_FLAGS: readonly string[];
  readonly AGENT_ENVIRONMENT: Readonly<Record<string, string>>;
};
// Plain JavaScript without types, for it runs before a fitting Node is found.
const { AGENT_FLAGS, AGENT_ENVIRONMENT } = (await import(path('../bin/node-runtime.mjs'))) as AgentRuntime;

/** A child that says what happened in lines. */
class Telling {
  readonly child: ChildProcess;
  readonly events: Event[] = [];

  constructor(args: readonly string[]) {
    const flags = ['--import', path('../bin/quick-start.mjs'), ...AGENT_FLAGS];
    this.child = spawn(process.execPath, [...flags, ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...AGENT_ENVIRONMENT, ...process.env },
    });
    const { stdout } = this.child;
    if (stdout === null) throw new Error('the child has no output');
    createInterface({ input: stdout }).on('line', (line) => {
      // What the child says is this bench's own.
      this.events.push(JSON.parse(line) as Event);
    });
  }

  /** The first event from a place on that is wanted, and the last one of a commit before it from there on. */
  async next(
    from: number,
    isWanted: (event: Event) => boolean,
  ): Promise<{ readonly event: Event; readonly commit: Event | undefined }> {
    const end = performance.now() + PATIENCE_MS;
    while (performance.now() < end) {
      const at = this.events.findIndex((event, index) => index >= from && isWanted(event));
      const event = this.events[at];
      if (event !== undefined)
        return { event, commit: this.events.slice(from, at).findLast(({ did }) => did === 'commit') };
      await sleep(1);
    }
    throw new Error('the agent does not say what was waited for');
  }

  async ended(): Promise<void> {
    while (this.child.exitCode === null && this.child.signalCode === null) await sleep(20);
  }
}

type Host = {
  readonly target: Target;
  readonly agent: Telling;
  /** The interface that joins and leaves, and the groups that it may have: the one is named by rules of others, the other by none. */
  readonly mover: Eni;
  readonly joined: string;
  /** A group of an interface of the host. */
  readonly ruled: string;
  /** Interfaces of the host that hang on no instance: each may be deleted. */
  readonly spare: readonly Eni[];
  /** The group of an interface of the host that has fewest rules: a prefix list counts by all that it may hold. */
  readonly sparse: string;
  readonly subnet: string;
  /** The network ACL of most subnets. */
  readonly acl: string;
  readonly close: () => Promise<void>;
};

async function hostOf(size: {
  readonly enis: number;
  readonly groups: number;
  readonly subnets: number;
}): Promise<Host> {
  const folder = mkdtempSync(join(tmpdir(), 'crenel-bench-'));
  const namespace = new Namespace(`enf${size.enis}`);
  const world = worldOf(withSpare(generateRecords(size)));
  const document = join(folder, 'world.json');
  writeFileSync(document, [...exportText(world)].join(''));
  const main = path('../src/main.ts');
  const imported = spawnSync(process.execPath, [main, 'import', '--world', document, '--data', folder], {
    encoding: 'utf8',
  });
  assert.equal(imported.status, 0, imported.stderr);
  const server = spawn(
    process.execPath,
    [main, 'serve', '--port', '0', '--data', folder, '--json', '--log-level', 'warn'],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const { url, keysPath } = await said(server);
  const { keys } = JSON.parse(readFileSync(keysPath, 'utf8')) as {
    readonly keys: readonly { readonly accessKeyId: string; readonly secretAccessKey: string }[];
  };
  const { accessKeyId = '', secretAccessKey = '' } = keys[0] ?? {};
  const { mover, ...parts } = partsOf(world);
  const ids = [...listRecords(world, 'enis')].map(({ id }) => id).filter((id) => id !== mover.id);
  const idsPath = join(folder, 'ids');
  writeFileSync(idsPath, ids.join('\n'));
  const agent = new Telling([
    path('enforce-agent.ts'),
    'follow',
    namespace.name,
    url,
    idsPath,
    accessKeyId,
    secretAccessKey,
  ]);
  await agent.next(0, ({ did }) => did === 'in force');
  await sleep(TIDYING_MS);
  return {
    target: { port: Number(new URL(url).port), keyId: accessKeyId, secret: secretAccessKey, region: 'eu-west-1' },
    agent,
    mover,
    ...parts,
    close: async () => {
      agent.child.kill();
      await agent.ended();
      server.kill();
      namespace.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function said(server: ChildProcess): Promise<{ readonly url: string; readonly keysPath: string }> {
  let text = '';
  for await (const chunk of server.stdout ?? []) {
    text += String(chunk);
    if (text.trimEnd().endsWith('}')) break;
  }
  return JSON.parse(text) as { readonly url: string; readonly keysPath: string };
}

/** The records with one more interface on no instance than are deleted, none of them the last one. */
function withSpare({ enis = [], ...records }: RecordLists): RecordLists {
  const first = enis.length - 2 - CHANGES;
  const loose = enis.map((eni, at): Eni => {
    if (at < first || at === enis.length - 1) return eni;
    const { attachment: _, ...rest } = eni;
    return { ...rest, status: 'available' };
  });
  return { ...records, enis: loose };
}

/** An interface of one group, and a group of its VPC that rules of the others' groups name; and what else is changed. */
function partsOf(world: World): Omit<Host, 'target' | 'agent' | 'close'> {
  const enis = [...listRecords(world, 'enis')];
  const carried = new Set(enis.flatMap(({ groups }) => groups));
  const groups = [...listRecords(world, 'groups')].filter(({ id }) => carried.has(id));
  const named = groups.flatMap(({ rules }) =>
    rules.flatMap(({ peer }) => (peer.kind === 'group' ? [peer.groupId] : [])),
  );
  const mover = enis.at(-1) ?? assert.fail('there are interfaces');
  const spare = enis.filter(({ attachment }) => attachment === undefined);
  const had = new Set([...mover.groups, ...(spare.at(-1)?.groups ?? [])]);
  const joined = named.find((id) => !had.has(id)) ?? assert.fail('a rule names a group');
  const [sparse] = groups.toSorted((a, b) => a.rules.length - b.rules.length);
  const [subnet] = listRecords(world, 'subnets');
  return {
    mover,
    joined,
    ruled: enis[0]?.groups[0] ?? assert.fail('an interface has a group'),
    spare,
    sparse: sparse?.id ?? assert.fail('there are groups'),
    subnet: subnet?.id ?? assert.fail('there are subnets'),
    acl: subnet?.networkAcl?.aclId ?? assert.fail('a subnet has a NACL'),
  };
}

async function answer(target: Target, form: string): Promise<{ readonly text: string; readonly revision: number }> {
  const { headers, body } = signedForm(target, form);
  const got = await fetch(`http://127.0.0.1:${target.port}/`, { method: 'POST', headers, body });
  const text = await got.text();
  assert.equal(got.status, 200, text);
  return { text, revision: Number(got.headers.get('x-crenel-revision')) };
}

/** How long a call took, in milliseconds, how much CPU time of the agent, and what was answered. */
type Timed = { readonly ms: number; readonly cpuMs: number; readonly text: string };

/** From the call of the API until the kernel took the last of what follows from it. */
async function timeCall({ target, agent }: Host, form: string): Promise<Timed> {
  const from = agent.events.length;
  const start = performance.timeOrigin + performance.now();
  const { text, revision } = await answer(target, form);
  const { commit } = await agent.next(
    from,
    (event) => event.did === 'in force' && Number(event['revision']) >= revision,
  );
  assert.ok(commit !== undefined, `nothing is changed in the kernel by ${form}`);
  return { ms: commit.at - start, cpuMs: commit.cpuMs - (agent.events[from - 1]?.cpuMs ?? 0), text };
}

function groupsForm({ joined }: Host, { id, groups }: Eni, isIn: boolean): string {
  const list = [...groups, ...(isIn ? [joined] : [])].map((one, at) => `SecurityGroupId.${at + 1}=${one}`).join('&');
  return `Action=ModifyNetworkInterfaceAttribute&NetworkInterfaceId=${id}&${list}`;
}

function ruleForm({ ruled }: Host, at: number): string {
  const rule = `IpPermissions.1.IpProtocol=tcp&IpPermissions.1.FromPort=${7000 + at}&IpPermissions.1.ToPort=${7000 + at}`;
  return `Action=AuthorizeSecurityGroupIngress&GroupId=${ruled}&${rule}&IpPermissions.1.IpRanges.1.CidrIp=10.9.0.0/16`;
}

/** A form for the n-th time that something is changed; `made`: the ids of interfaces that were made. */
type Form = (host: Host, at: number, made: readonly string[]) => string;

const DESTINATION = 'Protocol=6&PortRange.From=7000&PortRange.To=7999&CidrBlock=10.9.0.0/16';

/** What else is changed, in this order; by what the reports call it. */
const CHANGE_FORMS: readonly (readonly [name: string, form: Form])[] = [
  ['one rule', ruleForm],
  ['an interface of the host joins a group, or leaves it', (host, at) => groupsForm(host, wiredOf(host), at % 2 === 0)],
  [
    'an entry of the NACL of most subnets comes, or goes',
    ({ acl }, at) =>
      at % 2 === 0
        ? `Action=CreateNetworkAclEntry&NetworkAclId=${acl}&RuleNumber=50&Egress=false&RuleAction=deny&${DESTINATION}`
        : `Action=DeleteNetworkAclEntry&NetworkAclId=${acl}&RuleNumber=50&Egress=false`,
  ],
  [
    'a version of a prefix list that a rule names',
    (_host, at, [list = '']) =>
      `Action=ModifyManagedPrefixList&PrefixListId=${list}&CurrentVersion=${at + 1}&AddEntry.1.Cidr=10.${20 + at}.0.0/16`,
  ],
  [
    'an interface made elsewhere in a group that rules name',
    ({ subnet, joined }) => `Action=CreateNetworkInterface&SubnetId=${subnet}&SecurityGroupId.1=${joined}`,
  ],
  ['that interface deleted', (_host, at, made) => `Action=DeleteNetworkInterface&NetworkInterfaceId=${made[at] ?? ''}`],
  [
    'an interface of the host deleted',
    ({ spare }, at) => `Action=DeleteNetworkInterface&NetworkInterfaceId=${spare[at]?.id ?? ''}`,
  ],
];

/** An interface of the host that is not deleted. */
function wiredOf({ spare }: Host): Eni {
  return spare.at(-1) ?? assert.fail('there are more than are deleted');
}

/** Makes a prefix list that a rule of a group of the host names; gives its id. */
async function makeList(host: Host): Promise<string> {
  const { target, sparse } = host;
  const { text: made } = await answer(
    target,
    `Action=CreateManagedPrefixList&PrefixListName=bench&AddressFamily=IPv4&MaxEntries=${CHANGES + 1}&Entry.1.Cidr=10.19.0.0/16`,
  );
  const id = idIn(made, 'prefixListId');
  const rule = `IpPermissions.1.IpProtocol=tcp&IpPermissions.1.FromPort=6999&IpPermissions.1.ToPort=6999`;
  const entry = `${rule}&IpPermissions.1.PrefixListIds.1.PrefixListId=${id}`;
  await timeCall(host, `Action=AuthorizeSecurityGroupIngress&GroupId=${sparse}&${entry}`);
  return id;
}

function idIn(text: string, name: string): string {
  return new RegExp(`<${name}>([^<]+)<`).exec(text)?.[1] ?? assert.fail(`no ${name} in ${text}`);
}

/** Each change so often, from the call to the last transaction. */
async function timeChanges(host: Host): Promise<ReadonlyMap<string, readonly Timed[]>> {
  const list = await makeList(host);
  const times = new Map<string, readonly Timed[]>();
  let made: string[] = [list];
  for (const [name, form] of CHANGE_FORMS) {
    const took: Timed[] = [];
    const ids: string[] = [];
    for (let at = 0; at < CHANGES; at += 1) {
      const timed = await timeCall(host, form(host, at, made));
      took.push(timed);
      if (timed.text.includes('<networkInterfaceId>')) ids.push(idIn(timed.text, 'networkInterfaceId'));
    }
    if (ids.length > 0) made = ids;
    times.set(name, took);
  }
  return times;
}

/** One element by the program, at a ruleset that is next to nothing. */
class Program {
  readonly #namespace = new Namespace('enfnft');

  constructor() {
    const text = 'table inet few { set s { type ipv4_addr; elements = { 10.0.0.1 }; }; }';
    assert.equal(this.#namespace.run('nft', ['-f', '-'], text).status, 0);
  }

  time(at: number): number {
    const before = performance.now();
    const verb = at % 2 === 0 ? 'add' : 'delete';
    assert.equal(this.#namespace.run('nft', [verb, 'element', 'inet', 'few', 's', '{', '10.1.1.1', '}']).status, 0);
    return performance.now() - before;
  }

  close(): void {
    this.#namespace.close();
  }
}

type Measured = {
  readonly member: readonly number[];
  readonly changes: ReadonlyMap<string, readonly Timed[]>;
  readonly nft: readonly number[];
  readonly rss: number;
  /** The same once what is not needed was given back. */
  readonly rest: number;
};

async function measured(size: Parameters<typeof hostOf>[0]): Promise<Measured> {
  const host = await hostOf(size);
  const program = new Program();
  try {
    const member: number[] = [];
    const nft: number[] = [];
    for (let at = 0; at < CALLS; at += 1) {
      member.push((await timeCall(host, groupsForm(host, host.mover, at % 2 === 0))).ms);
      nft.push(program.time(at));
    }
    const changes = await timeChanges(host);
    const from = host.agent.events.length;
    host.agent.child.kill('SIGUSR2');
    const { event } = await host.agent.next(from, ({ did }) => did === 'rest');
    return { member, nft, changes, rss: host.agent.events[from - 1]?.rss ?? 0, rest: event.rss };
  } finally {
    program.close();
    await host.close();
  }
}

async function coldClaims(): Promise<readonly Claim[]> {
  const namespace = new Namespace('enfcold');
  try {
    const child = new Telling([path('enforce-agent.ts'), 'cold', namespace.name, '10000', '1000', '1000']);
    await child.ended();
    const [start, rest] = child.events;
    const details = { elements: Number(start?.['elements']), 'most resident, MB': Number(start?.['most']) / 1e6 };
    return [
      {
        claim: 'cold start of 10,000 interfaces',
        unit: 'µs',
        target: { atMost: 15e6 },
        measured: Number(start?.['ms']) * 1000,
        details,
      },
      {
        claim: 'resident memory of an agent there, afterwards',
        unit: 'B',
        target: { atMost: 150e6 },
        measured: rest?.rss ?? Number.NaN,
        details: {},
      },
    ];
  } finally {
    namespace.close();
  }
}

/** The median of milliseconds, in microseconds. */
function p50(times: readonly number[]): number {
  return quantile(times, 0.5) * 1000;
}

function claimsOf(sizes: readonly (readonly [name: string, found: Measured])[]): readonly Claim[] {
  const [, few] = sizes[0] ?? assert.fail('something is measured');
  const [, many] = sizes.at(-1) ?? assert.fail('something is measured');
  return [
    ...sizes.flatMap(([name, found]): readonly Claim[] => [
      {
        claim: `${name}: one member, call to kernel, above what running nft costs with few rules`,
        unit: 'µs',
        target: { atMost: 10_000 },
        measured: p50(found.member) - p50(found.nft),
        details: {
          p50: p50(found.member),
          nft: p50(found.nft),
          'agent, MB': found.rss / 1e6,
          'at rest': found.rest / 1e6,
        },
      },
      {
        claim: `${name}: one member, call to kernel, p99`,
        unit: 'µs',
        target: { atMost: 100_000 },
        measured: quantile(found.member, 0.99) * 1000,
        details: {},
      },
      ...[...found.changes].map(([what, times]): Claim => {
        const took = times.map(({ ms }) => ms);
        return {
          claim: `${name}: ${what}, call to the last transaction`,
          unit: 'µs',
          target: { atMost: 1e6 },
          measured: p50(took),
          details: {
            p99: quantile(took, 0.99) * 1000,
            'CPU time of the agent, p50': p50(times.map(({ cpuMs }) => cpuMs)),
          },
        };
      }),
    ]),
    {
      claim: 'one member with many rules to one with few, each against nft beside it',
      unit: '×',
      target: { atMost: 1.25 },
      measured: p50(many.member) / p50(many.nft) / (p50(few.member) / p50(few.nft)),
      details: {},
    },
  ];
}

const why = whyNoKernel();
if (why === undefined) {
  const sizes = [
    ['20 interfaces, 10 groups', { enis: 20, groups: 10, subnets: 4 }],
    ['1,000 interfaces, 100 groups', { enis: 1000, groups: 100, subnets: 20 }],
    ['10,000 interfaces, 1,000 groups', { enis: 10_000, groups: 1000, subnets: 100 }],
  ] as const;
  const found: (readonly [string, Measured])[] = [];
  for (const [name, size] of sizes) found.push([name, await measured(size)]);
  report('enforce', [...claimsOf(found), ...(await coldClaims())]);
} else process.stdout.write(`enforce: not measured: ${why}\n`);
