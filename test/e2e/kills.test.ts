// Whatever is killed, the kernel holds the rules of one revision, whole, and packets keep to them: agent, server and what stands between agent and
// kernel die at random points of many updates, and at the end the newest rules are in force.
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { after, before, describe, test } from 'node:test';
import { Random } from '../../bench/random.ts';
import type { World } from '../../src/core/model/world.ts';
import { delta } from '../../src/nft/delta.ts';
import { pastIn } from '../../src/nft/past.ts';
import { NO_NUMBERS } from '../../src/nft/plan.ts';
import { layoutOver } from '../../src/nft/renumber.ts';
import { Namespace, whyNoKernel } from '../kernel/namespace.ts';
import { comparable } from '../nft/comparable.ts';
import { normalForm } from '../nft/normal-form.ts';
import { checks } from '../property/checks.ts';
import { startAgent } from './agent-process.ts';
import { type Call, Changes, made, worldOf } from './changing-vpc.ts';
import { Cutter } from './cutter.ts';
import { judge, type Revision } from './judged.ts';
import { MACS, Stage, Watch, type Way } from './stage.ts';

const WHY_NOT = whyNoKernel(['nft', 'ip', 'python3', 'conntrack']);
/** Of each way to the kernel. CRENEL_CHECKS=10 makes 200 of them. */
const UPDATES = checks(20);

/** What the nft program has to do begins that much later at most, on a busy machine too; some updates change no rule, and wait in vain. */
const PATIENCE_MS = 1000;
/** So many times what was to be killed must have been there to be killed: while it is not, there are more updates. */
const CAUGHT = UPDATES / 4;
const MOST_UPDATES = 4 * UPDATES;

/** Who is killed in ten updates; `between` is what stands between the agent and the kernel. */
const VICTIMS = [...Array<'between'>(6).fill('between'), 'agent', 'server', 'nobody', 'nobody'] as const;
type Victim = (typeof VICTIMS)[number];

for (const way of ['netlink', 'nft'] as const)
  describe(
    `agent, server and ${way === 'nft' ? 'nft' : 'what speaks netlink'} are killed`,
    { skip: WHY_NOT ?? false },
    () => {
      killsBy(way);
    },
  );

