// Wherever an agent is killed while rules are on trial, the machine ends with the rules before or with confirmed ones, whole.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';
import { whyNoKernel } from '../kernel/namespace.ts';
import { AROUND, MachineAgent, OWN, type RunningAgent } from './machine-agent.ts';

const WHY_NOT = whyNoKernel(['nft', 'ip', 'python3']);
const ANY = '0.0.0.0/0';
/** The runs of nft when a port is opened or closed: whether that can be undone, then two transactions. */
const KILLS = [
  { when: 'before', at: 1, isNew: false },
  { when: 'before', at: 2, isNew: false },
  { when: 'before', at: 3, isNew: false },
  { when: 'after', at: 3, isNew: true },
] as const;

describe('an agent that is killed', { skip: WHY_NOT ?? false }, () => {
  let one: MachineAgent;
  before(async () => {
    one = await MachineAgent.start('killed');
  });
  after(async () => await one.close());

  async function startAgain(confirmSeconds?: number): Promise<RunningAgent> {
    const agent = one.startAgent(confirmSeconds);
    // What the server says may still be of the one before.
    await one.until('rules', () => agent.said().includes('is in force'));
    await one.enforced();
    return agent;
  }

  test('is not needed to take back first rules that cut it off: then there are none, as before', async () => {
    await one.rule('egress', 'remove', { cidr: ANY });
    const agent = one.startAgent();
    await one.until('the message', () => agent.said().includes('without them it does'));
    assert.equal(one.rules(), '');
    assert.deepEqual(one.onTrial(), []);
    await one.rule('egress', 'add', { cidr: ANY });
    await one.enforced();
    await one.endAgent(agent, 'SIGTERM');
  });

  /** Kills an agent while a port is opened or closed; gives one that was started again and has done it. */
  async function survive(agent: RunningAgent, kill: (typeof KILLS)[number], isOpen: boolean): Promise<RunningAgent> {
    const [old, what] = [one.rules(), `killed ${kill.when} run ${kill.at}`];
    one.killAt({ agent, ...kill });
    await one.rule('ingress', isOpen ? 'remove' : 'add', { port: 443, cidr: `${AROUND}/32` });
    await once(agent, 'close');
    assert.equal(agent.signalCode, 'SIGKILL');
    const isHeard = (await one.outside.dial(what, OWN, 443)) !== undefined;
    assert.equal(isHeard, isOpen !== kill.isNew, what);
    assert.equal(one.onTrial().length, 1);
    one.bar();
    one.killAt(undefined);
    const second = one.startAgent();
    await one.until('the way back', () => one.onTrial().length === 0);
    assert.ok(one.rules() === old, `${what}: the old rules are back`);
    assert.match(second.said(), /error rules that were on trial when the agent ended were taken back/u);
    one.unbar();
    await one.enforced();
    assert.ok(one.rules() !== old);
    return second;
  }

  test('at any step leaves old or new rules, and the old ones when it starts again', async () => {
    let agent = await startAgain();
    for (const [index, kill] of KILLS.entries()) agent = await survive(agent, kill, index % 2 === 1);
    await one.endAgent(agent, 'SIGTERM');
  });

  test('that is asked to end takes rules back that are on trial, and tries them anew when it starts again', async () => {
    const agent = await startAgain(600);
    const old = one.rules();
    one.bar();
    await one.rule('ingress', 'add', { port: 24, cidr: ANY });
    await one.until('the trial', () => one.onTrial().length === 1 && one.rules() !== old);
    await one.endAgent(agent, 'SIGTERM');
    assert.equal(agent.exitCode, 0, agent.said());
    assert.ok(one.rules() === old);
    assert.deepEqual(one.onTrial(), []);
    one.unbar();
    const second = await startAgain();
    assert.ok(one.rules() !== old);
    await one.endAgent(second, 'SIGTERM');
  });

  test('and never starts again is replaced by its guard', async () => {
    const agent = await startAgain(1);
    const old = one.rules();
    one.killAt({ agent, when: 'after', at: 3 });
    await one.rule('ingress', 'add', { port: 444, cidr: `${AROUND}/32` });
    await once(agent, 'close');
    assert.ok(one.rules() !== old);
    await one.until('the guard', () => one.rules() === old);
    assert.equal(one.onTrial().length, 1, 'the agent is to know of it when it starts');
    one.killAt(undefined);
  });

  test('is the only one: a second agent for the same machine does not start', async () => {
    const agent = await startAgain();
    const second = one.startAgent();
    await once(second, 'close');
    assert.equal(second.exitCode, 74);
    assert.match(second.said(), /another agent works with the folder/u);
    await one.endAgent(agent, 'SIGTERM');
  });
});
