// Whoever cannot enforce says so: in its log, by its exit status, in the list of hosts, in metrics, to `crenel status` and `crenel wait`.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { after, before, describe, test, type TestContext } from 'node:test';
import * as ec2 from '@aws-sdk/client-ec2';
import type { HostsDocument } from '../../src/server/native/agent-api.ts';
import { Agent } from '../../src/agent/agent.ts';
import { NetlinkKernel } from '../../src/agent/netlink-kernel.ts';
import { asId, type EniId } from '../../src/core/model/ids.ts';
import { ok } from '../../src/core/net/result.ts';
import { NO_NUMBERS } from '../../src/nft/plan.ts';
import { Namespace, whyNoKernel } from '../kernel/namespace.ts';
import { until } from '../server/listener.ts';
import { crenelAt } from './crenel-at.ts';
import { MAIN, type Server, startServer } from './server-process.ts';

const ENI = 'eni-03eb100000000000000';
// The nft of these tests is none: nothing must reach the kernel past it.
const ATTACH = ['--nft', '--attach', `${ENI}=lo/02:00:00:00:00:01`];

/** Shell that stands in for nft: `list`, `check` and `load` are what it does for each. It prints no table, like a fresh kernel. */
function fakeNft({
  list = '',
  check = '',
  load = '',
}: Readonly<Partial<Record<'list' | 'check' | 'load', string>>>): string {
  return `#!/bin/sh
case "$*" in
  *--check*) cat > /dev/null; ${check || ':'} ;;
  *-f*) cat > /dev/null; ${load || ':'} ;;
  *'list flowtables'*) ${list || 'echo "{}"'} ;;
  *) echo 'Error: No such file or directory' >&2; exit 1 ;;
esac
`;
}

const says = (text: string): string => `echo 'Error: ${text}' >&2; exit 1`;

/** A folder with an nft of these words, alone on the PATH beside the shell's own programs. */
function pathWith(t: TestContext, script: string | undefined): string {
  const folder = mkdtempSync(join(tmpdir(), 'crenel-nft-'));
  t.after(() => rmSync(folder, { recursive: true }));
  if (script !== undefined) writeFileSync(join(folder, 'nft'), script, { mode: 0o755 });
  return script === undefined ? folder : `${folder}:/usr/bin:/bin`;
}

const of = (host: string): string => `account="111122223333",region="eu-west-1",host="${host}"`;