function killsBy(way: Way): void {
  let stage: Stage;
  before(async () => {
    stage = new Stage(way);
    await stage.open();
  });
  after(async () => await stage.close());

  const killed = { between: 0, agent: 0, server: 0 };

  /** Kills what is between the agent and the kernel: it runs all the time, or is waited for and killed in the middle of a change. */
  async function killBetween(random: Random): Promise<void> {
    const deadline = way === 'nft' ? performance.now() + PATIENCE_MS : 0;
    while (stage.agent.children().length === 0 && performance.now() < deadline) await sleep(1);
    await sleep(random.between(0, way === 'nft' ? 12 : 40));
    for (const pid of stage.agent.children()) {
      try {
        process.kill(pid, 'SIGKILL');
        killed.between += 1;
      } catch {
        // It was through.
      }
    }
  }

  async function kill(victim: Exclude<Victim, 'nobody'>, random: Random): Promise<void> {
    if (victim === 'between') {
      await killBetween(random);
      return;
    }
    await sleep(random.between(0, 60));
    killed[victim] += 1;
    if (victim === 'server') {
      await stage.killServer(random.between(0, 200));
      return;
    }
    await stage.agent.end('SIGKILL');
    await sleep(random.between(0, 100));
    stage.enforce();
  }

  async function revisionOf(says: string, sentAt: number): Promise<Revision> {
    const world = await worldOf(stage.server.url);
    return { says, sentAt, world, form: stage.formOf(world) };
  }

  /** Makes one call, over and over until somebody answers, while something is killed. */
  async function update(call: Call, victim: Victim, random: Random): Promise<Revision> {
    // Mostly what is killed is at work; sometimes it is only beginning.
    if (victim !== 'nobody' && random.chance(0.8)) await stage.hears('is in force');
    const sentAt = performance.now();
    const killing = victim === 'nobody' ? undefined : kill(victim, random);
    let isMade = await made(call, stage.client);
    await killing;
    while (!isMade) isMade = await made(call, stage.client);
    return await revisionOf(call.says, sentAt);
  }

  const title = `at random points of ${UPDATES} updates, and the rules in force are always those of one revision`;
  test(title, { timeout: 600_000 + UPDATES * 10_000 }, async (context) => {
    const random = new Random(11);
    const changes = new Changes(stage.ids, new Random(12));
    const revisions = [await revisionOf('the beginning', 0)];
    let victims: readonly Victim[] = [];
    await stage.soon(async () => normalForm(await stage.table()) === revisions[0]?.form);
    const watch = new Watch(stage);
    try {
      for (let n = 0; n < UPDATES || (killed.between < CAUGHT && n < MOST_UPDATES); n += 1) {
        if (victims.length === 0) victims = random.sample(VICTIMS, VICTIMS.length);
        const [victim = 'nobody', ...others] = victims;
        victims = others;
        revisions.push(await update(changes.next(), victim, random));
        await watch.look();
        await sleep(random.between(0, 60));
      }
      await stage.soon(async () => normalForm(await stage.table()) === revisions.at(-1)?.form);
    } finally {
      await watch.stop();
    }
    const newest = revisions.at(-1);
    assert.ok(newest !== undefined);
    const judged = judge(revisions, watch.tables, watch.sendings);
    const said = JSON.stringify({ ...killed, tables: watch.tables.length, ...judged });
    context.diagnostic(said);
    assert.ok(killed.between >= CAUGHT && killed.agent > UPDATES / 12 && killed.server > UPDATES / 12, said);
    assert.ok(judged.passed > 5 * UPDATES && judged.refused > 5 * UPDATES && judged.revisions > UPDATES / 4, said);
    // Nothing is left of what was killed: an agent that begins anew would find nothing to do.
    await stage.soon(async () =>
      /"condition": ?"enforcing"/u.test(await (await fetch(`${stage.server.url}/crenel/v1/hosts`)).text()),
    );
    const actual = await stage.table();
    const previous = { ...NO_NUMBERS, past: pastIn(actual.sets) ?? NO_NUMBERS.past };
    const anew = layoutOver(stage.viewOf(newest.world), stage.wiring, { actual, previous });
    assert.deepEqual(delta(actual, anew.ruleset).transactions, []);
  });

  /** All that the kernel holds, numbers and names included. */
  async function held(): Promise<unknown> {
    return comparable(await stage.table());
  }

  /** Packets that are judged by the rules of a world alone. */
  async function probeBy(world: World): Promise<void> {
    const revision = { says: 'the newest', sentAt: 0, world, form: '' };
    const judged = judge([revision], [], [...(await stage.probe()), ...(await stage.probe())]);
    assert.ok(judged.passed > 0 && judged.refused > 0 && judged.either === 0, JSON.stringify(judged));
  }

  test('and it begins anew: nothing opens, nothing closes, before, meanwhile and after', async () => {
    const world = await worldOf(stage.server.url);
    for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
      const old = await held();
      await stage.agent.end(signal);
      assert.deepEqual(await held(), old);
      await probeBy(world);
      stage.enforce();
      await stage.hears('is in force');
      assert.deepEqual(await held(), old);
      await probeBy(world);
    }
  });

  test(
    'and comes back to half a snapshot: nothing is changed before it has a whole one',
    { skip: way === 'nft' && 'what it takes from the server is the same whatever is between it and the kernel' },
    async () => {
      await stage.agent.end('SIGKILL');
      const world = await worldOf(stage.server.url);
      const old = await held();
      const changes = new Changes(stage.ids, new Random(13));
      for (let n = 0; n < 5; n += 1) assert.ok(await made(changes.next(), stage.client));
      const cutter = new Cutter(new URL(stage.server.url));
      try {
        const whole = await lengthOfSnapshot(cutter);
        for (const share of [0.3, 0.6, 0.95]) {
          cutter.most = Math.floor(whole * share);
          stage.enforce(await cutter.url());
          await stage.hears('the server speaks');
          await sleep(500);
          assert.doesNotMatch(stage.agent.said(), /is in force/u, `${share} of ${whole} bytes`);
          assert.deepEqual(await held(), old);
          await stage.agent.end('SIGKILL');
        }
        await probeBy(world);
      } finally {
        cutter.close();
        stage.enforce();
      }
      await stage.hears('is in force');
      await probeBy(await worldOf(stage.server.url));
    },
  );

  /** How many bytes tell a host all that it must know, by a host that has nothing to change. */
  async function lengthOfSnapshot(cutter: Cutter): Promise<number> {
    const namespace = new Namespace('snapshot');
    const attached = [`${stage.ids.a}=e0/${MACS.a}`, `${stage.ids.b}=e1/${MACS.b}`];
    const where = ['--host', 'h2', '--netns', namespace.name, '--endpoint', await cutter.url()];
    const agent = startAgent([...where, '--attach', ...attached], stage.server.env);
    try {
      await stage.soon(() => agent.said().includes('is in force'));
      return cutter.longest;
    } finally {
      await agent.end('SIGKILL');
      namespace.close();
    }
  }
}
