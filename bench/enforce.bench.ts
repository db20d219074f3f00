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
import { listRecords, type World } from '../src/core/model/world.ts';
import { exportText } from '../src/formats/export.ts';
import { Namespace, whyNoKernel } from '../test/kernel/namespace.ts';
import { type Claim, quantile, report } from './harness.ts';
import { signedForm, type Target } from './signed-client.ts';
import { generateWorld } from './world.ts';

const CALLS = 60;
const RULES = 12;
const PATIENCE_MS = 120_000;
const path = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

type Event = { readonly did: string; readonly at: number; readonly rss: number } & Readonly<Record<string, unknown>>;

/** Node as `crenel agent` starts it (bin/node-runtime.mjs). */
const AGENT_ENVIRONMENT = {
  MALLOC_ARENA_MAX: '2',
  MALLOC_MMAP_THRESHOLD_: '131072',
  MALLOC_TRIM_THRESHOLD_: '131072',
};
const AGENT_FLAGS = ['--import', path('../bin/quick-start.mjs'), '--max-semi-space-size=4', '--expose-gc'];

/** A child that says what happened in lines. */
class Telling {
  readonly child: ChildProcess;
  readonly events: Event[] = [];

  constructor(args: readonly string[]) {
    this.child = spawn(process.execPath, [...AGENT_FLAGS, ...args], {
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

  /** The last event, once nothing more came for a while and there are more than so many. */
  async quiet(count: number, silenceMs: number): Promise<Event> {
    const end = performance.now() + PATIENCE_MS;
    let seen = count;
    let since = performance.now();
    while (performance.now() < end) {
      if (this.events.length !== seen) [seen, since] = [this.events.length, performance.now()];
      const last = this.events.at(-1);
      if (last !== undefined && seen > count && performance.now() - since > silenceMs) return last;
      await sleep(1);
    }
    throw new Error('nothing more was committed');
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
  readonly close: () => Promise<void>;
};

async function hostOf(size: {
  readonly enis: number;
  readonly groups: number;
  readonly subnets: number;
}): Promise<Host> {
  const folder = mkdtempSync(join(tmpdir(), 'crenel-bench-'));
  const namespace = new Namespace(`enf${size.enis}`);
  const world = generateWorld(size);
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
  const { mover, joined, ruled } = moverOf(world);
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
  await agent.quiet(0, 3000);
  return {
    target: { port: Number(new URL(url).port), keyId: accessKeyId, secret: secretAccessKey, region: 'eu-west-1' },
    agent,
    mover,
    joined,
    ruled,
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

/** An interface of one group, and a group of its VPC that rules of the others' groups name. */
function moverOf(world: World): Pick<Host, 'mover' | 'joined' | 'ruled'> {
  const enis = [...listRecords(world, 'enis')];
  const carried = new Set(enis.flatMap(({ groups }) => groups));
  const named = [...listRecords(world, 'groups')]
    .filter(({ id }) => carried.has(id))
    .flatMap(({ rules }) => rules.flatMap(({ peer }) => (peer.kind === 'group' ? [peer.groupId] : [])));
  const mover = enis.at(-1) ?? assert.fail('there are interfaces');
  const joined = named.find((id) => !mover.groups.includes(id)) ?? assert.fail('a rule names a group');
  return { mover, joined, ruled: enis[0]?.groups[0] ?? assert.fail('an interface has a group') };
}

async function answer(target: Target, form: string): Promise<string> {
  const { headers, body } = signedForm(target, form);
  const got = await fetch(`http://127.0.0.1:${target.port}/`, { method: 'POST', headers, body });
  const text = await got.text();
  assert.equal(got.status, 200, text);
  return text;
}

/** From the call of the API until the kernel took the last of what follows from it, in milliseconds. */
async function timeCall({ target, agent }: Host, form: string, silenceMs: number): Promise<number> {
  const count = agent.events.length;
  const start = performance.timeOrigin + performance.now();
  await answer(target, form);
  const last = await agent.quiet(count, silenceMs);
  assert.equal(last.did, 'commit');
  return last.at - start;
}

function groupsForm({ mover, joined }: Host, isIn: boolean): string {
  const groups = [...mover.groups, ...(isIn ? [joined] : [])];
  const list = groups.map((id, at) => `SecurityGroupId.${at + 1}=${id}`).join('&');
  return `Action=ModifyNetworkInterfaceAttribute&NetworkInterfaceId=${mover.id}&${list}`;
}

function ruleForm({ ruled }: Host, at: number): string {
  const rule = `IpPermissions.1.IpProtocol=tcp&IpPermissions.1.FromPort=${7000 + at}&IpPermissions.1.ToPort=${7000 + at}`;
  return `Action=AuthorizeSecurityGroupIngress&GroupId=${ruled}&${rule}&IpPermissions.1.IpRanges.1.CidrIp=10.9.0.0/16`;
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
  readonly rule: readonly number[];
  readonly nft: readonly number[];
  readonly rss: number;
};

async function measured(size: Parameters<typeof hostOf>[0]): Promise<Measured> {
  const host = await hostOf(size);
  const program = new Program();
  try {
    const [member, nft, rule]: number[][] = [[], [], []];
    for (let at = 0; at < CALLS; at += 1) {
      member?.push(await timeCall(host, groupsForm(host, at % 2 === 0), 30));
      nft?.push(program.time(at));
    }
    for (let at = 0; at < RULES; at += 1) rule?.push(await timeCall(host, ruleForm(host, at), 500));
    return { member: member ?? [], rule: rule ?? [], nft: nft ?? [], rss: host.agent.events.at(-1)?.rss ?? 0 };
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
        details: { p50: p50(found.member), nft: p50(found.nft), 'agent, MB': found.rss / 1e6 },
      },
      {
        claim: `${name}: one member, call to kernel, p99`,
        unit: 'µs',
        target: { atMost: 100_000 },
        measured: quantile(found.member, 0.99) * 1000,
        details: {},
      },
      {
        claim: `${name}: one rule, call to the last transaction`,
        unit: 'µs',
        target: { atMost: 1e6 },
        measured: p50(found.rule),
        details: {},
      },
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
