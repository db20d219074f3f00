// The three-tier example on real Linux: every probe gets through exactly where evaluate lets it, and nothing is left behind. Beside agents,
// a server's own lab is a host like any other: what it enforces, what it counted, and what is wrong with it.
import assert from 'node:assert/strict';
import { spawn, spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Lock } from '../../src/agent/lock.ts';
import { Lab, whyNoLab } from '../../src/agent/lab/lab.ts';
import { LabFollower } from '../../src/agent/lab/lab-follower.ts';
import { writeRegister } from '../../src/agent/lab/register.ts';
import { runTraffic } from '../../src/agent/lab/traffic.ts';
import { startLab } from '../../src/cli/serve/server-lab.ts';
import { readWorld } from '../../src/cli/world-source.ts';
import { recordChange } from '../../src/core/model/change.ts';
import { applyChange, getRecord, listRecords, type World } from '../../src/core/model/world.ts';
import { expectOk, fail, ok } from '../../src/core/net/result.ts';
import { Control } from '../../src/server/control/control.ts';
import { Draft } from '../../src/server/control/draft.ts';
import { importWorld } from '../../src/server/control/import-world.ts';
import { openLog } from '../../src/server/http/log.ts';
import { AgentApi, type HostsDocument } from '../../src/server/native/agent-api.ts';
import type { HitCount, HitOwner, NotCounted } from '../../src/server/native/hits.ts';
import { MemoryStore } from '../../src/server/store/memory.ts';
import { type Run, run } from '../cli/run-cli.ts';
import { until } from '../server/listener.ts';
import { asId } from '../../src/core/model/ids.ts';
import { compactWorld } from '../compact.ts';
import { holdLab, turnAtLabs } from './lab-turn.ts';
import { whyNoKernel } from './namespace.ts';

const EXAMPLE = fileURLToPath(new URL('../../examples/three-tier/world', import.meta.url));
const TURN = await turnAtLabs();
const WHY_NOT = whyNoLab() ?? whyNoKernel(['ping']) ?? TURN.whyNot;
after(() => TURN.end());

describe('the lab', { skip: WHY_NOT ?? false }, () => {
  const lab = new Lab();
  let world: World;
  let lock: Lock;
  before(async () => {
    lock = await holdLab();
    const read = await readWorld(EXAMPLE);
    assert.ok(read.ok);
    world = read.value.world;
    expectOk(await lab.build(world));
  });
  after(async () => {
    expectOk(await lab.close());
    assert.doesNotMatch(namespaces(), /crl-/u, 'nothing is left behind');
    lock.release();
  });

  async function compare(now: World): Promise<number> {
    assert.ok(lab.plan !== undefined);
    const seen = expectOk(await runTraffic(now, lab.plan));
    assert.deepEqual(
      seen.filter((one) => one.expected !== one.seen),
      [],
    );
    return seen.filter((one) => one.seen === 'allow').length;
  }

  test('lets through what evaluate lets through, on every pair, over both families', async () => {
    const allowed = await compare(world);
    assert.ok(allowed > 100, String(allowed));
  });

  test('follows changes: a rule that goes, an instance that ends, one that comes back', async () => {
    const group = [...listRecords(world, 'groups')].find(({ name }) => name === 'db');
    const instance = [...listRecords(world, 'instances')].find(({ id }) => lab.plan?.instances.has(id));
    assert.ok(group !== undefined && instance !== undefined);
    const closed = applyChange(world, recordChange('groups', group, { ...group, rules: [] }));
    const ended = applyChange(closed, recordChange('instances', instance, { ...instance, state: 'terminated' }));
    expectOk(await lab.build(ended));
    assert.equal(lab.plan?.instances.has(instance.id), false);
    assert.ok(!namespaces().includes(instance.id));
    await compare(ended);
    expectOk(await lab.build(world));
    assert.ok(namespaces().includes(getRecord(world, 'instances', instance.id)?.id ?? '?'));
    await compare(world);
  });

  test('its guests are root, and still do not reach their rules', async () => {
    const drift = async (): Promise<readonly (readonly unknown[])[]> =>
      [...expectOk(await lab.verify()).values()].map(({ commands }) => commands);
    assert.ok((await drift()).every((commands) => commands.length === 0));
    const [namespace] = [...(lab.plan?.instances.values() ?? [])];
    assert.ok(namespace !== undefined);
    const guest = (...command: readonly string[]): SpawnSyncReturns<string> =>
      spawnSync('ip', ['netns', 'exec', namespace, ...command], { encoding: 'utf8' });
    assert.equal(guest('nft', 'list', 'ruleset').stdout, '', 'there are no rules in a guest');
    assert.equal(guest('nft', 'flush', 'ruleset').status, 0);
    assert.notEqual(guest('nft', 'delete', 'table', 'inet', 'crenel').status, 0);
    assert.ok((await drift()).every((commands) => commands.length === 0));
    await compare(world);
  });

  test('tells where probes cannot be sent, and takes it neither for allowed nor for refused', async () => {
    const [first] = lab.plan?.instances ?? [];
    assert.ok(first !== undefined && lab.plan !== undefined);
    const [id, namespace] = first;
    const name = getRecord(world, 'instances', id)?.tags.find(({ key }) => key === 'Name')?.value;
    spawnSync('ip', ['netns', 'del', namespace]);
    const seen = await runTraffic(world, lab.plan);
    assert.match(
      seen.ok ? 'compared' : seen.error,
      new RegExp(`^probes at ${name} cannot be sent: .*namespace "${namespace}"`, 'u'),
    );
  });

  test('what a crash left behind goes at the next start', async () => {
    assert.ok(expectOk(await Lab.clean()) > 5);
    const again = new Lab();
    expectOk(await again.build(world));
    const drifts = expectOk(await again.verify());
    for (const { commands } of drifts.values()) assert.deepEqual(commands, []);
  });
});

