// Values for the parameters of templates: where they come from, which come first, and that none is passed over in silence.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expectOk, fail, ok } from '../../src/core/net/result.ts';
import { givenParameters, unusedFault } from '../../src/cli/template-parameters.ts';
import type { Export } from '../../src/formats/describe.ts';
import { run } from './run-cli.ts';
import { smallWorld } from './small-world.ts';

const io = (text: string | undefined): Parameters<typeof givenParameters>[0] => ({
  readText: (path) =>
    Promise.resolve(
      text === undefined ? fail({ kind: 'absent' as const, message: `${path} does not exist` }) : ok(text),
    ),
});

function document(parameters?: readonly string[]): Export {
  return { world: smallWorld, findings: [], ...(parameters === undefined ? {} : { parameters }) };
}

test('what stands on the command line comes before what stands in a file', async () => {
  const given = await givenParameters(io('{"A": "1", "B": "2"}'), { parameter: ['B=x=y', 'C='], parameters: 'p.json' });
  assert.deepEqual(
    [...(expectOk(given) ?? [])],
    [
      ['A', '1'],
      ['B', 'x=y'],
      ['C', ''],
    ],
  );
  assert.equal(expectOk(await givenParameters(io(undefined), {})), undefined);
});

test('what is no parameter is refused', async () => {
  for (const [text, options] of [
    ['[1]', { parameters: 'p.json' }],
    ['A=1', { parameters: 'p.json' }],
    [undefined, { parameters: 'p.json' }],
    ['{}', { parameter: ['A'] }],
    ['{}', { parameter: ['=1'] }],
    ['{}', { parameter: ['A=1', 'A=1'] }],
  ] as const)
    assert.ok(!(await givenParameters(io(text), options)).ok, JSON.stringify(options));
});

test('a parameter that no document has is a mistake', () => {
  const given = new Map([['Stage', 'live']]);
  assert.equal(unusedFault(given, [document(['Stage'])]), undefined);
  assert.equal(unusedFault(given, [document([]), document(['Stage'])]), undefined);
  assert.equal(unusedFault(undefined, [document()]), undefined);
  assert.match(unusedFault(given, [document(['Stag'])])?.message ?? '', /did you mean Stag/);
  assert.match(unusedFault(given, [document([])])?.message ?? '', /it has none/);
  assert.equal(unusedFault(new Map([['AWS::Region', 'eu-west-1']]), [document([])]), undefined);
  assert.match(unusedFault(new Map([['AWS::Region', 'eu-west-1']]), [document()])?.message ?? '', /this is none/);
  assert.match(unusedFault(given, [document()])?.message ?? '', /this is none/);
});

test('commands refuse parameters for what is no template', async () => {
  const done = await run('exposure --parameter Stage=live', { world: smallWorld });
  assert.deepEqual([done.status, done.stdout], [65, '']);
  assert.match(done.stderr, /--parameter is for CloudFormation templates/);
});
