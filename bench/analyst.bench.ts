// Claim: plain calls of EC2 do not wait for a question about all pairs of 10,000 interfaces, which a thread beside theirs answers (ADR 25): they run as
// beside any other program that keeps a processor busy. The three take turns: a question, a loop in another process, nothing.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { listRecords } from '../src/core/model/world.ts';
import { exportText } from '../src/formats/export.ts';
import { quantile, report } from './harness.ts';
import { generateWorld } from './world.ts';

const ROUNDS = 7;
const CALLS = 1200;
const CLIENTS = 2;
const folder = mkdtempSync(join(tmpdir(), 'crenel-bench-'));
const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));

const world = generateWorld({ enis: 10_000, groups: 1000, subnets: 256 });
const document = join(folder, 'world.json');
writeFileSync(document, [...exportText(world)].join(''));
const imported = spawnSync(process.execPath, [main, 'import', '--world', document, '--data', folder], {
  encoding: 'utf8',
});
assert.equal(imported.status, 0, imported.stderr);
const server = spawn(
  process.execPath,
  [main, 'serve', '--port', '0', '--data', folder, '--anonymous', '--json', '--log-level', 'warn'],
  { stdio: ['ignore', 'pipe', 'inherit'] },
);
process.on('exit', () => server.kill());
const port = await portOf(server);
const groups = [...listRecords(world, 'groups')].map(({ id }) => id);

async function portOf({ stdout }: ChildProcess): Promise<number> {
  let said = '';
  for await (const chunk of stdout ?? []) {
    said += String(chunk);
    if (said.trimEnd().endsWith('}')) break;
  }
  return Number(new URL((JSON.parse(said) as { readonly url: string }).url).port);
}

/** Milliseconds of each of so many calls, and how many were answered a second. */
type Timed = { readonly times: readonly number[]; readonly perSecond: number };

async function calls(): Promise<Timed> {
  const agent = new Agent({ keepAlive: true, maxSockets: CLIENTS });
  const times: number[] = [];
  let begun = 0;
  const start = performance.now();
  await Promise.all(
    Array.from({ length: CLIENTS }, async () => {
      while (begun < CALLS) {
        const id = groups[begun % groups.length] ?? '';
        begun += 1;
        const from = performance.now();
        const { status } = await sent(`Action=DescribeSecurityGroups&Version=2016-11-15&GroupId.1=${id}`, { agent });
        assert.equal(status, 200);
        times.push(performance.now() - from);
      }
    }),
  );
  const perSecond = times.length / ((performance.now() - start) / 1000);
  agent.destroy();
  return { times, perSecond };
}

type How = { readonly agent?: Agent; readonly path?: string };

/** POST of a form, or GET of a path. */
async function sent(form: string, { agent, path }: How): Promise<{ readonly status: number; readonly bytes: number }> {
  return await new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const options = {
      port,
      host: '127.0.0.1',
      path: path ?? '/',
      method: path === undefined ? 'POST' : 'GET',
      headers,
    };
    const asked = request(agent === undefined ? options : { ...options, agent }, (answer) => {
      let bytes = 0;
      answer.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
      });
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, bytes }));
    });
    asked.on('error', reject);
    asked.end(form);
  });
}

let answered = 0;

/** Calls while one question after another is being answered. */
async function besideQuestion(): Promise<Timed> {
  const over = new AbortController();
  const asking = (async () => {
    while (!over.signal.aborted) {
      const { status } = await sent('', { path: '/crenel/v1/exposure' });
      assert.equal(status, 200);
      answered += 1;
    }
  })();
  // It is on its way before the first call is.
  await sleep(100);
  const timed = await calls();
  over.abort();
  await asking;
  return timed;
}

async function besideLoop(): Promise<Timed> {
  const loop = spawn(process.execPath, ['--eval', 'for (;;);'], { stdio: 'ignore' });
  await sleep(100);
  const timed = await calls();
  loop.kill('SIGKILL');
  return timed;
}

await besideQuestion();
const rounds: { readonly alone: Timed; readonly loop: Timed; readonly question: Timed }[] = [];
for (let round = 0; round < ROUNDS; round += 1)
  rounds.push({ alone: await calls(), loop: await besideLoop(), question: await besideQuestion() });
rmSync(folder, { recursive: true });

const of = (what: 'alone' | 'loop' | 'question', share: number): number =>
  quantile(
    rounds.flatMap((round) => round[what].times),
    share,
  );
const rate = (what: 'alone' | 'loop' | 'question'): number =>
  quantile(
    rounds.map((round) => round[what].perSecond),
    0.5,
  );
const ratio = (other: 'alone' | 'loop'): number =>
  quantile(
    rounds.map((round) => round.question.perSecond / round[other].perSecond),
    0.5,
  );

server.kill();
report('analyst', [
  {
    claim: 'calls a second beside a question about 10,000 interfaces, to those beside a busy process',
    unit: '×',
    target: { atLeast: 0.8 },
    measured: ratio('loop'),
    details: { perSecond: rate('question'), busy: rate('loop'), alone: rate('alone'), answered },
  },
  {
    claim: 'the same, to those beside nothing',
    unit: '×',
    target: { atLeast: 0.5 },
    measured: ratio('alone'),
    details: { perSecond: rate('question'), alone: rate('alone') },
  },
  {
    claim: 'the time within which 99 of 100 calls are answered beside a question, to that beside a busy process',
    unit: '×',
    target: { atMost: 2 },
    measured: of('question', 0.99) / of('loop', 0.99),
    details: {
      p50: of('question', 0.5),
      p99: of('question', 0.99),
      longest: of('question', 1),
      busyP50: of('loop', 0.5),
      busyP99: of('loop', 0.99),
      aloneP50: of('alone', 0.5),
      aloneP99: of('alone', 0.99),
    },
  },
]);
