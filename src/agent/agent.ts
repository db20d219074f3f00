import { randomBytes } from 'node:crypto';
import type { Result } from '../core/net/result.ts';
import { listRecords } from '../core/model/world.ts';
import type { HostView } from '../core/policy/host-view.ts';
import type { Drift } from '../server/sync/messages.ts';
import type { Numbering } from '../nft/plan.ts';
import type { Wiring } from '../nft/wiring.ts';
import { type Attaching, holdsOf } from './attaching.ts';
import { DeviceNews } from './device-news.ts';
import type { Look } from './devices.ts';
import { Enforcer } from './enforcer.ts';
import { giveBackIfGrown } from './give-back.ts';
import { HitTotals } from './hit-totals.ts';
import type { KeptRules } from './kept-rules.ts';
import type { Kernel } from './kernel.ts';
import { reach } from './reach.ts';
import { Receiver } from './receive.ts';
import { Repeats } from './repeats.ts';
import { Reporter } from './report.ts';
import { type Connection, cutOff, needText } from './self-check.ts';
import type { ServerLink } from './server-link.ts';
import { LATER_MS, notInForce, type NotInForce, Trials } from './trials.ts';

/** What the agent says while it works. `level` `error`: nothing is enforced, or not what should be. */
export type AgentLog = (level: 'info' | 'warn' | 'error', message: string) => void;

export type AgentSetup = {
  readonly link: ServerLink;
  readonly host: string;
  readonly attaching: Attaching;
  readonly kernel: Kernel;
  /** The TCP connections that are open where rules are enforced; asked for before the first rules of a machine that is itself the instance. */
  readonly connections: () => Promise<Result<readonly Connection[]>>;
  /** Looks at the devices that are there. */
  readonly look: Look;
  /** Where what is in force is kept for a start of the machine; nowhere when absent. */
  readonly kept?: KeptRules;
  /** From which numbers classes of rules are given theirs. */
  readonly numbers?: Numbering;
  readonly log: AgentLog;
};

/** How often the kernel is compared with what it should hold and counters are read, in milliseconds. */
const VERIFY_MS = 30_000;
/**
 * How long between two looks at devices alone, in milliseconds: a device that becomes a part of another one is not guarded until that is seen. Many
 * devices take long to look at, so the looks are at most so many times as far apart as one takes.
 */
const LOOK_MS = 5000;
const LOOK_SHARE = 100;
/** How long nothing must have changed before what changes took is given back, in milliseconds. */
const TIDY_MS = 1000;
/** How long to wait after a change that failed, in milliseconds; doubled up to the second each time. */
const RETRY_MS = { first: 500, most: 30_000 } as const;

/** What may be wrong: the newest rules, what the kernel makes of the old ones, the devices that they are for, the disk that keeps them. */
type About = 'rules' | 'kernel' | 'devices' | 'disk';

type Wanted = { readonly view: HostView; readonly epoch: string };

/**
 * Keeps the rules of one host at what the server says, and tells the server. Only the newest view is enforced: those that come while one
 * is on its way are passed over. Without a server the rules stay as they are, and they stay when the agent ends.
 */
export class Agent {
  readonly #setup: AgentSetup;
  readonly #enforcer: Enforcer;
  readonly #receiver: Receiver;
  readonly #reporter: Reporter;
  /** Names this life of the agent. */
  readonly #run = randomBytes(8).toString('hex');
  readonly #totals = new HitTotals(this.#run);
  /** What keeps this host from enforcing what it should, by what it is about. */
  readonly #troubles = new Map<About, string>();
  /** What else people should know, by what it is about. */
  readonly #warnings = new Map<About, readonly string[]>();
  readonly #repeats: Repeats;
  readonly #deviceNews: DeviceNews;
  readonly #trials: Trials | undefined;
  #wiring: Wiring;
  #wanted: Wanted | undefined;
  #applied: Wanted | undefined;
  #working: Promise<void> = Promise.resolve();
  #retryMs: number = RETRY_MS.first;
  #retry: NodeJS.Timeout | undefined;
  #verifying: NodeJS.Timeout | undefined;
  #looking: NodeJS.Timeout | undefined;
  #tidying: NodeJS.Timeout | undefined;
  #isStopped = false;

