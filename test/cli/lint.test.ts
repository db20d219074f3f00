import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { compactWorld } from '../compact.ts';
import { run } from './run-cli.ts';
import { smallWorld } from './small-world.ts';

const ignore = (...list: readonly (readonly [string, string])[]): string =>
  JSON.stringify({ version: 1, ignore: list.map(([rule, resource]) => ({ rule, resource, reason: 'so be it' })) });
const lint = async (words: string, file = ''): ReturnType<typeof run> =>
  await run(`lint ${words}`.trim(), { world: smallWorld, files: { 'lint.yaml': file } });

describe('crenel lint', () => {
  const statuses: readonly (readonly [number, string])[] = [
    [1, ''],
    [0, '--fail-on error'],
    [1, '--fail-on note'],
    [0, '--fail-on never'],
    [0, '--fail-on error --sarif'],
    [64, '--json --sarif'],
    [64, '--fail-on nothing'],
    [66, '--ignore gone.yaml'],
  ];
  for (const [status, words] of statuses)
    test(`status ${status}: crenel lint ${words}`, async () => {
      assert.equal((await lint(words)).status, status);
    });

  test('status 2 where something is perhaps so', async () => {
    const world = compactWorld({
      vpcs: { V: { cidrs: ['10.0.0.0/16'] } },
      subnets: { S: { vpc: 'V', cidrs: ['10.0.1.0/24'], routeTable: 'R' } },
      routeTables: { R: { vpc: 'V', routes: ['0.0.0.0/0 igw:G'] } },
      internetGateways: { G: { vpc: 'V' } },
      groups: { A: { vpc: 'V', ingress: ['tcp/22 list:L'] } },
      prefixLists: { L: { family: 'ipv4', entries: null } },
      enis: {
        a: { subnet: 'S', addresses: ['10.0.1.10'], groups: ['A'], public: { '10.0.1.10': '198.51.100.10' } },
      },
    });
    const done = await run('lint', { world });
    assert.equal(done.status, 2, done.stdout);
    assert.match(done.stdout, /perhaps A: SSH may be open[^]*depends on L/u);
  });

  test('quotas that AWS raised are compared with, and others refused', async () => {
    const world = compactWorld({
      vpcs: { V: { cidrs: ['10.0.0.0/16'] } },
      groups: { A: { vpc: 'V', ingress: Array.from({ length: 70 }, (_, at) => `tcp/${8000 + at} 10.0.0.0/8`) } },
    });
    const quota = async (words: string): Promise<readonly [number, string]> => {
      const { status, stdout, stderr } = await run(`lint ${words}`.trim(), { world });
      return [status, (/^ *A: (.*rules.*)$/mu.exec(stdout) ?? /(--quota.*)$/mu.exec(stderr))?.[1] ?? ''];
    };
    for (const [words, ...expected] of [
      ['', 1, '70 of 60 ingress rules of IPv4: 10 more than the quota'],
      ['--quota rules-per-group=75', 1, '70 of 75 ingress rules of IPv4: 5 left'],
      ['--quota rules-per-group=75 groups-per-interface=6', 1, '70 of 75 ingress rules of IPv4: 5 left'],
      ['--quota rules-per-group=120', 0, ''],
      ['--quota rules-per-group=300', 64, '--quota: AWS does not grant that: rules-per-group times'],
      ['--quota entries-per-acl=41', 64, '--quota: AWS does not grant that: entries-per-acl is 41'],
      ['--quota rules-per-group=lots', 64, '--quota: rules-per-group is a whole number from 1, not "lots"'],
      ['--quota rules=60', 64, '--quota: "rules=60": a quota is rules-per-group'],
      ['--quota rules-per-group=60 rules-per-group=60', 64, '--quota: "rules-per-group=60": a quota is'],
    ] as const) {
      const [status, text] = await quota(words);
      assert.deepEqual([status, text.slice(0, expected[1].length)], expected, `${words}: ${text}`);
    }
  });

  test('what is ignored does not count, and is told', async () => {
    const file = ignore(
      ['rule-cut-off', 'sg-web.ingress.3'],
      ['entry-shadowed', 'acl-a'],
      ['replies-blocked-in-part', 'acl-b'],
    );
    const done = await lint('--ignore lint.yaml', file);
    assert.equal(done.status, 0, done.stdout);
    assert.equal(done.stderr, '');
    assert.match(done.stdout, /2 findings: 2 notes, 3 ignored\./u);
    const sarif = JSON.parse((await lint('--ignore lint.yaml --sarif', file)).stdout) as {
      runs: { results: { ruleId: string; suppressions?: unknown }[] }[];
    };
    const suppressed = sarif.runs[0]?.results.filter((one) => one.suppressions !== undefined);
    assert.deepEqual(
      suppressed?.map((one) => one.ruleId),
      ['replies-blocked-in-part', 'rule-cut-off', 'entry-shadowed'],
    );
  });

  test('an entry about nothing is stale: told with its place, and counted', async () => {
    const file = ignore(['rule-cut-off', 'sg-web'], ['entry-shadowed', 'acl-a'], ['reachable-ssh', 'sg-web']);
    const done = await lint('--ignore lint.yaml', file);
    assert.equal(done.status, 1);
    assert.match(
      done.stderr.replaceAll(/\s+/gu, ' '),
      /lint\.yaml:1: nothing is found any more by reachable-ssh at sg-web/u,
    );
    const { staleIgnores } = JSON.parse((await lint('--ignore lint.yaml --json', file)).stdout) as {
      staleIgnores: { rule: string }[];
    };
    assert.deepEqual(
      staleIgnores.map(({ rule }) => rule),
      ['reachable-ssh'],
    );
  });

  test('an ignore file that is wrong is refused with its place', async () => {
    const done = await lint('--ignore lint.yaml', 'version: 1\nignore:\n  - {rule: ssh, resource: a, reason: b}\n');
    assert.equal(done.status, 65);
    assert.match(done.stderr, /lint\.yaml:3:12: rule: there is no "ssh"/u);
  });

  test('one family alone', async () => {
    const done = await lint('--family ipv6 --json --fail-on never');
    const { findings } = JSON.parse(done.stdout) as { findings: { scopes: { family: string }[] }[] };
    assert.ok(findings.every(({ scopes }) => scopes.every(({ family }) => family === 'ipv6')));
  });
});
