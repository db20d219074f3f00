// Claims: signed, durable writes by 32 clients run at a good part of the rate of an HTTP server that does nothing; one group is described as fast
// among 10,000 as alone. Servers are processes of their own, asked by turns.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { listRecords } from '../src/core/model/world.ts';
import { exportText } from '../src/formats/export.ts';
import { quantile, report } from './harness.ts';
import { load, type Signed, signedForm, type Target } from './signed-client.ts';
import { generateWorld } from './world.ts';

const ROUNDS = 7;
const WRITES = 800;
const CLIENTS = 32;
const folder = mkdtempSync(join(tmpdir(), 'crenel-bench-'));
const path = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const children: ChildProcess[] = [];

async function firstOutput(args: readonly string[], isWhole: (text: string) => boolean): Promise<string> {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  let said = '';
  for await (const chunk of child.stdout) {
    said += String(chunk);
    if (isWhole(said)) break;
  }
  return said;
}

async function started(): Promise<Target> {
  const args = [path('../src/main.ts'), 'serve', '--port', '0', '--data', folder, '--json', '--log-level', 'warn'];
  const { url, keysPath } = JSON.parse(await firstOutput(args, (text) => text.trimEnd().endsWith('}'))) as {
    readonly url: string;
    readonly keysPath: string;
  };
  const { keys } = JSON.parse(readFileSync(keysPath, 'utf8')) as {
    readonly keys: readonly { readonly accessKeyId: string; readonly secretAccessKey: string }[];
  };
  const [key] = keys;
  return {
    port: Number(new URL(url).port),
    keyId: key?.accessKeyId ?? '',
    secret: key?.secretAccessKey ?? '',
    region: 'eu-west-1',
  };
}

async function rate(port: number, clients: number, requests: readonly Signed[]): Promise<number> {
  const { seconds, failed } = await load(port, clients, requests);
  assert.equal(failed, 0, `${failed} of ${requests.length} failed`);
  return requests.length / seconds;
}

type Rates = { readonly subject: number; readonly baseline: number; readonly ratio: number };

function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** Rates of two by turns, and the median of the ratios. */
async function compared(subject: () => Promise<number>, baseline: () => Promise<number>): Promise<Rates> {
  const pairs: (readonly [number, number])[] = [];
  for (let round = 0; round < ROUNDS; round += 1) pairs.push([await subject(), await baseline()]);
  return {
    subject: median(pairs.map(([own]) => own)),
    baseline: median(pairs.map(([, other]) => other)),
    ratio: median(pairs.map(([own, other]) => own / other)),
  };
}

const world = generateWorld({ enis: 2000, groups: 10_000, subnets: 50 });
const document = join(folder, 'world.json');
writeFileSync(document, [...exportText(world)].join(''));
const imported = spawnSync(
  process.execPath,
  [path('../src/main.ts'), 'import', '--world', document, '--data', folder],
  { encoding: 'utf8' },
);
assert.equal(imported.status, 0, imported.stderr);

const server = await started();
const alone: Target = { ...server, region: 'us-east-1' };
const nothing = Number(await firstOutput([path('nothing-server.ts')], (text) => text.includes('\n')));

async function answer(target: Target, form: string): Promise<string> {
  const { headers, body } = signedForm(target, form);
  const got = await fetch(`http://127.0.0.1:${target.port}/`, { method: 'POST', headers, body });
  const text = await got.text();
  assert.equal(got.status, 200, text);
  return text;
}

const vpcId = /<vpcId>(.*?)</.exec(await answer(alone, 'Action=CreateVpc&CidrBlock=10.0.0.0/16'))?.[1] ?? '';
const groups: string[] = [];
for (let at = 0; at < 160; at += 1) {
  const made = await answer(alone, `Action=CreateSecurityGroup&GroupName=g${at}&GroupDescription=g&VpcId=${vpcId}`);
  groups.push(/<groupId>(.*?)</.exec(made)?.[1] ?? '');
}
let rule = 0;
const authorizes = (count: number): readonly Signed[] =>
  Array.from({ length: count }, () => {
    rule += 1;
    const group = groups[rule % groups.length] ?? '';
    const cidr = `10.${rule >> 16}.${(rule >> 8) & 255}.${rule & 255}/32`;
    return signedForm(
      alone,
      `Action=AuthorizeSecurityGroupIngress&GroupId=${group}&IpPermissions.1.IpProtocol=tcp&IpPermissions.1.FromPort=22&IpPermissions.1.ToPort=22&IpPermissions.1.IpRanges.1.CidrIp=${cidr}`,
    );
  });
const idle = (count: number, size = 900): readonly Signed[] =>
  Array.from({ length: count }, () => signedForm({ ...server, port: nothing }, `size=${size}`));

const many = await compared(
  async () => await rate(server.port, CLIENTS, authorizes(WRITES)),
  async () => await rate(nothing, CLIENTS, idle(WRITES)),
);
const single = await compared(
  async () => await rate(server.port, 1, authorizes(150)),
  async () => await rate(nothing, 1, idle(150)),
);
const [known] = listRecords(world, 'groups');
const describes = (target: Target, id: string): readonly Signed[] =>
  Array.from({ length: 300 }, () => signedForm(target, `Action=DescribeSecurityGroups&GroupId.1=${id}`));
// A group with as many rules as the one it is compared with would be another claim: both are read by id from tables of their own.
const flat = await compared(
  async () => await rate(server.port, 1, describes(server, known?.id ?? '')),
  async () => await rate(server.port, 1, describes(alone, groups[0] ?? '')),
);
const large = `Action=DescribeSecurityGroups&MaxResults=1000`;
const { length: size } = await answer(server, large);
const listing = await compared(
  async () =>
    await rate(
      server.port,
      1,
      Array.from({ length: 3 }, () => signedForm(server, large)),
    ),
  async () => await rate(nothing, 1, idle(3, size)),
);
for (const child of children) child.kill();
rmSync(folder, { recursive: true });

report('server', [
  {
    claim: 'signed durable authorizes, 32 clients, to a server that does nothing',
    unit: '×',
    target: { atLeast: 0.6 },
    measured: many.ratio,
    details: { perSecond: many.subject, nothing: many.baseline },
  },
  {
    claim: 'the same, one client',
    unit: '×',
    target: { atLeast: 0.2 },
    measured: single.ratio,
    details: { perSecond: single.subject, nothing: single.baseline },
  },
  {
    claim: 'one group by id among 10,000, to one of 160',
    unit: '×',
    target: { atLeast: 0.7 },
    measured: flat.ratio,
    details: { perSecond: flat.subject, few: flat.baseline },
  },
  {
    claim: '1,000 groups in one answer, to as many bytes of nothing',
    unit: '×',
    target: { atLeast: 0.05 },
    measured: listing.ratio,
    details: { perSecond: listing.subject, nothing: listing.baseline, bytes: size },
  },
]);