/** A command of this process, which takes a tenth of the time of one in its own. */
describe('an agent that cannot enforce', { timeout: 400_000 }, () => {
  let server: Server;
  before(async () => {
    server = await startServer('--memory', '--anonymous', '--example');
  });
  after(async () => await server.stop());

  function environment(PATH: string): NodeJS.ProcessEnv {
    return { PATH, NO_COLOR: '1', XDG_STATE_HOME: join(tmpdir(), 'crenel-no-state'), ...server.env };
  }

  const words = (host: string, more: readonly string[]): readonly string[] => [
    MAIN,
    'agent',
    '--host',
    host,
    '--endpoint',
    server.url,
    ...more,
  ];

  /** An agent that ends by itself. */
  function run(PATH: string, host: string, more = ATTACH): { readonly status: number | null; readonly said: string } {
    const ran = spawnSync(process.execPath, words(host, more), {
      encoding: 'utf8',
      env: environment(PATH),
      timeout: 30_000,
    });
    return { status: ran.status, said: ran.stderr.replaceAll(/\s+/gu, ' ') };
  }

  function start(
    t: TestContext,
    PATH: string,
    host: string,
    more = ATTACH,
  ): ChildProcess & { readonly said: () => string } {
    const child = spawn(process.execPath, words(host, more), {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: environment(PATH),
    });
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
    t.after(async () => {
      child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'close');
    });
    return Object.assign(child, { said: () => said });
  }

  async function listed(host: string): Promise<HostsDocument['hosts'][number] | undefined> {
    const answer = await fetch(`${server.url}/crenel/v1/hosts`);
    const { hosts } = (await answer.json()) as HostsDocument;
    return hosts.find((one) => one.host === host);
  }

  async function metric(series: string): Promise<number | undefined> {
    const text = await (await fetch(`${server.url}/metrics`)).text();
    const line = text.split('\n').find((one) => one.startsWith(`${series} `));
    return line === undefined ? undefined : Number(line.slice(series.length + 1));
  }

  const crenel = async (...args: readonly string[]): ReturnType<typeof crenelAt> => await crenelAt(server, ...args);

  async function change(port: number): Promise<void> {
    const client = new ec2.EC2Client({
      endpoint: server.url,
      region: 'eu-west-1',
      credentials: { accessKeyId: 'anything', secretAccessKey: 'anything' },
    });
    const permission = { IpProtocol: 'tcp', FromPort: port, ToPort: port, IpRanges: [{ CidrIp: '10.91.0.0/16' }] };
    await client.send(
      new ec2.AuthorizeSecurityGroupIngressCommand({ GroupId: 'sg-03eb0000000000001', IpPermissions: [permission] }),
    );
  }

  const CANNOT: readonly (readonly [what: string, script: string | undefined, why: RegExp])[] = [
    ['no nft', undefined, /the program nft is not installed/u],
    [
      'no capability',
      fakeNft({ list: says('Operation not permitted (you must be root)') }),
      /may not change the firewall: it needs CAP_NET_ADMIN/u,
    ],
    ['no nftables in the kernel', fakeNft({ list: says('Protocol not supported') }), /this kernel \(Linux .+\) lacks/u],
    [
      'a kernel that lacks something',
      fakeNft({ check: says('Could not process rule: Operation not supported') }),
      /this kernel \(Linux .+\) lacks what the rules need of nftables/u,
    ],
    [
      'an nft that is too old',
      fakeNft({ check: says('syntax error, unexpected dynamic') }),
      /nft do not take what rules are made of: .*syntax error/u,
    ],
  ];
  for (const [index, [what, script, why]] of CANNOT.entries())
    test(`${what}: ends at once with 74, and the server knows why`, async (t) => {
      const host = `unable-${index}`;
      const { status, said } = run(pathWith(t, script), host);
      assert.equal(status, 74);
      assert.match(said, /this host cannot enforce anything: /u);
      assert.match(said, why);
      assert.match(said, /the server knows why/u);
      await until(async () => (await listed(host))?.condition === 'gone');
      const { problem, enforcedRevision } = (await listed(host)) ?? {};
      assert.match(problem ?? '', why);
      assert.equal(enforcedRevision, undefined);
      assert.equal(await metric(`crenel_host_condition{${of(host)},condition="gone"}`), 1);
      assert.equal(await metric(`crenel_host_revision_lag{${of(host)}}`), undefined);
      const shown = await crenel('status');
      assert.equal(shown.status, 1);
      assert.match(
        shown.out,
        new RegExp(`${host} gone enforced nothing when last heard of, .* problem this host cannot`, 'u'),
      );
    });

  test('no server: ends with 74 all the same, and says that nobody hears it', (t) => {
    const args = ['agent', '--host', 'h', '--endpoint', 'http://127.0.0.1:9', ...ATTACH];
    const ran = spawnSync(process.execPath, [MAIN, ...args], {
      encoding: 'utf8',
      env: environment(pathWith(t, undefined)),
    });
    assert.equal(ran.status, 74);
    assert.match(ran.stderr, /the server does not hear why: cannot reach http:\/\/127.0.0.1:9/u);
  });

  test('no device of that name: a machine that is its own instance ends with 64', (t) => {
    const { status, said } = run(pathWith(t, fakeNft({})), 'h', ['--instance', 'i-1', '--device', 'nowhere9']);
    assert.equal(status, 64);
    assert.match(said, /there is no device nowhere9/u);
  });

  test('rules that the kernel refuses: keeps running, degraded, until they come through', async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'crenel-ok-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const flag = join(folder, 'may');
    const load = `test -e ${flag} || { ${says('Could not process rule: Device or resource busy')}; }`;
    const child = start(t, pathWith(t, fakeNft({ load })), 'refused');
    await until(async () => (await listed('refused'))?.condition === 'degraded');
    assert.match((await listed('refused'))?.problem ?? '', /newest rules are not in force: .*Device or resource busy/u);
    assert.match(child.said(), /^error the newest rules are not in force: /mu);
    assert.equal(await metric(`crenel_host_condition{${of('refused')},condition="degraded"}`), 1);
    assert.equal(await metric('crenel_hosts{condition="degraded"}'), 1);
    const shown = await crenel('status');
    assert.equal(shown.status, 1);
    assert.match(shown.out, /refused degraded enforces nothing yet, .* problem the newest rules are not in force/u);
    const waited = await crenel('wait', '--timeout', '0');
    assert.equal(waited.status, 1);
    assert.match(waited.err, /is not enforced by refused refused: it enforces nothing .*Device or resource busy/u);
    writeFileSync(flag, '');
    await until(async () => (await listed('refused'))?.condition === 'enforcing');
    assert.equal((await listed('refused'))?.problem, undefined);
    assert.equal(await metric(`crenel_host_revision_lag{${of('refused')}}`), 0);
    rmSync(flag);
    await change(8081);
    await until(async () => (await listed('refused'))?.condition === 'degraded');
    assert.equal(await metric(`crenel_host_revision_lag{${of('refused')}}`), 1, 'the old rules are in force');
    assert.match((await crenel('wait', '--timeout', '0')).err, /refused: it is at revision \d+; the newest rules/u);
    assert.equal(child.exitCode, null, 'it goes on');
    writeFileSync(flag, '');
    await until(async () => (await listed('refused'))?.condition === 'enforcing');
    child.kill('SIGTERM');
    await once(child, 'close');
    await until(async () => (await listed('refused'))?.condition === 'gone');
  });

  test('a device that is not there: enforces the rest, degraded', async (t) => {
    const child = start(t, pathWith(t, fakeNft({})), 'deviceless', [
      '--nft',
      '--attach',
      `${ENI}=nowhere9/02:00:00:00:00:01`,
    ]);
    await until(async () => (await listed('deviceless'))?.condition === 'degraded');
    assert.match((await listed('deviceless'))?.problem ?? '', /device nowhere9 of eni-03eb1\w+ is not there/u);
    assert.match(child.said(), /^error device nowhere9 of /mu);
    child.kill('SIGTERM');
    await once(child, 'close');
  });

  test('no word of the server: keeps running and asking, and says what that means once', async (t) => {
    let asked = 0;
    const mute = createServer((_, answer) => {
      asked += 1;
      answer.writeHead(503).end('not now');
    });
    t.after(() => mute.close());
    await new Promise<void>((resolve) => {
      mute.listen(0, '127.0.0.1', () => resolve());
    });
    const address = mute.address();
    assert.ok(typeof address === 'object' && address !== null);
    const args = ['agent', '--host', 'h', '--endpoint', `http://127.0.0.1:${address.port}`, ...ATTACH];
    const child = spawn(process.execPath, [MAIN, ...args], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: environment(pathWith(t, fakeNft({}))),
    });
    t.after(() => child.kill());
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
    await until(() => asked >= 4);
    assert.equal(said.split('no word of the server').length, 2, said);
    assert.match(
      said,
      /^error no word of the server, so nothing is enforced but what was in force before: http:\/\/\S+ answers 503/mu,
    );
    assert.equal(child.exitCode, null);
    child.kill('SIGTERM');
    const [code]: readonly unknown[] = (await once(child, 'close')) as readonly unknown[];
    assert.equal(code, 0);
  });
});