describe('two labs on one machine', { skip: WHY_NOT ?? false }, () => {
  const world = pair('b', true);
  const faults: string[] = [];
  const follower = (): LabFollower =>
    new LabFollower(() => ({ world, revision: 1 }), {
      built: () => undefined,
      failed: (message) => faults.push(message),
      warned: () => undefined,
      repaired: () => undefined,
    });
  const [first, second] = [follower(), follower()];
  after(async () => {
    await first.close();
    await second.close();
  });
  const cli = async (words: string): Promise<Run> => await run(`lab ${words}`, { world });

  test('do not take each other down: the second one is refused, and says whose the first is', async () => {
    expectOk(await first.start());
    const standing = namespaces();
    const refused = await second.start();
    assert.ok(!refused.ok);
    assert.match(refused.error, new RegExp(`^process ${process.pid} has a lab on this machine already: end it`, 'u'));
    const third = follower();
    assert.ok(!(await third.start()).ok);
    await third.close();
    assert.equal(namespaces(), standing, 'who was refused takes nothing down when it ends');
    const up = await cli('up');
    assert.deepEqual([up.status, up.stdout], [74, '']);
    const down = await cli('down');
    assert.equal(down.status, 74);
    assert.match(down.stderr.replaceAll(/\s+/gu, ' '), new RegExp(`process ${process.pid} has the lab: end that`, 'u'));
    assert.equal((await cli('status')).status, 0);
    assert.equal(namespaces(), standing);
    assert.deepEqual(faults, []);
  });

  test('what is left of one that was killed is told apart from one that is up', async () => {
    await first.close();
    writeRegister([{ id: 'i-a', name: 'a', namespace: 'crl-i-a', addresses: [] }]);
    const status = await cli('status');
    assert.equal(status.status, 1);
    assert.match(status.stdout.replaceAll(/\s+/gu, ' '), /was killed, and left 1 instance behind/u);
    assert.equal((await cli('down')).status, 0);
    assert.match((await cli('status')).stdout, /^No lab is up\./u);
    expectOk(await second.start());
  });
});

const REALM = { accountId: '111122223333', region: 'eu-west-1' };
const DB = 'sg-0db00000000000001';
const FROM_APP = 'sgr-000000000005a0012';

/** Asks for a connection, which nobody takes: what lets it through refuses it at once, however long that takes on a busy machine. */
function open(instance: string, address: string, port: number, patienceSeconds = 10): void {
  const command = ['-c', `timeout ${patienceSeconds} bash -c 'exec 3<>/dev/tcp/${address}/${port}'`];
  spawnSync('ip', ['netns', 'exec', `crl-i-i-${instance}`, 'bash', ...command]);
}

