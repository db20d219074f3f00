// Claim: `crenel agent` of 10,000 interfaces in 1,000 groups with 1,000,000 members holds at most 150 MB once its rules are in force. It is the command as
// people start it, told by a server over HTTP, with a device for each interface; its memory is looked at each half second for over a minute, in which it
// looks after its devices and the kernel twice. Beside it stands one that holds two. Wants root.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Eni } from '../src/core/model/eni.ts';
import { asId } from '../src/core/model/ids.ts';
import type { Subnet } from '../src/core/model/vpc.ts';
import { type RecordLists, worldOf } from '../src/core/model/world.ts';
import { ipv4 } from '../src/core/net/address.ts';
import { parseCidr } from '../src/core/net/cidr.ts';
import { expectOk } from '../src/core/net/result.ts';
import { exportText } from '../src/formats/export.ts';
import { Namespace, whyNoKernel } from '../test/kernel/namespace.ts';
import { type Claim, quantile, report } from './harness.ts';
import { generateRecords } from './world.ts';

const ENIS = 10_000;
const GROUPS = 1000;
/** Of each group that rules name. */
const MEMBERS = 1000;
/** In how many groups an interface of another host is: the most that AWS lets it be in. */
const GROUPS_EACH = 16;
/** How long to wait for rules, how long an agent gets to give back what its start took, how long it rests, and how often it is looked at. */
const PATIENCE_MS = 120_000;
const TIDYING_MS = 3000;
const REST_MS = 75_000;
const LOOK_MS = 500;
const COMMAND = fileURLToPath(new URL('../bin/crenel.mjs', import.meta.url));

/** The records with as many interfaces on other hosts as give each group that rules name its members, in a subnet of their own. */
function withMembers({ vpcs = [], subnets = [], enis = [], groups = [], ...records }: RecordLists): RecordLists {
  const [vpc, ...vpcsLeft] = vpcs;
  const [subnet] = subnets;
  const [eni] = enis;
  if (vpc === undefined || subnet === undefined || eni === undefined) throw new Error('the world has no interface');
  const range = expectOk(parseCidr('100.64.0.0/16'));
  const wide: Subnet = { ...subnet, id: asId('subnet-0f00000000000000f'), cidrs: [range] };
  const named = [
    ...new Set(
      groups.flatMap(({ rules }) => rules.flatMap(({ peer }) => (peer.kind === 'group' ? [peer.groupId] : []))),
    ),
  ];
  const { attachment: _, ...loose } = eni;
  const others = Array.from({ length: Math.ceil((named.length * MEMBERS) / GROUPS_EACH) }, (_none, at): Eni => {
    const first = at * GROUPS_EACH;
    return {
      ...loose,
      id: asId(`eni-0f${at.toString(16).padStart(15, '0')}`),
      subnetId: wide.id,
      groups: Array.from({ length: GROUPS_EACH }, (_place, next) => named[(first + next) % named.length] ?? asId('')),
      // AWS keeps the first four addresses of a subnet.
      addresses: [{ address: ipv4(0x6440_0004 + at), isPrimary: true }],
      status: 'available',
    };
  });
  return {
    ...records,
    groups,
    vpcs: [{ ...vpc, cidrs: [...vpc.cidrs, range] }, ...vpcsLeft],
    subnets: [...subnets, wide],
    enis: [...enis, ...others],
  };
}

type Started = { readonly url: string; readonly env: NodeJS.ProcessEnv; readonly child: ChildProcess };

async function serverOf(folder: string, records: RecordLists): Promise<Started> {
  const document = join(folder, 'world.json');
  writeFileSync(document, [...exportText(worldOf(records))].join(''));
  const imported = spawnSync(process.execPath, [COMMAND, 'import', '--world', document, '--data', folder], {
    encoding: 'utf8',
  });
  assert.equal(imported.status, 0, imported.stderr);
  const child = spawn(process.execPath, [COMMAND, 'serve', '--port', '0', '--data', folder, '--json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  for await (const chunk of child.stdout) {
    text += String(chunk);
    if (text.trimEnd().endsWith('}')) break;
  }
  const { url, keysPath } = JSON.parse(text) as { readonly url: string; readonly keysPath: string };
  const { keys } = JSON.parse(readFileSync(keysPath, 'utf8')) as {
    readonly keys: readonly { readonly accessKeyId: string; readonly secretAccessKey: string }[];
  };
  const { accessKeyId = '', secretAccessKey = '' } = keys[0] ?? {};
  return {
    url,
    child,
    env: { ...process.env, AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey },
  };
}

/** Resident memory in bytes: now, at most since the process began, and the part of now that is pages of files. */
type Resident = { readonly now: number; readonly most: number; readonly files: number };

function residentOf(pid: number): Resident {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const of = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'mu').exec(status)?.[1]) * 1024;
  return { now: of('VmRSS'), most: of('VmHWM'), files: of('RssFile') };
}

