import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { compactWorld } from '../compact.ts';
import { matchesGolden, run } from './run-cli.ts';
import { smallWorld } from './small-world.ts';

const FACTS = `version: 1
facts:
  - internet must not reach group:db
  - name: tiers <1> & "2"
    fact: web can reach group:db on tcp/5432 only
    family: ipv4
  - web-1 must reach group:db on tcp/5432
  - no one but web can reach group:db on tcp/5432
  - db-1 must not reach eni-old on tcp/443
  - no one but 203.0.113.0/28 can reach web-1 on tcp/22
`;

const file = (...facts: readonly string[]): string => JSON.stringify({ version: 1, facts });
const assertFile = async (text: string, words = 'assert facts.yaml'): ReturnType<typeof run> =>
  await run(words, { world: smallWorld, files: { 'facts.yaml': text } });

describe('crenel assert', () => {
  for (const form of ['', ' --json', ' --junit', ' --sarif'])
    test(`prints as people and machines read it: ${form}`, async () => {
      const done = await assertFile(FACTS, `assert facts.yaml${form}`);
      assert.equal(done.stderr, '');
      assert.equal(done.status, 1);
      matchesGolden(`assert${form.replace(' --', '-')}`, `$ crenel assert facts.yaml${form}\n${done.stdout}`);
    });

  const statuses: readonly (readonly [number, string])[] = [
    [0, 'internet must not reach group:db'],
    [1, 'internet must not reach web-1'],
    [2, 'db-1 must not reach eni-old on tcp/443'],
  ];
  for (const [status, fact] of statuses)
    test(`status ${status}: ${fact}`, async () => {
      assert.equal((await assertFile(file(fact))).status, status);
    });

  const refused: readonly (readonly [string, string])[] = [
    ['internet must not reach dbb', 'no instance, interface, group'],
    ['internet must not reach 10.0.1.77', 'no interface has 10.0.1.77'],
    ['internet must not reach 10.0.77.0/24', 'no interface has an address in 10.0.77.0/24'],
    ['internet must not reach sg-gone2', 'is called'],
    ['internet must not reach 203.0.113.0/24', 'there is no pair of ends'],
    ['web-1 must not reach web-1', 'there is no pair of ends'],
    ['db-1 must reach db-2 on icmpv6', 'there is no pair of ends'],
    ['db-1 must not reach 198.51.100.10', 'holds a public address of eni-web'],
    ['db-1 must not reach 169.254.169.254', 'no rule filters'],
    ['db-1 must nto reach web-1', 'did you mean'],
  ];
  for (const [fact, expected] of refused)
    test(`a fact about nothing never holds: ${fact}`, async () => {
      const done = await assertFile(file(fact));
      assert.equal(done.status, 65, done.stdout);
      const said = done.stderr.replaceAll(/\s+/gu, ' ');
      assert.ok(said.includes(expected) && said.includes('facts.yaml:1:23'), done.stderr);
    });

  test('interfaces that are missing may be ends, too', async () => {
    const world = compactWorld({ vpcs: { 'vpc-1': { cidrs: ['10.0.0.0/16'] } } });
    const done = await run('assert facts.yaml', {
      world: { ...world, missing: new Set(['enis']) },
      files: { 'facts.yaml': file('no one can reach anyone') },
    });
    assert.notEqual(done.status, 0);
  });

  test('only one form and one standard input', async () => {
    assert.equal((await assertFile(FACTS, 'assert facts.yaml --json --junit')).status, 64);
    assert.equal((await run('assert - --world -', { world: smallWorld })).status, 64);
    assert.equal((await run('assert gone.yaml', { world: smallWorld })).status, 66);
  });
});
