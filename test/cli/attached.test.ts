// What `--attach` takes: words, and files of them.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import * as fc from 'fast-check';
import { type Attached, readAttached } from '../../src/cli/attached.ts';
import { nodeIo } from '../../src/cli/node-io.ts';
import { expectOk } from '../../src/core/net/result.ts';

function fileWith(t: TestContext, text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'crenel-attached-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'attached');
  writeFileSync(path, text);
  return path;
}

const first: Attached = { id: 'eni-1', attachment: { device: 'tap0', mac: '02:00:00:00:00:0a' } };
const second: Attached = { id: 'eni-2', attachment: { device: 'tap1', mac: '02:00:00:00:00:0b' } };

test('words and lines of files are read alike, in order', async (t) => {
  const path = fileWith(t, '# rack 7\r\neni-2=tap1/02:00:00:00:00:0B\r\n\n  # nothing\n  eni-3  \n');
  const words = ['eni-1=tap0/02:00:00:00:00:0a', `@${path}`];
  assert.deepEqual(expectOk(await readAttached(nodeIo(), words)), [first, second, { id: 'eni-3' }]);
  assert.deepEqual(expectOk(await readAttached(nodeIo(), [])), []);
  assert.deepEqual(expectOk(await readAttached(nodeIo(), [`@${fileWith(t, '')}`])), []);
});

test('what is wrong is said with where it stands', async (t) => {
  const one = 'eni-1=tap0/02:00:00:00:00:0a';
  const cases: readonly (readonly [words: readonly string[], why: RegExp])[] = [
    [['eni-1=tap0'], /^--attach eni-1=tap0 is not as eni-0a1b=tap0\//],
    [['eni-1=tap0;reboot/02:00:00:00:00:0a'], /is not as/],
    [['eni-1=tap0/02:00:00:00:00'], /is not as/],
    [['eni 1'], /is not as/],
    [
      ['eni-1=tap0/03:00:00:00:00:0a'],
      /^--attach eni-1=\S+: no interface has the hardware address 03:00:00:00:00:0a, give/,
    ],
    [['eni-1=tap0/FF:FF:FF:FF:FF:FF'], /no interface has the hardware address ff:ff:ff:ff:ff:ff/],
    [['eni-1=tap0/00:00:00:00:00:00'], /no interface has the hardware address 00:00:00:00:00:00/],
    [[`@${fileWith(t, `${one}\neni-2=tap1/01:00:5e:00:00:01\n`)}`], /attached, line 2: eni-2=\S+: no interface has/],
    [[one, one], /eni-1 is attached twice$/],
    [['eni-1', one], /eni-1 is attached twice$/],
    [[one, 'eni-2=tap0/02:00:00:00:00:0b'], /the device tap0 is another's$/],
    [[`@${fileWith(t, `${one}\n\neni-2=/x\n`)}`], /attached, line 3: eni-2=\/x is not as/],
    [[`@${fileWith(t, 'x '.repeat(5000))}`], /attached, line 1: [x ]{80} is not as/],
    [['@/no/such/file'], /^--attach @\/no\/such\/file: \/no\/such\/file does not exist$/],
    [['@/'], /^--attach @\/: cannot read \//],
  ];
  for (const [words, why] of cases) {
    const read = await readAttached(nodeIo(), words);
    assert.match(read.ok ? JSON.stringify(read.value) : read.error, why);
  }
});

test('any text is read or refused', async () => {
  const io = nodeIo();
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: 'binary' }), async (text) => {
      const file = { ...io, readText: async () => await Promise.resolve({ ok: true as const, value: text }) };
      const read = await readAttached(file, ['@any']);
      if (read.ok) for (const { id } of read.value) assert.ok(text.includes(id));
    }),
    { numRuns: 500 },
  );
});