  constructor(setup: AgentSetup) {
    const { link, host, attaching, kernel, connections, numbers, log } = setup;
    this.#setup = setup;
    this.#repeats = new Repeats(log);
    this.#deviceNews = new DeviceNews(attaching);
    this.#wiring = wiringOf(attaching, undefined, undefined);
    this.#enforcer = new Enforcer(kernel, this.#wiring, connections, numbers);
    this.#reporter = new Reporter({
      link,
      host,
      run: this.#run,
      totals: this.#totals,
      onTrouble: (why) => this.#repeats.met('report', { level: 'warn', message: `the server does not hear: ${why}` }),
      onHeard: () => this.#repeats.over('report'),
    });
    this.#trials =
      attaching.mode === 'tap'
        ? undefined
        : new Trials({ ...attaching.trial, reach: async (signal) => await reach(link, signal), log });
    this.#receiver = new Receiver({
      link,
      host,
      run: this.#run,
      mode: attaching.mode,
      holds: holdsOf(attaching),
      onView: (view, _change, epoch) => this.#want({ view, epoch }),
      onState: (trouble) => this.#hear(trouble),
    });
  }

  /** Begins. Nothing is changed before the server has told a whole view, but what an earlier run left unconfirmed is taken back. */
  start(): void {
    this.#enqueue(async () => await this.#settle());
    this.#receiver.start();
    this.#enqueue(async () => await this.#lookAtDevices('everything'));
    this.#verifyLater();
    this.#lookLater(LOOK_MS);
  }

  #verifyLater(): void {
    const verify = async (): Promise<void> => {
      await this.#lookAfter();
      giveBackIfGrown();
      if (!this.#isStopped) this.#verifyLater();
    };
    this.#verifying = setTimeout(() => this.#enqueue(verify), VERIFY_MS);
  }

  #lookLater(afterMs: number): void {
    const look = async (): Promise<void> => {
      const began = Date.now();
      await this.#lookAtDevices('links');
      const tookMs = Date.now() - began;
      if (!this.#isStopped) this.#lookLater(Math.min(VERIFY_MS, Math.max(LOOK_MS, tookMs * LOOK_SHARE)));
    };
    this.#looking = setTimeout(() => this.#enqueue(look), afterMs);
  }

  /** Ends. The rules stay. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#verifying);
    clearTimeout(this.#looking);
    clearTimeout(this.#tidying);
    await this.#receiver.stop();
    this.#trials?.stop();
    await this.#working;
    clearTimeout(this.#retry);
    if (this.#applied !== undefined) await this.#count();
    await this.#reporter.stop();
    this.#enforcer.close();
    this.#setup.kept?.close();
  }

  #hear(trouble: string | undefined): void {
    if (trouble !== undefined) {
      const [level, so] =
        this.#applied === undefined
          ? (['error', 'so nothing is enforced but what was in force before'] as const)
          : (['warn', 'the rules stay as they are'] as const);
      this.#repeats.met('server', { level, message: `no word of the server, ${so}: ${trouble}` });
      return;
    }
    this.#repeats.over('server');
    this.#setup.log('info', 'the server speaks');
    // It knows this host from now on, and nothing else of it.
    this.#reporter.start();
    this.#reporter.again();
  }

  #want(wanted: Wanted): void {
    this.#wanted = wanted;
    this.#enqueue(async () => await this.#enforce());
  }

  /** One thing at a time touches the kernel. */
  #enqueue(act: () => Promise<void> | void): void {
    this.#working = this.#working.then(act).catch((error: unknown) => {
      this.#setup.log(
        'error',
        `a fault of the agent: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
      );
    });
  }

  async #enforce(): Promise<void> {
    const wanted = this.#wanted;
    if (wanted === undefined || wanted === this.#applied) return;
    const { log, attaching } = this.#setup;
    this.#wiring = wiringOf(attaching, wanted.view, this.#wiring);
    const lost = attaching.mode === 'tap' ? [] : cutOff(wanted.view, this.#wiring, attaching.needs);
    if (lost.length > 0) {
      this.#fail({
        message: `they would cut this machine off from ${lost.map(needText).join(' and ')}`,
        again: 'never',
      });
      return;
    }
    const done =
      this.#trials === undefined
        ? await this.#enforcer.enforce(wanted.view, this.#wiring)
        : await this.#trials.enforce(this.#enforcer, wanted.view, this.#wiring);
    if (!done.ok) {
      const { message, again } = 'again' in done.error ? done.error : notInForce(done.error);
      this.#fail({ message: `revision ${wanted.view.revision}: ${message}`, again });
      return;
    }
    const isFirst = this.#applied === undefined;
    this.#applied = wanted;
    this.#retryMs = RETRY_MS.first;
    const { revision, commands, problems } = done.value;
    log('info', `revision ${revision} is in force (${commands} changes to the kernel)`);
    for (const problem of problems) log('warn', problem);
    this.#keep(wanted.view);
    const applied = { epoch: wanted.epoch, revision };
    this.#warnings.set('rules', problems);
    const isNobody = attaching.mode === 'host' && this.#wiring.enis.size === 0;
    const trouble = isNobody
      ? `the server knows no interface of ${attaching.instance}: nothing is enforced on this machine`
      : undefined;
    this.#tell('rules', trouble, { applied });
    if (isFirst) await this.#count();
    this.#tidyLater();
  }

  /** What the change took is given back once no other one follows: members may come by hundreds. */
  #tidyLater(): void {
    clearTimeout(this.#tidying);
    this.#tidying = setTimeout(() => this.#enqueue(giveBackIfGrown), TIDY_MS).unref();
  }

  /** What the server is told to be in force is on the disk by then. */
  #keep(view: HostView): void {
    const kept = this.#setup.kept?.keep(view);
    if (kept?.ok !== false) this.#repeats.over('disk');
    else this.#repeats.met('disk', { level: 'warn', message: kept.error });
    this.#warnings.set('disk', kept?.ok === false ? [kept.error] : []);
  }

  async #settle(): Promise<void> {
    const settled = await this.#trials?.settle(this.#enforcer);
    if (settled?.ok === false) this.#fail({ message: settled.error, again: 'soon' });
  }

  /** The old rules are in force; the newest view is tried again, later each time, unless it is known to be of no use. */
  #fail({ message, again }: NotInForce): void {
    this.#tell('rules', `the newest rules are not in force: ${message}`);
    clearTimeout(this.#retry);
    if (again === 'never') return;
    const waitMs = again === 'later' ? LATER_MS : this.#retryMs;
    this.#retry = setTimeout(() => this.#enqueue(async () => await this.#enforce()), waitMs);
    if (again === 'soon') this.#retryMs = Math.min(RETRY_MS.most, this.#retryMs * 2);
  }

  /** Tells the server news, with what is wrong now. */
  #tell(about: About, trouble: string | undefined, news: Parameters<Reporter['tell']>[0] = {}): void {
    if (trouble === undefined) {
      this.#troubles.delete(about);
      this.#repeats.over(about);
    } else {
      this.#troubles.set(about, trouble);
      this.#repeats.met(about, { level: 'error', message: trouble });
    }
    const all = [...this.#troubles.values()].join('; ');
    const warnings = clipped([...this.#warnings.values()].flat());
    this.#reporter.tell({ ...news, warnings, problem: all === '' ? undefined : all.slice(0, MOST_TEXT) });
  }

  /** Says which devices are not there, and which are where no rule sees their packets. */
  async #lookAtDevices(at: 'links' | 'everything'): Promise<void> {
    const { look, log } = this.#setup;
    const { trouble, warnings } = this.#deviceNews.of(await look(at));
    const before = this.#warnings.get('devices') ?? [];
    for (const warning of warnings) if (!before.includes(warning)) log('warn', warning);
    for (const warning of before) if (!warnings.includes(warning)) log('info', `over: ${warning}`);
    // What goes on is said again every half minute, what is new at once.
    const isNew = trouble !== this.#troubles.get('devices') || warnings.join('\n') !== before.join('\n');
    if (at === 'links' && !isNew) return;
    this.#warnings.set('devices', warnings);
    this.#tell('devices', trouble);
  }

  async #lookAfter(): Promise<void> {
    await this.#lookAtDevices('everything');
    const verified = await this.#enforcer.verify();
    if (!verified.ok) {
      this.#tell('kernel', `the kernel cannot be read back: ${verified.error.message}`);
      return;
    }
    if (this.#applied === undefined) return;
    // A disk that was full may have room by now, and the next change may be months away.
    if (this.#warnings.get('disk')?.length !== 0) this.#keep(this.#applied.view);
    const { commands, fault, readings } = verified.value;
    this.#totals.add(readings, Date.now());
    this.#warnings.set('kernel', this.#totals.isFull ? ['more rules and entries were hit than are counted'] : []);
    const objects = commands.length;
    const drift: Drift | undefined = objects === 0 ? undefined : { objects, isRepaired: fault === undefined };
    if (drift?.isRepaired === true)
      this.#setup.log('warn', `somebody changed the rules: repaired by ${objects} changes`);
    const trouble =
      fault === undefined ? undefined : `somebody changed the rules, and they cannot be put right: ${fault.message}`;
    this.#tell('kernel', trouble, { drift });
  }

  /** Begins to count as soon as it is known what counters mean. */
  async #count(): Promise<void> {
    const readings = await this.#enforcer.counts();
    if (readings.ok) this.#totals.add(readings.value, Date.now());
  }
}

/** The longest text of a report, in characters, and the most warnings. */
const [MOST_TEXT, MOST_WARNINGS] = [1000, 20];

function clipped(texts: readonly string[]): readonly string[] | undefined {
  return texts.length === 0 ? undefined : texts.slice(0, MOST_WARNINGS).map((text) => text.slice(0, MOST_TEXT));
}

/**
 * The wiring of a host; that of a machine which is itself an instance waits for the view to say which interface is its primary one. The one
 * before stays where it still holds.
 */
export function wiringOf(attaching: Attaching, view: HostView | undefined, before: Wiring | undefined): Wiring {
  const common = { stateful: new Set<string>(), natGateways: new Map() };
  if (attaching.mode === 'tap')
    return before ?? { mode: 'forward', enis: attaching.enis, fabric: attaching.fabric, ...common };
  const enis = view === undefined ? [] : [...listRecords(view.world, 'enis')];
  const primary = enis.find((eni) => eni.attachment?.deviceIndex === 0) ?? enis[0];
  if (before !== undefined && before.enis.size === (primary === undefined ? 0 : 1))
    if (primary === undefined || before.enis.has(primary.id)) return before;
  return {
    mode: 'local',
    enis: new Map(primary === undefined ? [] : [[primary.id, attaching.attachment]]),
    fabric: new Set([attaching.attachment.device]),
    ...common,
  };
}
