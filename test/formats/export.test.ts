// A world that is exported and read again is the same world, and its export the same text.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readWorld } from '../../src/cli/world-source.ts';
import { expectOk } from '../../src/core/net/result.ts';
import { isEmptyChange } from '../../src/core/model/change.ts';
import { changeBetween, type World, worldOf } from '../../src/core/model/world.ts';
import { evaluate } from '../../src/core/policy/evaluate.ts';
import { DescribeReader } from '../../src/formats/describe.ts';
import { exportText } from '../../src/formats/export.ts';
import { generateRecords } from '../../bench/world.ts';
import { packetQuestion } from '../cases/packet-question.ts';
import { type Compact, compactWorld } from '../compact.ts';
import { randomQuestions, randomWorld } from '../property/generators.ts';

const EXAMPLE = fileURLToPath(new URL('../../examples/three-tier/world', import.meta.url));

const textOf = (world: World): string => [...exportText(world)].join('');

function reread(text: string): World {
  const reader = new DescribeReader();
  expectOk(reader.add('export.json', JSON.parse(text)));
  return expectOk(reader.finish()).world;
}

function assertRoundTrip(world: World): void {
  const text = textOf(world);
  const again = reread(text);
  for (const change of Object.values(changeBetween(world, again))) {
    assert.deepEqual([change.added, change.removed], [[], []]);
    // Each by itself: the difference of whole worlds would be a book.
    for (const [from, to] of change.updated) assert.deepEqual(to, from);
  }
  assert.deepEqual([...again.missing].toSorted(), [...world.missing].toSorted());
  assert.ok(textOf(again) === text, 'the same text');
}

describe('export', () => {
  test('of the example', async () => {
    assertRoundTrip(expectOk(await readWorld(EXAMPLE)).world);
  });

  test('of a generated estate', () => {
    const { world } = readBack(worldOf(generateRecords({ enis: 300, groups: 60, subnets: 12 })));
    assertRoundTrip(world);
  });

  test('of random worlds: what is read back gives the same verdicts, and from then on the same text', () => {
    for (let seed = 0; seed < 150; seed += 1) {
      const compact = awsNames(randomWorld(seed));
      const before = compactWorld(compact);
      const { world } = readBack(before);
      assertRoundTrip(world);
      for (const question of randomQuestions(compact, seed, 20)) {
        const [one, two] = [before, world].map((own) => {
          const { origin, packet } = packetQuestion(own, question);
          return evaluate(own, origin, packet).outcome;
        });
        assert.equal(two, one, `seed ${seed}, ${JSON.stringify(question)}`);
      }
    }
  });

  test('an empty world is an empty document', () => {
    assert.equal(isEmptyChange(changeBetween(worldOf({}), reread(textOf(worldOf({}))))), true);
  });
});

/** What the world is once it has been printed and read: rules in AWS's normal forms. */
function readBack(world: World): { readonly world: World } {
  return { world: reread(textOf(world)) };
}

/** AWS tells gateways of a route apart by the beginning of their ids. */
function awsNames(compact: Compact): Compact {
  return JSON.parse(JSON.stringify(compact).replaceAll(/\bG(V\d)/g, 'igw-$1')) as Compact;
}
