import { randomBytes } from 'node:crypto';
import type { EniId, VpcId } from '../../core/model/ids.ts';
import type { World } from '../../core/model/world.ts';
import type { Counters, Drift } from '../../server/sync/messages.ts';
import type { Drift as KernelDrift } from '../enforcer.ts';
import { fail, ok, type Result } from '../../core/net/result.ts';
import { HitTotals } from '../hit-totals.ts';
import { type Lock, takeLock } from '../lock.ts';
import { type Built, Lab } from './lab.ts';
import { LAB_LOCK, readHolder, registerOf, removeRegister, writeRegister } from './register.ts';

/** What a follower has to say: to a log or to a terminal. */
export type LabReport = {
  readonly built: (of: { readonly instances: number; readonly milliseconds: number }) => void;
  readonly failed: (message: string) => void;
  readonly warned: (message: string) => void;
  readonly repaired: (vpcId: string, changes: number) => void;
};

/** What of a world is in force. `revision` is undefined when nothing is; `problem` says why it is not the newest. */
export type LabState = {
  readonly revision: number | undefined;
  readonly enis: readonly EniId[];
  readonly problem?: string;
  readonly drift?: Drift | undefined;
};

/** For whoever tells others what the lab enforces: each state, and each reading of its counters. */
export type LabHearer = {
  readonly state: (state: LabState) => void;
  readonly counters: (counters: Counters) => void;
};

/** A world and the revision that it is of. */
export type Followed = { readonly world: World; readonly revision: number };

const LOOK_MS = 30_000;
/** How long to wait after a world that could not be built, in milliseconds; doubled up to the second each time. */
const RETRY_MS = { first: 1000, most: 60_000 } as const;
/** What is in force where nothing stands. */
const NOTHING: Pick<LabState, 'revision' | 'enis'> = { revision: undefined, enis: [] };
const NOBODY: LabHearer = { state: () => undefined, counters: () => undefined };

/** A lab that goes after a world that changes: builds the newest, one at a time, and looks after the kernel in between. */
export class LabFollower {
  readonly #lab = new Lab();
  readonly #newest: () => Followed;
  readonly #report: LabReport;
  readonly #hearer: LabHearer;
  readonly #lookMs: number;
  readonly #source: string | undefined;
  readonly #warned: Set<string> = new Set();
  readonly #totals = new HitTotals(randomBytes(8).toString('hex'));
  #state: Omit<LabState, 'problem'> = { revision: undefined, enis: [] };
  readonly #troubles = new Map<'rules' | 'kernel', string>();
  #built: World | undefined;
  #isDirty = false;
  #isClosed = false;
  #running: Promise<void> | undefined;
  #looking: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #retry: NodeJS.Timeout | undefined;
  #retryMs: number = RETRY_MS.first;
  #lock: Lock | undefined;

  /**
   * `lookMs`: how often the kernel is compared with what it should hold and counters are read, in milliseconds; `source`: the path that the world was
   * read from, for the register.
   */
  constructor(
    newest: () => Followed,
    report: LabReport,
    {
      hearer = NOBODY,
      lookMs = LOOK_MS,
      source,
    }: { readonly hearer?: LabHearer; readonly lookMs?: number; readonly source?: string | undefined } = {},
  ) {
    this.#newest = newest;
    this.#report = report;
    this.#hearer = hearer;
    this.#lookMs = lookMs;
    this.#source = source;
  }

