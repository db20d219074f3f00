// Exports as files: pages, large files, and files that are wrong in every way. Nothing is lost in silence, nothing thrown.
import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { readWorld, readWorlds } from '../../src/cli/world-source.ts';
import { expectOk } from '../../src/core/net/result.ts';
import { listRecords, type World } from '../../src/core/model/world.ts';
import { exportText } from '../../src/formats/export.ts';

const EXAMPLE = fileURLToPath(new URL('../../examples/three-tier/world/', import.meta.url));

let folder = '';
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'crenel-'));
});
after(async () => {
  await rm(folder, { recursive: true });
});

const textOf = (world: World): string => [...exportText(world)].join('');

async function written(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

describe('reading files', () => {
  test('bit by bit gives what reading whole gives', async () => {
    const whole = expectOk(await readWorld(EXAMPLE)).world;
    const streamed = expectOk(await readWorld(EXAMPLE, { wholeBytes: 0 })).world;
    assert.equal(textOf(streamed), textOf(whole));
  });

  test('one combined file, pages one after another in a file, and our own export', async () => {
    const names = (await readdir(EXAMPLE)).toSorted();
    const texts = await Promise.all(names.map(async (name) => await readFile(join(EXAMPLE, name), 'utf8')));
    const whole = expectOk(await readWorld(EXAMPLE)).world;
    const combined = Object.assign({}, ...texts.map((text) => JSON.parse(text) as object)) as object;
    for (const content of [texts.join('\n'), JSON.stringify(combined), textOf(whole)])
      for (const wholeBytes of [0, 1e9]) {
        const path = await written('one.json', content);
        assert.equal(textOf(expectOk(await readWorld(path, { wholeBytes })).world), textOf(whole));
      }
  });

  const wrong: readonly (readonly [string, string | Uint8Array, RegExp])[] = [
    [
      'truncated',
      '{"Vpcs": [{"VpcId": "vpc-1"',
      /wrong\.json:1 \(byte 28\): the document ends too early: it is truncated/,
    ],
    ['nothing but text', 'An error occurred (UnauthorizedOperation)', /wrong\.json:1 \(byte 1\): expected an object/],
    ['a list', '[1]', /expected an object with a member such as "SecurityGroups"/],
    ['a broken element', '{"Vpcs": [\n{"VpcId" "vpc-1"}\n]}', /wrong\.json:2: not JSON/],
    ['a wrong type', '{"Vpcs": [{"VpcId": 7}]}', /wrong\.json.*Vpcs\[0\]\.VpcId: expected text; found 7/],
    ['a wrong CIDR', '{"Subnets": [{"SubnetId": "s", "VpcId": "v", "CidrBlock": "10.0.0.0"}]}', /CidrBlock/],
    ['bytes that are no text', Uint8Array.from([123, 34, 255, 34, 58, 49, 125]), /not valid text/],
    ['a binary file', Uint8Array.from([0x1f, 0x8b, 8, 0]), /expected an object/],
  ];
  for (const [name, content, message] of wrong)
    test(`refused with file and place: ${name}`, async () => {
      const path = await written('wrong.json', content);
      for (const wholeBytes of [0, 1e9]) {
        const read = await readWorld(path, { wholeBytes });
        assert.ok(!read.ok);
        assert.equal(read.error.kind, 'malformed');
        assert.match(read.error.message, message);
      }
    });

  test('a file that cannot be read is another kind of fault', async () => {
    const read = await readWorld(join(folder, 'nowhere.json'));
    assert.ok(!read.ok && read.error.kind === 'io');
  });

  test('changed bytes give a world or a fault with its file, whole or bit by bit', async () => {
    const names = (await readdir(EXAMPLE)).toSorted();
    const contents = await Promise.all(names.map(async (name) => await readFile(join(EXAMPLE, name))));
    const edit = fc.record({ at: fc.nat(), value: fc.nat({ max: 255 }) });
    await fc.assert(
      fc.asyncProperty(
        fc.nat({ max: names.length - 1 }),
        fc.array(edit, { minLength: 1, maxLength: 5 }),
        fc.boolean(),
        async (index, edits, isWhole) => {
          const bytes = Uint8Array.from(contents[index] ?? []);
          for (const { at, value } of edits) bytes[at % bytes.length] = value;
          const read = await readWorld(await written('fuzzed.json', bytes), { wholeBytes: isWhole ? 1e9 : 0 });
          if (!read.ok) assert.match(read.error.message, /fuzzed\.json/);
        },
      ),
      { numRuns: 300 },
    );
  });
});

const EXPORTS = process.env['CRENEL_EXPORTS'];

describe('real exports', { skip: EXPORTS === undefined ? 'set CRENEL_EXPORTS to a folder of exports' : false }, () => {
  test('are read, and their own exports read the same', async () => {
    const root = EXPORTS ?? '';
    const folders = (await readdir(root, { withFileTypes: true })).filter((entry) => entry.isDirectory());
    assert.ok(folders.length > 0);
    for (const { name } of folders) {
      const read = await readWorld(join(root, name));
      assert.ok(read.ok, read.ok ? '' : read.error.message);
      const text = textOf(read.value.world);
      const path = await written('real.json', text);
      assert.ok(textOf(expectOk(await readWorld(path)).world) === text, name);
    }
  });
});

test('a template is a world by itself, read at once or bit by bit', async () => {
  const path = fileURLToPath(new URL('cloudformation/tiers.yaml', import.meta.url));
  for (const wholeBytes of [1, 1_000_000]) {
    const read = expectOk(await readWorlds(path, { wholeBytes }));
    assert.equal(read.kind, 'cloudformation');
    assert.equal([...listRecords(read.after.world, 'groups')].length, 4);
  }
});