type Found = {
  readonly inForceMs: number;
  readonly most: number;
  readonly rests: readonly number[];
  readonly files: number;
};

/** What an agent holds from when its rules are in force on. */
async function measured(started: Started, folder: string, attached: string, restMs: number): Promise<Found> {
  const namespace = new Namespace('agentmem');
  const lines = attached.split('\n');
  // Half of the devices are the other ends of the others.
  const half = Math.ceil(lines.length / 2);
  const pairs = Array.from({ length: half }, (_, at) => `link add d${at} type veth peer name d${at + half}`);
  namespace.run('ip', ['-batch', '-'], `${pairs.join('\n')}\n`);
  const list = join(folder, 'attached');
  writeFileSync(list, attached);
  const args = ['agent', '--host', `bench-${lines.length}`, '--endpoint', started.url, '--netns', namespace.name];
  const began = performance.now();
  const child = spawn(
    process.execPath,
    [COMMAND, ...args, '--state', join(folder, `${lines.length}`), '--attach', `@${list}`],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: started.env,
    },
  );
  try {
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
    while (!said.includes('is in force')) {
      if (performance.now() - began > PATIENCE_MS || child.exitCode !== null)
        throw new Error(`no rules are in force: ${said.slice(0, 2000)}`);
      await sleep(LOOK_MS / 10);
    }
    const inForceMs = performance.now() - began;
    const { most } = residentOf(child.pid ?? 0);
    // What the start took is given back a second after it.
    await sleep(TIDYING_MS);
    const rests: Resident[] = [];
    const end = performance.now() + restMs;
    while (performance.now() < end) {
      rests.push(residentOf(child.pid ?? 0));
      await sleep(LOOK_MS);
    }
    return { inForceMs, most, rests: rests.map(({ now }) => now), files: rests.at(-1)?.files ?? 0 };
  } finally {
    const ended = once(child, 'close');
    child.kill();
    await ended;
    namespace.close();
  }
}

function claimOf(claim: string, target: number, { rests, most, files, inForceMs }: Found): Claim {
  return {
    claim,
    unit: 'MB',
    target: { atMost: target },
    measured: Math.max(...rests) / 1e6,
    details: {
      'at rest, p50': quantile([...rests], 0.5) / 1e6,
      'pages of files': files / 1e6,
      'while it starts': most / 1e6,
      'in force after, s': inForceMs / 1000,
    },
  };
}

async function claims(): Promise<readonly Claim[]> {
  const folder = mkdtempSync(join(tmpdir(), 'crenel-bench-'));
  const records = generateRecords({ enis: ENIS, groups: GROUPS, subnets: 100 });
  const started = await serverOf(folder, withMembers(records));
  try {
    const attached = (records.enis ?? []).map(({ id }, at) => {
      const mac = ['02', '00', '00', '00', ...[at >> 8, at & 255].map((byte) => byte.toString(16).padStart(2, '0'))];
      return `${id}=d${at}/${mac.join(':')}`;
    });
    // The first start of a copy of the sources also holds what strips their types.
    await measured(started, folder, attached.slice(0, 2).join('\n'), 0);
    const few = await measured(started, folder, attached.slice(0, 2).join('\n'), REST_MS);
    const many = await measured(started, folder, attached.join('\n'), REST_MS);
    return [
      claimOf('memory of `crenel agent` with 10,000 interfaces and 1,000,000 members, at most, in rest', 150, many),
      claimOf('the same with two interfaces', 100, few),
    ];
  } finally {
    started.child.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}

const why = whyNoKernel();
if (why === undefined) report('agent-memory', await claims());
else process.stdout.write(`agent-memory: not measured: ${why}\n`);
