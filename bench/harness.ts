// Measures claims as ratios: subject and baseline take turns in one process, so that what else the machine does meets both alike.
import { appendFileSync, mkdirSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { fileURLToPath } from 'node:url';

/** Something to time. One run does `operations` operations and returns a number that depends on all of them. */
export type Body = { readonly name: string; readonly operations: number; readonly run: () => number };

/** Times of one operation over all chunks, in nanoseconds. */
export type Times = { readonly p50: number; readonly p99: number };

/** What a comparison found. `ratio` is baseline to subject: the median over rounds, each round by itself. */
export type Comparison = { readonly subject: Times; readonly baseline: Times; readonly ratio: number };

export type Rounds = { readonly rounds?: number; readonly chunksPerRound?: number };

/** A claim of the project with the number that would keep it. */
export type Claim = {
  readonly claim: string;
  readonly unit: '×' | 'ms' | 'µs' | 'ns' | 'B' | 'MB';
  readonly target: { readonly atLeast: number } | { readonly atMost: number };
  readonly measured: number;
  /** Further numbers that put the measured one in proportion. */
  readonly details: Readonly<Record<string, number>>;
};

const NANOSECONDS_PER_MILLISECOND = 1e6;
const WARM_UP_MILLISECONDS = 150;

/** Everything that bodies returned, so that no work is thought useless and left out. */
let sink = 0;

/** Times two bodies by turns. */
export function compare(subject: Body, baseline: Body, options: Rounds = {}): Comparison {
  const { rounds = 9, chunksPerRound = 12 } = options;
  for (const body of [subject, baseline]) warmUp(body);
  const subjectChunks: number[] = [];
  const baselineChunks: number[] = [];
  const ratios: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    collectGarbage();
    const own: number[] = [];
    const other: number[] = [];
    for (let chunk = 0; chunk < chunksPerRound; chunk += 1) {
      own.push(timeChunk(subject));
      other.push(timeChunk(baseline));
    }
    ratios.push(quantile(other, 0.5) / quantile(own, 0.5));
    subjectChunks.push(...own);
    baselineChunks.push(...other);
  }
  return { subject: timesOf(subjectChunks), baseline: timesOf(baselineChunks), ratio: quantile(ratios, 0.5) };
}

/** Times single operations, one by one, each on its own input; `of` gives the n-th operation. */
export function timeEach(count: number, of: (index: number) => number): Times {
  for (let index = 0; index < count; index += 1) sink += of(index);
  collectGarbage();
  const times = new Float64Array(count);
  for (let index = 0; index < count; index += 1) {
    const start = performance.now();
    sink += of(index);
    times[index] = (performance.now() - start) * NANOSECONDS_PER_MILLISECOND;
  }
  return timesOf([...times]);
}

/** CPU time of this process for one run, in milliseconds: what else the machine does counts less than by the clock. */
export function cpuMilliseconds(run: () => number): number {
  collectGarbage();
  const start = process.cpuUsage();
  sink += run();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000;
}

/** Bytes that an operation leaves on the heap, the collector kept away: a second run, so that what is made once is made already. */
export function allocatedBytes(body: Body): number {
  sink += body.run();
  collectGarbage();
  const before = process.memoryUsage().heapUsed;
  sink += body.run();
  return (process.memoryUsage().heapUsed - before) / body.operations;
}

/** The value below which a share of the sample lies. */
export function quantile(sample: readonly number[], share: number): number {
  const sorted = sample.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/** Prints the claims of one bench as a table, losses included; `--json` prints a line of JSON each, `--save` keeps those lines. */
export function report(bench: string, claims: readonly Claim[]): void {
  const lines = claims.map((claim) =>
    JSON.stringify({ bench, ...claim, kept: isKept(claim), ...machine(), at: new Date().toISOString() }),
  );
  if (process.argv.includes('--save')) {
    const folder = fileURLToPath(new URL('results/', import.meta.url));
    mkdirSync(folder, { recursive: true });
    appendFileSync(`${folder}${bench}.jsonl`, `${lines.join('\n')}\n`);
  }
  if (process.argv.includes('--json')) {
    process.stdout.write(`${lines.join('\n')}\n`);
    return;
  }
  process.stdout.write(`${bench}\n${claims.map(tableRow).join('\n')}\n`);
}

function tableRow(claim: Claim): string {
  const target = 'atLeast' in claim.target ? `≥ ${claim.target.atLeast}` : `≤ ${claim.target.atMost}`;
  const details = Object.entries(claim.details).map(([name, value]) => `${name} ${shortNumber(value)}`);
  return [
    `  ${isKept(claim) ? 'ok  ' : 'LOSS'}`,
    `${shortNumber(claim.measured)} ${claim.unit}`.padStart(10),
    `(target ${target} ${claim.unit})`.padEnd(20),
    claim.claim,
    details.length === 0 ? '' : `[${details.join(', ')}]`,
  ]
    .join('  ')
    .trimEnd();
}

function isKept({ target, measured }: Claim): boolean {
  return 'atLeast' in target ? measured >= target.atLeast : measured <= target.atMost;
}

function shortNumber(value: number): string {
  return value >= 100 || Number.isInteger(value) ? String(Math.round(value)) : value.toPrecision(3);
}

function machine(): Readonly<Record<string, string | number>> {
  return { node: process.version, cpu: cpus()[0]?.model ?? 'unknown', cores: availableParallelism() };
}

function warmUp(body: Body): void {
  const end = performance.now() + WARM_UP_MILLISECONDS;
  do sink += body.run();
  while (performance.now() < end);
}

function timeChunk(body: Body): number {
  const start = performance.now();
  sink += body.run();
  return ((performance.now() - start) * NANOSECONDS_PER_MILLISECOND) / body.operations;
}

function timesOf(chunks: readonly number[]): Times {
  if (Number.isNaN(sink)) throw new Error('a body returned no number');
  return { p50: quantile(chunks, 0.5), p99: quantile(chunks, 0.99) };
}

function collectGarbage(): void {
  globalThis.gc?.();
}
