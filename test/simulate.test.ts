// `crenel simulate` as a user runs it: the example's scenarios, and files that are wrong in every way.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { parseScenario } from '../src/formats/scenario.ts';
import { parseFlowRecord } from '../src/formats/flow-log.ts';
import { runCli } from '../src/cli/program.ts';
import { nodeIo } from '../src/cli/node-io.ts';
import { matchesGolden, run as runOnWorld } from './cli/run-cli.ts';
import { smallWorld } from './cli/small-world.ts';

const SCENARIOS = fileURLToPath(new URL('../examples/three-tier/scenarios/', import.meta.url));

type Ran = { readonly status: number; readonly stdout: string; readonly stderr: string };

async function runReal(args: readonly string[]): Promise<Ran> {
  const written = { stdout: '', stderr: '' };
  const stream = (name: 'stdout' | 'stderr'): { readonly write: (text: string) => void; readonly columns: number } => ({
    write: (text) => {
      written[name] += text;
    },
    columns: 80,
  });
  const status = await runCli(args, { ...nodeIo(), env: {}, stdout: stream('stdout'), stderr: stream('stderr') });
  return { status, ...written };
}

describe('the scenarios of the example', () => {
  for (const file of readdirSync(SCENARIOS).toSorted()) {
    test(file, async () => {
      const done = await runReal(['simulate', `${SCENARIOS}${file}`]);
      assert.equal(done.stderr, '');
      assert.equal(done.status, 0);
      const steps = JSON.parse(readFileSync(`${SCENARIOS}${file}`, 'utf8')) as { steps: { expect?: string }[] };
      const expected = new Set(steps.steps.flatMap((step) => step.expect ?? []));
      assert.deepEqual([...expected].toSorted(), ['deliver', 'drop']);
      matchesGolden(`simulate-${file.replace('.json', '')}`, `$ crenel simulate ${file}\n${done.stdout}`);
    });
  }

  test('flow log lines of one interface, in the version 2 format', async () => {
    const done = await runReal(['simulate', `${SCENARIOS}partner.json`, '--flow-log', 'app-1', '--json']);
    const { flowLog } = JSON.parse(done.stdout) as { readonly flowLog: readonly string[] };
    assert.ok(flowLog.length >= 4);
    for (const line of flowLog) assert.ok(parseFlowRecord(line).ok, line);
    const idle = await runReal(['simulate', `${SCENARIOS}partner.json`, '--flow-log', 'web-1', '--json']);
    assert.deepEqual((JSON.parse(idle.stdout) as { flowLog: unknown }).flowLog, [
      '2 111122223333 eni-03eb100000000000000 - - - - - - - 1700000000 1700000701 - NODATA',
    ]);
  });
});

/** A scenario on the small world; steps as they are. */
function scenario(...steps: readonly unknown[]): string {
  return JSON.stringify({ version: 1, title: 't', steps });
}

const SEND = { at: 0, send: { from: '203.0.113.12', to: 'web-1', traffic: 'tcp/443' }, as: 'f' };

async function play(text: string, words = ''): Promise<Ran> {
  return await runOnWorld(['simulate', 's.json', ...words.split(' ').filter(Boolean)], {
    world: smallWorld,
    files: { 's.json': text },
  });
}