  /**
   * Removes what an earlier lab left, builds the world, and resolves when it stands or cannot. Refused, with nothing touched, while another process
   * has a lab: namespaces go by name, and two would take down what the other one builds.
   */
  async start(): Promise<Result<void>> {
    this.#lock = await takeLock(LAB_LOCK);
    if (this.#lock === undefined) return fail(otherLab());
    const cleaned = await Lab.clean();
    if (!cleaned.ok) this.#report.failed(cleaned.error);
    this.#timer = setInterval(() => this.#lookAgain(), this.#lookMs);
    this.#timer.unref();
    this.changed();
    await this.#running;
    return ok(undefined);
  }

  /** The world changed. */
  changed(): void {
    this.#isDirty = true;
    if (!this.#isClosed) this.#running ??= this.#run();
  }

  /** Takes the lab down; resolves when nothing is left. What stands is left alone where it is another process's: where the start was refused. */
  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#lock === undefined) return;
    clearInterval(this.#timer);
    clearTimeout(this.#retry);
    await this.#running;
    await this.#looking;
    const closed = await this.#lab.close();
    if (!closed.ok) this.#report.failed(closed.error);
    removeRegister();
    this.#lock.release();
  }

  async #run(): Promise<void> {
    while (this.#isDirty) {
      this.#isDirty = false;
      await this.#follow(this.#newest());
    }
    this.#running = undefined;
  }

  #lookAgain(): void {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
    });
  }

  async #follow({ world, revision }: Followed): Promise<void> {
    if (world !== this.#built) {
      this.#built = undefined;
      const built = await this.#lab.build(world);
      if (!built.ok) {
        this.#fail(built.error);
        return;
      }
      this.#built = world;
      this.#retryMs = RETRY_MS.first;
      this.#tellBuilt(world, built.value);
    }
    const routers = [...(this.#lab.plan?.routers.values() ?? [])];
    const enis = routers.flatMap(({ wiring }) => [...wiring.enis.keys()]);
    const isFirst = this.#state.revision === undefined;
    this.#tell('rules', undefined, { revision, enis });
    // Begins to count as soon as it is known what counters mean.
    if (isFirst) await this.#look();
  }

  #tellBuilt(world: World, { instances, milliseconds, warnings }: Built): void {
    if (this.#lab.plan !== undefined) writeRegister(registerOf(world, this.#lab.plan), this.#source);
    for (const warning of warnings) if (!this.#warned.has(warning)) this.#report.warned(warning);
    for (const warning of warnings) this.#warned.add(warning);
    this.#report.built({ instances: instances.size, milliseconds });
  }

  /** Says that the newest world is not there, and tries again, later each time. */
  #fail(why: string): void {
    this.#report.failed(why);
    const isStanding = this.#lab.plan !== undefined;
    this.#tell('rules', `the newest rules are not in force: ${why}`, isStanding ? {} : NOTHING);
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.changed(), this.#retryMs);
    this.#retryMs = Math.min(RETRY_MS.most, this.#retryMs * 2);
  }

  #tell(about: 'rules' | 'kernel', trouble: string | undefined, more: Partial<LabState>): void {
    if (trouble === undefined) this.#troubles.delete(about);
    else this.#troubles.set(about, trouble);
    this.#state = { ...this.#state, ...more };
    const problem = [...this.#troubles.values()].join('; ');
    this.#hearer.state({ ...this.#state, ...(problem === '' ? {} : { problem }) });
  }

  /** Compares the kernel with what it should hold, and reads its counters. */
  async #look(): Promise<void> {
    const looked = await this.#lab.verify();
    if (looked.ok) this.#tellLooked(looked.value);
    else {
      this.#report.failed(looked.error);
      const isStanding = this.#lab.plan !== undefined;
      this.#tell('kernel', `the kernel cannot be read back: ${looked.error}`, isStanding ? {} : NOTHING);
      if (!isStanding) this.#buildAnew();
    }
  }

  #buildAnew(): void {
    this.#built = undefined;
    this.changed();
  }

  #tellLooked(drifts: ReadonlyMap<VpcId, KernelDrift>): void {
    const changed = [...drifts].filter(([, { commands }]) => commands.length > 0);
    const fault = changed.find(([, drift]) => drift.fault !== undefined)?.[1].fault;
    for (const [vpcId, { commands }] of fault === undefined ? changed : [])
      this.#report.repaired(vpcId, commands.length);
    if (fault !== undefined) this.#report.failed(fault.message);
    const objects = changed.reduce((sum, [, { commands }]) => sum + commands.length, 0);
    const drift = objects === 0 ? undefined : { objects, isRepaired: fault === undefined };
    const trouble = fault && `somebody changed the rules, and they cannot be put right: ${fault.message}`;
    this.#tell('kernel', trouble, { drift });
    this.#totals.add(
      [...drifts.values()].flatMap(({ readings }) => readings),
      Date.now(),
    );
    const untold = this.#totals.untold(Number.MAX_SAFE_INTEGER);
    if (untold === undefined) return;
    this.#hearer.counters(untold.counters);
    this.#totals.told(untold);
  }
}

function otherLab(): string {
  const holder = readHolder();
  const who = holder === undefined ? 'another process' : `process ${holder}`;
  return `${who} has a lab on this machine already: end it first, by Ctrl-C where it runs`;
}