const nobody: ConstructorParameters<typeof AgentApi>[0]['authenticate'] = () =>
  fail({ code: 'AuthFailure', message: 'nobody asks', status: 401 });

describe("a server's own lab", { skip: WHY_NOT ?? false, timeout: 60_000 }, () => {
  let control: Control;
  let agents: AgentApi;
  let stop: (() => Promise<void>) | undefined;
  const relays = mkdtempSync(join(tmpdir(), 'crenel-relays-'));
  const PATH_BEFORE = process.env['PATH'] ?? '';
  before(async () => {
    const read = await readWorld(EXAMPLE);
    assert.ok(read.ok);
    control = expectOk(await Control.open(new MemoryStore(), setImmediate));
    expectOk(await importWorld(control, REALM, read.value.world));
    agents = new AgentApi({ control, authenticate: nobody, now: Date.now, epoch: 'e' });
    const log = openLog({ write: () => undefined }, 'silent');
    // Without a relay for netlink the lab tells the kernel by the nft program, which a test below can make fail.
    for (const relay of ['perl', 'python3']) {
      writeFileSync(join(relays, relay), '#!/bin/sh\nexit 1\n');
      chmodSync(join(relays, relay), 0o755);
    }
    process.env['PATH'] = `${relays}:${PATH_BEFORE}`;
    stop = expectOk(await startLab({ ...REALM, withLab: true }, { control, agents, log, lookMs: 100 }));
  });
  after(async () => {
    await stop?.();
    process.env['PATH'] = PATH_BEFORE;
    rmSync(relays, { recursive: true });
  });

  const lab = (): HostsDocument['hosts'][number] => agents.list(REALM).hosts[0] ?? assert.fail('no host');
  const countOf = (owner: HitOwner, item: string): HitCount | NotCounted | undefined =>
    agents.hits(REALM, control.estate(REALM).world, owner).counts[item];
  const packets = (owner: HitOwner, item: string): number => {
    const count = countOf(owner, item);
    return count !== undefined && 'packets' in count ? count.packets : -1;
  };

  async function changeGroup(description: string): Promise<void> {
    await control.submit(REALM, (estate) => {
      const draft = new Draft(estate);
      const group = getRecord(estate.world, 'groups', DB) ?? assert.fail();
      draft.put('groups', { ...group, description, rules: group.rules.slice(0, -1) });
      return ok({ estate: draft.estate, value: undefined });
    });
  }

  test('is a host that enforces the newest revision', () => {
    const { host, mode, condition, enforcedRevision } = lab();
    assert.deepEqual([host, mode, condition, enforcedRevision], ['lab', 'lab', 'enforcing', control.revision]);
    assert.equal(agents.list(REALM).note, undefined);
    assert.match(agents.list({ ...REALM, region: 'us-east-1' }).note ?? '', /records only/u);
  });

  test('counts what passes at rules and entries', async () => {
    const rules = { kind: 'groups', id: DB } as const;
    await until(() => packets(rules, FROM_APP) === 0);
    open('0a99100000000000000', '10.0.21.11', 5432);
    open('03eb100000000000000', '10.0.21.11', 5432, 0.5);
    await until(() => packets(rules, FROM_APP) === 1);
    const { hosts, asOf } = agents.hits(REALM, control.estate(REALM).world, rules);
    assert.deepEqual([hosts.length, hosts[0]?.host, asOf === null], [1, 'lab', false]);
  });

  test('is put right when somebody changes its rules, and says so', async () => {
    const router = spawnSync('ip', ['netns', 'list'], { encoding: 'utf8' }).stdout.match(/crl-r-\S+/u)?.[0] ?? '';
    let drift = lab().drift;
    spawnSync('ip', ['netns', 'exec', router, 'nft', 'delete', 'table', 'inet', 'crenel']);
    await until(() => {
      drift ??= lab().drift;
      return drift !== undefined;
    });
    assert.equal(drift?.isRepaired, true);
    await until(() => lab().drift === undefined);
  });

  test('is degraded while its newest rules cannot be loaded, and comes back by itself', async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'crenel-nft-'));
    const { PATH } = process.env;
    t.after(() => {
      process.env['PATH'] = PATH;
      rmSync(folder, { recursive: true });
    });
    writeFileSync(join(folder, 'nft'), '#!/bin/sh\necho "Error: the kernel is tired" >&2\nexit 1\n');
    chmodSync(join(folder, 'nft'), 0o755);
    const known = lab().enforcedRevision;
    process.env['PATH'] = `${folder}:${PATH}`;
    await changeGroup('changed');
    // Building and looking meet the same fault, in whichever order; neither hides the other.
    const faults = [/newest rules are not in force: .*the kernel is tired/u, /kernel cannot be read back: .*is tired/u];
    await until(() => faults.every((fault) => fault.test(lab().problem ?? '')));
    assert.equal(lab().condition, 'degraded');
    assert.equal(lab().enforcedRevision, known);
    process.env['PATH'] = PATH;
    await until(() => lab().condition === 'enforcing');
    assert.equal(lab().enforcedRevision, control.revision);
  });

  test('is built anew when somebody deletes a namespace of it', async () => {
    const [name = ''] = /crl-i-\S+/u.exec(namespaces()) ?? [];
    assert.equal(spawnSync('ip', ['netns', 'del', name]).status, 0);
    await until(() => (lab().problem ?? '').endsWith(`somebody deleted the namespace ${name}`));
    assert.equal(lab().condition, 'degraded');
    await until(() => lab().condition === 'enforcing');
    assert.ok(namespaces().includes(name));
    assert.equal(lab().enforcedRevision, control.revision);
  });
});