describe('simulate on a small world', () => {
  test('an expectation that fails is told, and the status says so', async () => {
    const done = await play(scenario({ ...SEND, expect: 'drop' }));
    assert.equal(done.status, 1);
    assert.match(done.stdout, /expected drop, got deliver/);
    assert.match(done.stdout, /1 of 1 not as expected/);
  });

  test('a fate that is unknown ends with its own status, unless it is expected', async () => {
    const send = { from: 'db-1', to: 'eni-old', traffic: 'tcp/443' };
    assert.equal((await play(scenario({ at: 0, send }))).status, 2);
    assert.equal((await play(scenario({ at: 0, send, expect: 'unknown' }))).status, 0);
  });

  test('every change can be made and shows in what follows', async () => {
    const text = scenario(
      { at: 0, change: { setEntry: { acl: 'acl-a', ingress: '10 deny all 203.0.113.12/32' } } },
      { ...SEND, at: 1, expect: 'drop' },
      { at: 2, change: { removeEntry: { acl: 'acl-a', ingress: 10 } } },
      { ...SEND, at: 3, expect: 'deliver' },
      { at: 4, change: { revoke: { group: 'web', ingress: 'tcp/443 0.0.0.0/0' } } },
      { at: 4, change: { revoke: { group: 'extra', ingress: 'tcp/443 0.0.0.0/0' } } },
      { at: 5, change: { revoke: { group: 'web', ingress: 'tcp/22 group:sg-gone' } } },
    );
    const done = await play(text);
    assert.equal(done.status, 65, 'the reference to a group that is gone cannot be named');
    assert.match(done.stderr, /step 7: no group is called "sg-gone"/);
    const more = scenario(
      { at: 0, change: { setPrefixList: { list: 'pl-1', entries: ['203.0.113.12/32'] } } },
      { at: 1, send: { ...SEND.send, traffic: 'tcp/22' }, expect: 'deliver' },
      { at: 2, change: { setGroups: { interface: 'web-1', groups: ['extra'] } } },
      { at: 3, send: { ...SEND.send, traffic: 'tcp/22', sourcePort: 1 }, expect: 'drop' },
      { at: 4, change: { authorize: { group: 'extra', ingress: 'tcp/22 list:pl-1' } } },
      { at: 5, send: { ...SEND.send, traffic: 'tcp/22', sourcePort: 2 }, as: 'g', expect: 'deliver' },
      { at: 6, change: { setTimeouts: { interface: 'web-1', tcpEstablished: 60, udpStream: 60, udp: 30 } } },
      { at: 7, limit: { interface: 'web-1', connections: 1 } },
      { at: 8, send: { ...SEND.send, traffic: 'tcp/22', sourcePort: 3 }, expect: 'drop' },
      { at: 9, change: { removeInterface: { interface: 'web-1' } } },
      { at: 10, send: { from: '203.0.113.12', to: '198.51.100.10', traffic: 'tcp/443' }, expect: 'drop' },
    );
    const second = await play(more);
    assert.equal(second.stderr, '');
    assert.match(second.stdout, /all as expected/);
    assert.equal(second.status, 0);
  });

  const WRONG: readonly (readonly [string, string, RegExp])[] = [
    ['not JSON', '{', /s\.json: not JSON/],
    ['no steps', scenario(), /steps: expected 1 to/],
    ['a field too many', JSON.stringify({ version: 1, steps: [SEND], wrld: 'x' }), /unknown field "wrld"/],
    ['another version', JSON.stringify({ version: 2, steps: [SEND] }), /version: expected/],
    ['two actions', scenario({ ...SEND, reply: 'f' }), /expected one of/],
    ['no action', scenario({ at: 0 }), /expected one of/],
    ['time going back', scenario({ ...SEND, at: 5 }, { ...SEND, at: 4 }), /time goes back/],
    ['a name not there yet', scenario({ at: 0, reply: 'f' }), /no earlier step is called "f"/],
    ['a range of ports', scenario({ ...SEND, send: { ...SEND.send, traffic: 'tcp/1-2' } }), /expected one packet/],
    ['all traffic', scenario({ ...SEND, send: { ...SEND.send, traffic: 'all' } }), /expected one packet/],
    [
      'flags on UDP',
      scenario({ ...SEND, send: { ...SEND.send, traffic: 'udp/1', flags: 'syn' } }),
      /only TCP has flags/,
    ],
    [
      'a mistyped name',
      scenario({ ...SEND, send: { ...SEND.send, to: 'web-11' } }),
      /step 1: no interface is called "web-11"/,
    ],
    ['the internet', scenario({ ...SEND, send: { ...SEND.send, from: 'internet' } }), /the internet is many/],
    [
      'mixed families',
      scenario({ ...SEND, send: { ...SEND.send, to: '2001:db8:1:1::10' } }),
      /different address families/,
    ],
    [
      'a rule that is not there',
      scenario({ at: 0, change: { revoke: { group: 'web', ingress: 'tcp/444 0.0.0.0/0' } } }),
      /no such ingress rule/,
    ],
    [
      'a rule that is there',
      scenario({ at: 0, change: { authorize: { group: 'web', ingress: 'tcp/443 0.0.0.0/0' } } }),
      /already/,
    ],
    ['a timeout out of range', scenario({ at: 0, change: { setTimeouts: { interface: 'web-1', udp: 29 } } }), /30-60/],
    [
      'two changes at once',
      scenario({ at: 0, change: { removeInterface: { interface: 'a' }, setGroups: {} } }),
      /expected one of/,
    ],
  ];
  for (const [name, text, message] of WRONG)
    test(`refused: ${name}`, async () => {
      const done = await play(text);
      assert.equal(done.status, 65);
      assert.equal(done.stdout, '');
      assert.match(done.stderr.replaceAll(/\s+/g, ' '), message);
    });

  test('no bytes at all make the reader of scenarios throw', () => {
    const base = readFileSync(`${SCENARIOS}revoke.json`, 'utf8');
    const edit = fc.record({
      at: fc.nat({ max: base.length }),
      length: fc.nat({ max: 8 }),
      text: fc.string({ maxLength: 6 }),
    });
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), (edits) => {
        const text = edits.reduce(
          (one, { at, length, text: put }) => one.slice(0, at) + put + one.slice(at + length),
          base,
        );
        const read = parseScenario('s.json', text);
        if (!read.ok) assert.match(read.error, /^s\.json: /);
      }),
      { numRuns: 500 },
    );
    fc.assert(fc.property(fc.jsonValue(), (value) => !parseScenario('s', JSON.stringify(value)).ok));
  });
});
