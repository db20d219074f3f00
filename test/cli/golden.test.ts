// The text of the commands as people see it. A change of these files is a change of the product: read the difference.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { expectOk } from '../../src/core/net/result.ts';
import { DescribeReader } from '../../src/formats/describe.ts';
import { readPlan } from '../../src/formats/terraform/plan.ts';
import { matchesGolden, run } from './run-cli.ts';
import { changedWorld, smallWorld } from './small-world.ts';

/** File name, command line, exit status. */
const RUNS: readonly (readonly [string, string, number])[] = [
  ['why-allowed', 'why web-1 db-1 tcp/5432 --family ipv4', 0],
  ['why-blocked-by-group', 'why db-1 web-1 tcp/80', 1],
  ['why-blocked-everywhere', 'why internet db-1 tcp/22', 1],
  ['why-blocked-by-nacl', 'why 203.0.113.70 web-1 tcp/443', 1],
  ['why-in-part', 'why web-1 db-1 tcp/5000-6000 --family ipv4', 0],
  ['why-two-families', 'why web-1 db-1 tcp/5432', 0],
  ['why-internet', 'why internet web-1 tcp/443 --family ipv4', 0],
  ['why-through-nat', 'why db-1 203.0.113.9 tcp/443', 0],
  ['why-unknown', 'why db-1 eni-old tcp/443 --family ipv4', 2],
  ['why-group-to-group', 'why group:db sg-web tcp/443 --family ipv4', 0],
  ['why-everything', 'why web-1 db-1', 0],
  ['why-unmodelled', 'why db-1 172.31.5.5 tcp/443', 2],
  ['why-exempt', 'why db-1 169.254.169.253 udp/53', 0],
  ['why-edits-blocked', 'why db-1 web-1 tcp/80 --edits --family ipv4', 1],
  ['why-edits-allowed', 'why internet web-1 tcp/443 --edits', 0],
  ['why-edits-nacl', 'why 203.0.113.70 web-1 tcp/443 --edits', 1],
  ['reach-pair', 'reach web-1 db-1', 0],
  ['reach-internet', 'reach internet web-1', 0],
  ['reach-nothing', 'reach db-2 db-1', 1],
  ['reach-out', 'reach group:db internet', 0],
  ['show-group', 'show group web', 0],
  ['show-eni', 'show eni web-1', 0],
  ['show-subnet', 'show subnet subnet-a', 0],
  ['show-acl', 'show acl acl-a', 0],
  ['matrix', 'matrix', 0],
  ['matrix-by-instance', 'matrix --by instance --from internet web-1 --size 1 --page 2', 0],
  ['exposure', 'exposure', 1],
  ['exposure-ipv6', 'exposure --family ipv6', 1],
  ['lint', 'lint', 1],
  ['lint-json', 'lint --json --fail-on never', 0],
  ['lint-sarif', 'lint --sarif', 1],
  ['diff', 'diff before after', 1],
  ['diff-markdown', 'diff before after --markdown', 1],
  ['diff-json', 'diff before after --json --fail-on never', 0],
  ['diff-none', 'diff before before', 0],
  ['preview', 'preview ec2 revoke-security-group-ingress --group-id sg-web --protocol tcp --port 443 --cidr ::/0', 0],
  [
    'preview-markdown',
    'preview authorize-security-group-ingress --group-id sg-db --protocol tcp --port 8080 --source-group sg-web --markdown',
    1,
  ],
  ['completion-bash', 'completion bash', 0],
  ['completion-zsh', 'completion zsh', 0],
  ['completion-fish', 'completion fish', 0],
  ['help', '--help', 0],
];

describe('what the commands print', () => {
  for (const [name, words, status] of RUNS) {
    test(`${name}: crenel ${words}`, async () => {
      const done = await run(words, { world: smallWorld, worlds: { before: smallWorld, after: changedWorld } });
      assert.equal(done.stderr, '');
      assert.equal(done.status, status);
      matchesGolden(name, `$ crenel ${words}\n${done.stdout}`);
    });
  }
});

/** A plan alone: what applying it does. Remarks on it stand on standard error. */
const PLAN_RUNS: readonly (readonly [string, string, number])[] = [
  ['diff-plan', 'diff plan.json', 1],
  ['diff-plan-markdown', 'diff plan.json --markdown', 1],
  ['diff-plan-json', 'diff plan.json --json --fail-on never', 0],
  ['diff-plan-over', 'diff plan.json --over live', 1],
  ['diff-no-plan', 'diff before', 65],
  ['diff-half-a-plan', 'diff plan.json:before', 64],
  ['diff-over-two', 'diff before after --over live', 64],
  ['diff-world', 'diff plan.json --endpoint http://127.0.0.1:9', 64],
];

describe('what crenel diff prints of a plan alone', () => {
  const plan = expectOk(readPlan(read('plan'), 'plan.json'));
  const reader = new DescribeReader();
  expectOk(reader.add('live.json', read('live')));
  const live = expectOk(reader.finish()).world;
  for (const [name, words, status] of PLAN_RUNS) {
    test(`${name}: crenel ${words}`, async () => {
      const done = await run(words, { world: smallWorld, worlds: { live }, plans: { 'plan.json': plan } });
      assert.equal(done.status, status);
      matchesGolden(name, `$ crenel ${words}\n${done.stderr}${done.stdout}`);
    });
  }
});

/** A document of the example of a gate for plans. */
function read(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`../../examples/plan-gate/plan/${name}.json`, import.meta.url), 'utf8'));
}
