// Rules that cut a machine off from its server are taken back, whatever hid that from the interpreter, and whenever the agent is killed.
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { after, before, describe, test } from 'node:test';
import { whyNoKernel } from '../kernel/namespace.ts';
import { AROUND, CONFIRM_SECONDS, MachineAgent, OWN } from './machine-agent.ts';

const WHY_NOT = whyNoKernel(['nft', 'ip', 'python3']);
const ANY = '0.0.0.0/0';

describe('rules on trial', { skip: WHY_NOT ?? false }, () => {
  let one: MachineAgent;
  before(async () => {
    one = await MachineAgent.start('trial');
  });
  after(async () => await one.close());

  test('are confirmed by a new connection; older ones live on where a rule would let them begin', async () => {
    assert.equal(await one.outside.dial('ssh', OWN, 22), AROUND);
    assert.equal(await one.outside.dial('web', OWN, 443), AROUND);
    await one.rule('ingress', 'add', { port: 22, cidr: `${AROUND}/32` });
    const agent = one.startAgent();
    await one.enforced();
    assert.deepEqual([await one.outside.isHeard('ssh'), await one.outside.isHeard('web')], [true, false]);
    assert.deepEqual(one.onTrial(), []);
    await one.endAgent(agent, 'SIGTERM');
    assert.equal(agent.exitCode, 0);
  });

  test('are taken back when they cut off what the interpreter cannot see, and not tried over and over', async () => {
    const agent = one.startAgent();
    await one.enforced();
    await one.rule('egress', 'add', { port: 443, cidr: ANY });
    await one.enforced();
    const good = one.rules();
    await one.rule('egress', 'remove', { cidr: ANY });
    await one.until('the report', async () => (await one.host())['condition'] === 'degraded');
    assert.ok(one.rules() === good);
    const { problem, enforcedRevision, newest } = await one.host();
    assert.match(String(problem), /taken back within \d seconds: with them this machine did not reach its server/u);
    assert.ok(Number(enforcedRevision) < Number(newest));
    assert.match(agent.said(), /error the newest rules are not in force: revision \d+: they were taken back/u);
    assert.deepEqual(one.onTrial(), []);
    // A newer revision that says the same is no reason to cut the machine off again.
    await one.rule('ingress', 'add', { port: 23, cidr: ANY });
    await one.until('the message', () => agent.said().split('they were taken back').length > 2);
    await one.rule('ingress', 'remove', { port: 23, cidr: ANY });
    await one.until('the message', () =>
      agent.said().includes('these rules were taken back; they are tried once more'),
    );
    assert.ok(one.rules() === good);
    assert.equal(await one.outside.isHeard('ssh'), true);
    await one.rule('egress', 'add', { cidr: ANY });
    await one.enforced();
    assert.equal((await one.host())['problem'], undefined);
    await one.endAgent(agent, 'SIGTERM');
  });

  test('are tried again when it was not they who kept the server away', async () => {
    const agent = one.startAgent();
    await one.enforced();
    const good = one.rules();
    one.bar();
    await one.rule('ingress', 'add', { port: 24, cidr: ANY });
    await one.until('the message', () =>
      agent.said().includes('and does not without them either; they are tried again when it does'),
    );
    assert.ok(one.rules() === good);
    await sleep(CONFIRM_SECONDS * 1000);
    assert.ok(one.rules() === good, 'nothing is tried while the server is away');
    one.unbar();
    await one.enforced();
    assert.ok(one.rules() !== good);
    await one.endAgent(agent, 'SIGTERM');
  });
});
