import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** How one request ended, for counting. */
export type Outcome = {
  readonly route: string;
  readonly method: string;
  readonly status: number;
  readonly seconds: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly action: string | undefined;
  readonly code: string | undefined;
};

/** What is read when somebody asks, rather than counted. */
export type Gauges = {
  readonly connections: () => number;
  readonly running: () => number;
  readonly waiting: () => number;
  readonly heldBytes: () => number;
};

/** Beyond so many pairs of action and code the rest is counted as `other`: a counter's memory must not grow with what clients write. */
const MAX_ACTIONS = 5000;
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** Counts what a listener does, in a registry of its own, and prints it in the text format of Prometheus. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #requests: Tally;
  readonly #seconds: Histogram<'route'>;
  readonly #actions: Tally;
  readonly #bytesIn: Counter;
  readonly #bytesOut: Counter;
  readonly #refused: Counter;
  #bytes = { in: 0, out: 0 };
  readonly #others: (() => string)[] = [];

  /** `isProcessCounted`: whether memory, processor time, event loop and garbage collection of the process are measured too. */
  constructor(isProcessCounted: boolean) {
    const registers = [this.#registry];
    const counter = (name: string, help: string, labelNames: readonly string[]): Counter =>
      new Counter({ name: `crenel_http_${name}`, help, labelNames, registers });
    this.#requests = new Tally(counter('requests_total', 'Requests answered.', ['route', 'method', 'status']));
    this.#actions = new Tally(counter('actions_total', 'Actions, by error code.', ['route', 'action', 'code']));
    this.#bytesIn = counter('request_bytes_total', 'Bytes of bodies read.', []);
    this.#bytesOut = counter('answer_bytes_total', 'Bytes of bodies written.', []);
    this.#refused = counter('refused_total', 'Requests and connections refused by the listener itself.', ['reason']);
    this.#seconds = new Histogram({
      name: 'crenel_http_request_seconds',
      help: 'From the headers of a request to the end of its answer.',
      labelNames: ['route'],
      buckets: SECONDS,
      registers,
    });
    if (isProcessCounted) collectDefaultMetrics({ register: this.#registry });
  }

  /** Lets the state of a listener be read; once per listener's metrics. */
  observe(gauges: Gauges): void {
    const gauge = (name: string, help: string, read: () => number): void => {
      const made: Gauge = new Gauge({
        name: `crenel_http_${name}`,
        help,
        registers: [this.#registry],
        collect: () => made.set(read()),
      });
    };
    gauge('connections', 'Open connections.', gauges.connections);
    gauge('in_flight', 'Requests that handlers work on.', gauges.running);
    gauge('waiting', 'Requests that wait for a handler.', gauges.waiting);
    gauge('held_bytes', 'Bodies and untaken answers in memory.', gauges.heldBytes);
  }

  /** Lets somebody else say more, in the same format, whenever somebody asks. */
  include(text: () => string): void {
    this.#others.push(text);
  }

  /** A request was answered. */
  answered({ route, method, status, seconds, bytesIn, bytesOut, action, code }: Outcome): void {
    this.#seconds.observe({ route }, seconds);
    this.#bytes.in += bytesIn;
    this.#bytes.out += bytesOut;
    this.#requests.add(`${route} ${method} ${status}`, () => ({ route, method, status }));
    if (action === undefined && code === undefined) return;
    const key = `${route} ${action} ${code}`;
    if (this.#actions.has(key) || this.#actions.size < MAX_ACTIONS)
      this.#actions.add(key, () => ({ route, action: label(action), code: label(code) }));
    else this.#actions.add(`${route} `, () => ({ route, action: 'other', code: 'other' }));
  }

  /** The listener refused something by itself, before or instead of a handler. */
  refused(reason: string): void {
    this.#refused.inc({ reason });
  }

  /** All of it, in the text format of Prometheus. */
  async text(): Promise<string> {
    this.#requests.handOver();
    this.#actions.handOver();
    this.#bytesIn.inc(this.#bytes.in);
    this.#bytesOut.inc(this.#bytes.out);
    this.#bytes = { in: 0, out: 0 };
    const own = await this.#registry.metrics();
    return [own, ...this.#others.map((text) => text())].join('');
  }

  get contentType(): string {
    return this.#registry.contentType;
  }
}

type Labels = Readonly<Record<string, string | number>>;

/** Counts by labels. The registry hashes the labels at every count, so it gets the counts together, when somebody asks for them. */
class Tally {
  readonly #counter: Counter;
  readonly #cells = new Map<string, { readonly labels: Labels; count: number }>();

  constructor(counter: Counter) {
    this.#counter = counter;
  }

  get size(): number {
    return this.#cells.size;
  }

  has(key: string): boolean {
    return this.#cells.has(key);
  }

  /** One more; `labels` are asked for at the first of a key. */
  add(key: string, labels: () => Labels): void {
    const cell = this.#cells.get(key);
    if (cell === undefined) this.#cells.set(key, { labels: labels(), count: 1 });
    else cell.count += 1;
  }

  handOver(): void {
    for (const cell of this.#cells.values()) {
      this.#counter.inc(cell.labels, cell.count);
      cell.count = 0;
    }
  }
}

/** Label values are names; what is none is not repeated. */
function label(value: string | undefined): string {
  if (value === undefined) return '';
  return /^[\w.:-]{1,100}$/.test(value) ? value : 'other';
}
