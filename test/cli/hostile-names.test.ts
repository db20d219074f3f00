// Names are somebody's: whatever they say, no output form takes them for steering, markup, a link, a mention or a command of a pipeline.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { World } from '../../src/core/model/world.ts';
import { compactWorld } from '../compact.ts';
import { run } from './run-cli.ts';

const NAME =
  '\u001B[31mred\n::error::x\r| `a` <img src=x> ]]> "&\' @octocat #12 [l](https://e.example) www.e.example \u202Egpj\u200B\u2028\u0000 **b** <!--';

function worldWith(rule: string): World {
  return compactWorld({
    vpcs: { 'vpc-1': { cidrs: ['10.0.0.0/16'] } },
    subnets: { 'subnet-1': { vpc: 'vpc-1', cidrs: ['10.0.1.0/24'] } },
    internetGateways: { 'igw-1': { vpc: 'vpc-1' } },
    routeTables: { 'rtb-1': { vpc: 'vpc-1', main: true, routes: ['0.0.0.0/0 igw:igw-1'] } },
    groups: { 'sg-1': { vpc: 'vpc-1', name: NAME, ingress: [rule], egress: ['all 0.0.0.0/0'] } },
    enis: {
      'eni-1': {
        subnet: 'subnet-1',
        groups: ['sg-1'],
        addresses: ['10.0.1.5'],
        public: { '10.0.1.5': '203.0.113.5' },
      },
    },
  });
}

const before = worldWith('tcp/443 0.0.0.0/0');
const after = worldWith('tcp/22 0.0.0.0/0');
const FACTS = `version: 1\nfacts:\n  - name: ${JSON.stringify(NAME)}\n    fact: internet must not reach sg-1\n`;

async function printed(words: string): Promise<string> {
  const done = await run(words, { world: after, worlds: { before, after }, files: { 'facts.yaml': FACTS } });
  assert.ok(done.status <= 2, `${words}: ${done.stderr}`);
  return done.stdout;
}

for (const words of [
  'diff before after',
  'diff before after --json',
  'diff before after --markdown',
  'lint',
  'lint --json',
  'lint --sarif',
  'assert facts.yaml',
  'assert facts.yaml --json',
  'assert facts.yaml --junit',
  'assert facts.yaml --sarif',
  'exposure',
  'matrix',
  'matrix --html',
  'why internet eni-1 tcp/22',
  'show group sg-1',
])
  test(`${words}: nothing steers a terminal or begins a line of its own`, async () => {
    const text = await printed(words);
    // Three of them call things by their ids.
    assert.ok(text.includes('octocat') || /^why|^exposure$|yaml$/u.test(words), 'the name is there');
    assert.doesNotMatch(text, /[\p{Cf}\p{Zl}\p{Zp}]|(?!\n)\p{Cc}/u);
    assert.doesNotMatch(text, /^::/mu);
  });

test('a comment for a pull request has no mention, reference, link or markup of them', async () => {
  const text = await printed('diff before after --markdown');
  assert.doesNotMatch(text, /@octocat|#12|:\/\/e|www\.e|<img|(?<!\\)\]\(|<!--/u);
  // A row stays a row: six bars.
  const row = text.split('\n').find((line) => line.includes('octocat')) ?? '';
  assert.equal(row.match(/(?<!\\)\|/gu)?.length, 6);
});

test('reports keep their form, and a message of SARIF has no link', async () => {
  const junit = await printed('assert facts.yaml --junit');
  assert.doesNotMatch(junit, /<img|&(?!#\d+;)/u);
  for (const words of ['lint --sarif', 'assert facts.yaml --sarif']) {
    const log = JSON.parse(await printed(words)) as {
      readonly runs: readonly [{ readonly results: readonly { readonly message: { readonly text: string } }[] }];
    };
    const texts = log.runs[0].results.map(({ message }) => message.text);
    assert.ok(texts.some((text) => text.includes('octocat')));
    for (const text of texts) assert.doesNotMatch(text, /(?<!\\)\]\(|\p{Cf}|(?!\n)\p{Cc}/u);
  }
});
