// The three-tier example on real Linux: every probe gets through exactly where evaluate lets it, and nothing is left behind.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Lab, whyNoLab } from '../../src/agent/lab/lab.ts';
import { runTraffic } from '../../src/agent/lab/traffic.ts';
import { readWorld } from '../../src/cli/world-source.ts';
import { recordChange } from '../../src/core/model/change.ts';
import { applyChange, getRecord, listRecords, type World } from '../../src/core/model/world.ts';
import { expectOk } from '../../src/core/net/result.ts';
import { whyNoKernel } from './namespace.ts';

const EXAMPLE = fileURLToPath(new URL('../../examples/three-tier/world', import.meta.url));
const WHY_NOT = whyNoLab() ?? whyNoKernel(['ping']) ?? whyOthers();

/** A lab that somebody else runs is not ours to remove. */
function whyOthers(): string | undefined {
  const { stdout } = spawnSync('ip', ['netns', 'list'], { encoding: 'utf8' });
  return stdout.includes('crl-') ? 'a lab is up on this machine already' : undefined;
}

describe('the lab', { skip: WHY_NOT ?? false }, () => {
  const lab = new Lab();
  let world: World;
  before(async () => {
    const read = await readWorld(EXAMPLE);
    assert.ok(read.ok);
    world = read.value.world;
    expectOk(await lab.build(world));
  });
  after(async () => {
    expectOk(await lab.close());
    assert.doesNotMatch(namespaces(), /crl-/u, 'nothing is left behind');
  });

  async function compare(now: World): Promise<number> {
    assert.ok(lab.plan !== undefined);
    const seen = await runTraffic(now, lab.plan);
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

  test('what a crash left behind goes at the next start', async () => {
    assert.ok(expectOk(await Lab.clean()) > 5);
    const again = new Lab();
    expectOk(await again.build(world));
    const drifts = expectOk(await again.verify());
    for (const { commands } of drifts.values()) assert.deepEqual(commands, []);
  });
});

function namespaces(): string {
  return spawnSync('ip', ['netns', 'list'], { encoding: 'utf8' }).stdout;
}