/** Two instances, the second one with a name of its own at an address that stays; its groups let nothing in but on the first day. */
function pair(second: string, isOpen: boolean): World {
  const group = { vpc: 'V1', ingress: isOpen ? ['udp/7000 10.0.1.10/32'] : [], egress: [] };
  return compactWorld({
    vpcs: { V1: { cidrs: ['10.0.0.0/16'] } },
    subnets: { S1: { vpc: 'V1', cidrs: ['10.0.1.0/24'] } },
    groups: { A: { vpc: 'V1' }, B: group },
    instances: { 'i-a': {}, [`i-${second}`]: {} },
    enis: {
      a: { subnet: 'S1', addresses: ['10.0.1.10'], groups: ['A'], instance: 'i-a' },
      [second]: { subnet: 'S1', addresses: ['10.0.1.20'], groups: ['B'], instance: `i-${second}` },
    },
  });
}

/** Sends to the second instance every millisecond, always in the same flow. */
const FLOOD = `
import socket, time
one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
one.bind(("10.0.1.10", 5000))
while True:
    try:
        one.sendto(b"x", ("10.0.1.20", 7000))
    except OSError:
        pass
    time.sleep(0.001)
`;

describe('an instance of the lab that takes the address of another', { skip: WHY_NOT ?? false }, () => {
  const lab = new Lab();
  let lock: Lock;
  before(async () => {
    lock = await holdLab();
  });
  after(async () => {
    expectOk(await lab.close());
    lock.release();
  });

  /** Datagrams that arrived in an instance. */
  function datagrams(id: string): number {
    const namespace = lab.plan?.instances.get(asId(id)) ?? '';
    const { stdout } = spawnSync('ip', ['netns', 'exec', namespace, 'cat', '/proc/net/snmp'], { encoding: 'utf8' });
    const [names, values] = stdout.split('\n').filter((text) => text.startsWith('Udp:'));
    const at = (name: string): number => Number(values?.split(' ')[names?.split(' ').indexOf(name) ?? -1]);
    return at('InDatagrams') + at('NoPorts');
  }

  test('gets none of the packets of its flows, not even while it comes', async () => {
    expectOk(await lab.build(pair('b', true)));
    const flood = spawn('ip', ['netns', 'exec', lab.plan?.instances.get(asId('i-a')) ?? '', 'python3', '-c', FLOOD]);
    try {
      await until(() => datagrams('i-b') > 50);
      for (const heir of ['heir', 'another', 'third']) {
        expectOk(await lab.build(pair(heir, false)));
        await setTimeout(200);
        assert.equal(datagrams(`i-${heir}`), 0);
      }
      expectOk(await lab.build(pair('third', true)));
      await until(() => datagrams('i-third') > 50);
    } finally {
      flood.kill();
    }
  });
});

function namespaces(): string {
  return spawnSync('ip', ['netns', 'list'], { encoding: 'utf8' }).stdout;
}
