// A matrix by ends is what planning the path of every two members says, one by one.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { recordChange } from '../../src/core/model/change.ts';
import { applyChange, listRecords } from '../../src/core/model/world.ts';
import { matrixDocument } from '../../src/analysis/matrix-document.ts';
import { MATRIX_KINDS } from '../../src/analysis/matrix-ends.ts';
import { compactWorld } from '../compact.ts';
import { wornWorld } from '../oracle/worn-worlds.ts';
import { checks } from '../property/checks.ts';
import { randomWorld } from '../property/generators.ts';
import { checkEnds, hasShared, type Seen } from './check-ends.ts';

const seen: Seen = { cells: 0, every: 0, some: 0, perhaps: 0 };

test('cells of a matrix are their pairs one by one', () => {
  for (let seed = 1; seed <= checks(40); seed += 1) {
    const world = compactWorld(seed % 3 === 0 ? wornWorld(seed) : randomWorld(seed));
    // Two interfaces with one address are no world of AWS's, though the generator makes such.
    if (hasShared(world)) continue;
    for (const by of MATRIX_KINDS) checkEnds(world, by, { name: `${seed} by ${by}`, seen });
  }
  assert.ok(seen.every > 50 && seen.some > 50 && seen.perhaps > 50, JSON.stringify(seen));
});

test('interfaces whose groups are not known are told of, and are not taken to have none', () => {
  const world = compactWorld(randomWorld(5));
  const [eni] = listRecords(world, 'enis');
  assert.ok(eni !== undefined);
  const vague = applyChange(
    world,
    recordChange('enis', eni, { ...eni, groups: [], groupDoubt: 'a plan leaves it open' }),
  );
  const [before, after] = [world, vague].map((one) => matrixDocument(one, { by: 'group' }));
  assert.ok(before?.ok === true && after?.ok === true);
  assert.equal(before.value.unplaced, 0);
  assert.equal(after.value.unplaced, 1);
  assert.equal(after.value.ends.find(({ id }) => id === 'groups not known')?.interfaces, 1);
});

test('pages and chosen rows are parts of the whole', () => {
  const world = compactWorld(randomWorld(5));
  const whole = matrixDocument(world, { by: 'instance' });
  assert.ok(whole.ok);
  const paged = Array.from({ length: 99 }, (_, at) =>
    matrixDocument(world, { by: 'instance', page: at + 1, size: 2 }),
  ).flatMap((one) => (one.ok ? one.value.rows : []));
  assert.deepEqual(paged, whole.value.rows);
  const chosen = matrixDocument(world, { by: 'instance', from: ['internet'], to: ['internet'] });
  assert.ok(chosen.ok);
  assert.deepEqual(
    chosen.value.rows.map(({ from }) => whole.value.ends[from]?.id),
    ['internet'],
  );
  const wrong = matrixDocument(world, { by: 'group', from: ['interne'] });
  assert.ok(!wrong.ok && wrong.error.suggestions.includes('internet'));
});