describe(
  'an agent on a real kernel',
  { skip: whyNoKernel(['nft', 'ip', 'setpriv']) ?? false, timeout: 200_000 },
  () => {
    test('without CAP_NET_ADMIN ends with 74; its nft takes all of the specimen with it', async (t) => {
      const namespace = new Namespace('unable');
      t.after(() => namespace.close());
      const server = await startServer('--memory', '--anonymous', '--example');
      t.after(async () => await server.stop());
      const words = [process.execPath, MAIN, 'agent', '--host', 'h1', '--endpoint', server.url, ...ATTACH];
      const without = spawnSync('setpriv', ['--bounding-set=-net_admin', '--inh-caps=-net_admin', '--', ...words], {
        encoding: 'utf8',
        env: { ...process.env, ...server.env, NO_COLOR: '1' },
      });
      assert.equal(without.status, 74, without.stderr);
      assert.match(without.stderr.replaceAll(/\s+/gu, ' '), /it needs CAP_NET_ADMIN/u);
      const [, , ...args] = words;
      const child = spawn(process.execPath, [MAIN, ...args, '--netns', namespace.name], {
        stdio: 'ignore',
        env: { ...process.env, ...server.env },
      });
      t.after(() => child.kill('SIGKILL'));
      await until(async () =>
        /"condition": ?"enforcing"/u.test(await (await fetch(`${server.url}/crenel/v1/hosts`)).text()),
      );
      const tables = namespace.run('nft', ['list', 'tables']).stdout;
      assert.deepEqual(
        tables.trim().split('\n').toSorted(),
        ['table arp crenel', 'table inet crenel'],
        'the specimen leaves nothing',
      );
      child.kill('SIGTERM');
      await once(child, 'close');
    });

    test('more classes of rules than can be told apart: the old rules stay whole, and everybody hears of it', async (t) => {
      const namespace = new Namespace('full');
      const server = await startServer('--memory', '--anonymous', '--example');
      const said: string[] = [];
      const credentials = { accessKeyId: 'anything', secretAccessKey: 'anything' };
      const agent = new Agent({
        link: { endpoint: new URL(server.url), region: 'eu-west-1', credentials },
        host: 'full',
        attaching: {
          mode: 'tap',
          enis: new Map([[asId<EniId>(ENI), { device: 'lo', mac: '02:00:00:00:00:01' }]]),
          fabric: new Set(),
        },
        kernel: new NetlinkKernel({ namespace: namespace.name }),
        connections: async () => await Promise.resolve(ok([])),
        look: async () => await Promise.resolve(ok({ links: [LOOPBACK], detours: new Map(), unknown: [] })),
        numbers: { ...NO_NUMBERS, most: 40 },
        log: (level, message) => said.push(`${level} ${message}`),
      });
      t.after(async () => {
        await agent.stop();
        await server.stop();
        namespace.close();
      });
      agent.start();
      const text = async (): Promise<string> => await (await fetch(`${server.url}/crenel/v1/hosts`)).text();
      const condition = async (wanted: string): Promise<boolean> =>
        new RegExp(`"condition": ?"${wanted}"`, 'u').test(await text());
      await until(async () => await condition('enforcing'));
      const rules = (): string => namespace.run('nft', ['-s', 'list', 'table', 'inet', 'crenel']).stdout;
      const whole = rules();
      const client = new ec2.EC2Client({ endpoint: server.url, region: 'eu-west-1', credentials });
      const many = {
        GroupId: 'sg-03eb0000000000001',
        IpPermissions: Array.from({ length: 41 }, (_, at) => ({
          IpProtocol: 'tcp',
          FromPort: 20_000 + 2 * at,
          ToPort: 20_000 + 2 * at,
          IpRanges: [{ CidrIp: `10.91.${at}.0/24` }],
        })),
      };
      await client.send(new ec2.AuthorizeSecurityGroupIngressCommand(many));
      await until(async () => await condition('degraded'));
      assert.equal(rules(), whole);
      assert.match(await text(), /more than 40 classes of rules: hold some of the interfaces on another host/u);
      assert.ok(said.some((line) => /^error the newest rules are not in force: .*more than 40 classes/u.test(line)));
      const shown = await crenelAt(server, 'status');
      assert.equal(shown.status, 1);
      assert.match(shown.out, /full degraded .*more than 40 classes of rules/u);
      // What changes is tried again after half a second; this never can be, so it is said once and not tried once more.
      await sleep(800);
      await client.send(new ec2.RevokeSecurityGroupIngressCommand(many));
      await until(async () => await condition('enforcing'));
      assert.equal(rules(), whole);
      assert.equal(said.filter((line) => line.startsWith('error ')).length, 1, said.join('\n'));
      assert.ok(said.some((line) => /^info over: the newest rules are not in force: .* share groups$/u.test(line)));
    });
  },
);

const LOOPBACK = { name: 'lo', index: 1, kind: '', hasProgram: false };
