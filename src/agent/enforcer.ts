import { fail, ok, type Result } from '../core/net/result.ts';
import type { HostView } from '../core/policy/host-view.ts';
import { CannotHold } from '../nft/cannot-hold.ts';
import { type Command, piecesOf, type Transaction } from '../nft/command.ts';
import { delta } from '../nft/delta.ts';
import { type Followed, followMembers } from '../nft/follow.ts';
import { type Layout, layout } from '../nft/layout.ts';
import { type Counts, type Listing, listingOf, NOTHING } from '../nft/listing.ts';
import { eraAt, type Past, pastFrom, pastIn } from '../nft/past.ts';
import { NO_NUMBERS, type Numbering } from '../nft/plan.ts';
import { layoutAfter, layoutOver } from '../nft/renumber.ts';
import { inTurn, type Turn } from '../nft/turn.ts';
import { undoLines } from '../nft/undo.ts';
import type { Wiring } from '../nft/wiring.ts';
import { CounterNames, type Reading } from './counter-names.ts';
import { giveBackFor } from './give-back.ts';
import type { Kernel, KernelFault } from './kernel.ts';
import { earlierCommands } from './open-connections.ts';
import type { Connection } from './self-check.ts';

/** What came of a view: the revision that the kernel now enforces, and how many commands it took. */
export type Enforced = { readonly revision: number; readonly commands: number; readonly problems: readonly string[] };

/** What comes before a change, told the lines that make the kernel again what it is now. Its failure keeps the kernel as it is. */
export type Prelude = (undo: Iterable<string>) => Promise<Result<void>>;

/**
 * What the kernel held that it should not have, or the other way round, as the commands of the repair; none when all was right. `fault`: why it
 * could not be repaired. `readings`: what was counted until then.
 */
export type Drift = {
  readonly commands: readonly Command[];
  readonly fault?: KernelFault;
  readonly readings: readonly Reading[];
};

/**
 * Keeps one network namespace at what a view wants. Views are applied one after another by the caller. A view that fails leaves the kernel
 * with the rules of the one before, whole; what the kernel holds is then read anew before the next.
 */
export class Enforcer {
  static #tables = 0;
  readonly #kernel: Kernel;
  readonly #connections: (() => Promise<Result<readonly Connection[]>>) | undefined;
  readonly #numbers: Numbering;
  #wiring: Wiring;
  #applied: { readonly view: HostView; readonly layout: Layout } | undefined;
  /** What the kernel holds; undefined when it must be asked. */
  #known: Listing | undefined;
  #turn: Turn = [];
  readonly #names = new CounterNames();
  /** Which table counts: none has the same number as one before it, of any enforcer. */
  #table = Enforcer.#nextTable();

  /** `connections`: those that are open, for the first rules of a machine that is itself the instance. `numbers`: those that are given from. */
  constructor(
    kernel: Kernel,
    wiring: Wiring,
    connections?: () => Promise<Result<readonly Connection[]>>,
    numbers: Numbering = NO_NUMBERS,
  ) {
    this.#kernel = kernel;
    this.#wiring = wiring;
    this.#connections = connections;
    this.#numbers = numbers;
  }

  static #nextTable(): number {
    Enforcer.#tables += 1;
    return Enforcer.#tables;
  }

  /** The revision in force; undefined before the first. */
  get revision(): number | undefined {
    return this.#applied?.view.revision;
  }

  /** What is in force, if this enforcer put it there. */
  get current(): { readonly view: HostView; readonly wiring: Wiring } | undefined {
    return this.#applied === undefined ? undefined : { view: this.#applied.view, wiring: this.#wiring };
  }

  /** Somebody else makes the table: what it holds is read anew before the next view, and its counters are others. */
  forget(): void {
    this.#applied = undefined;
    this.#known = undefined;
    this.#table = Enforcer.#nextTable();
  }

  /**
   * Takes the kernel to a view in one transaction. `wiring`: devices came or went with it. `prelude` comes before anything is changed, and not where
   * nothing is to change.
   */
  async enforce(
    view: HostView,
    wiring: Wiring = this.#wiring,
    prelude?: Prelude,
  ): Promise<Result<Enforced, KernelFault>> {
    const followed =
      this.#applied !== undefined && this.#known !== undefined && wiring === this.#wiring
        ? followMembers(this.#applied.layout, this.#applied.view, view)
        : undefined;
    const planned =
      followed === undefined ? await this.#plan(view, wiring) : ok(shortPlan(followed, this.#known ?? NOTHING));
    if (!planned.ok) return planned;
    const { layout: next, transactions, faults } = planned.value;
    const commands = transactions.reduce((sum, one) => sum + one.commands.length, 0);
    if (prelude !== undefined && commands > 0) {
      if (!this.#kernel.readsStrangers) throw new Error('what is read this way cannot be made again');
      const ready = await prelude(undoLines(planned.value.before));
      if (!ready.ok) return fail({ kind: 'failed', message: ready.error });
    }
    // Making the change is over, and doing it takes room again.
    giveBackFor(commands);
    const done = await this.#applyAll(transactions);
    if (!done.ok) return done;
    if (makesTable(transactions)) this.#table = Enforcer.#nextTable();
    this.#names.follow(view.world, next.meaning);
    this.#wiring = wiring;
    this.#applied = { view, layout: next };
    this.#known =
      followed === undefined || this.#known === undefined ? listingOf(next.ruleset) : followedBy(this.#known, next);
    return ok({ revision: view.revision, commands, problems: [...next.problems, ...faults] });
  }

  /** Makes sure that the kernel holds what it should: unless nobody can have changed it, it is read back, compared and put right. */
  async verify(): Promise<Result<Drift, KernelFault>> {
    if (this.#applied === undefined) return ok({ commands: [], readings: [] });
    if (this.#known !== undefined && (await this.#kernel.isUntouched())) {
      const readings = await this.counts();
      return readings.ok ? ok({ commands: [], readings: readings.value }) : readings;
    }
    const { view, layout: known } = this.#applied;
    let wanted = known;
    const actual = await this.#kernel.read((listing) => {
      const past = this.#pastOf(listing);
      wanted = past === known.numbering.past ? known : layout(view, this.#wiring, { ...known.numbering, past });
      return wanted.ruleset;
    });
    if (!actual.ok) return actual;
    const { listing, counts, turn } = actual.value;
    this.#turn = turn;
    const readings = await this.#readingsOf(counts);
    const { transactions } = delta(listing, wanted.ruleset);
    const commands = commandsOf(transactions);
    const repaired = await this.#applyAll(transactions);
    if (!repaired.ok) return ok({ commands, readings, fault: repaired.error });
    if (makesTable(transactions)) this.#table = Enforcer.#nextTable();
    this.#applied = { view, layout: wanted };
    if (transactions.length > 0 || this.#known === undefined) this.#known = listingOf(wanted.ruleset);
    return ok({ commands, readings });
  }

  /** Reads the counters. Those of rules that were never hit are not there. */
  async counts(): Promise<Result<readonly Reading[], KernelFault>> {
    if (this.#applied === undefined) return ok([]);
    const counted = await this.#kernel.counts(this.#names.chains);
    return counted.ok ? ok(await this.#readingsOf(counted.value)) : counted;
  }

  /** Ends what was started to reach the kernel. The rules stay. */
  close(): void {
    this.#kernel.close();
  }

  /** What counters say. Those that nothing counts at any more are taken out of the kernel: else they would fill its set in the end. */
  async #readingsOf(counts: Counts): Promise<readonly Reading[]> {
    const stale = this.#names.staleMarks(counts);
    const readings = this.#names.readings(counts);
    const set = this.#applied?.layout.ruleset.sets.get('hits');
    if (stale.length > 0 && set !== undefined) {
      const elements = new Map(stale.map((mark) => [String(mark), ''] as const));
      // If that fails they stay until the next time: they do nobody any harm.
      await this.#kernel.apply([{ kind: 'delete-elements', set, content: { kind: 'texts', elements } }]);
    }
    return readings.map((one) => ({ ...one, object: `${this.#table} ${one.object}` }));
  }

  async #plan(view: HostView, wiring: Wiring): Promise<Result<Planned, KernelFault>> {
    const known = this.#known;
    const before = this.#applied?.layout;
    const previous = before?.numbering ?? this.#numbers;
    try {
      const now = eraAt(Date.now() / 1000);
      const next = { ...previous, past: { ...previous.past, next: now } };
      if (known !== undefined) {
        const after =
          before === undefined ? layout(view, wiring, next) : layoutAfter({ ...before, numbering: next }, view, wiring);
        return await this.#planned({ view, wiring }, known, after);
      }
      let made: Layout | undefined;
      const read = await this.#kernel.read((actual) => {
        const past = { ...this.#pastOf(actual), next: now };
        made = layoutOver(view, wiring, { actual, previous: { ...previous, past } });
        return made.ruleset;
      });
      if (!read.ok) return read;
      this.#turn = read.value.turn;
      return await this.#planned({ view, wiring }, read.value.listing, made ?? layout(view, wiring, next));
    } catch (error) {
      // A wiring that cannot be enforced says why; the old rules stay.
      if (error instanceof CannotHold) return fail({ kind: 'hopeless', message: error.message });
      return fail({ kind: 'failed', message: error instanceof Error ? error.message : String(error) });
    }
  }

  async #planned(
    at: { readonly view: HostView; readonly wiring: Wiring },
    actual: Listing,
    next: Layout,
  ): Promise<Result<Planned, KernelFault>> {
    const { transactions } = delta(actual, next.ruleset);
    // What somebody left running must not come after this, though there is nothing to change.
    const isSettled = transactions.length > 0 || this.#known !== undefined;
    const isFirst = [...actual.chains.values()].every(({ head }) => head === '');
    const earlier = isFirst ? await this.#earlier({ ...at, ruleset: next.ruleset }) : NO_EARLIER;
    return ok({
      before: actual,
      layout: next,
      transactions: isSettled ? withFirst(transactions, earlier.commands) : [TAKE_OVER],
      faults: earlier.faults,
    });
  }

  /** What lets connections live on that are older than the first rules. */
  async #earlier(at: Parameters<typeof earlierCommands>[1]): Promise<Earlier> {
    if (this.#connections === undefined) return NO_EARLIER;
    const read = await this.#connections();
    return read.ok ? { commands: earlierCommands(read.value, at), faults: [] } : { commands: [], faults: [read.error] };
  }

  /**
   * What the table's past is. It goes on from the one that an earlier enforcer left in the kernel, and never back: marks of a later era than the rules
   * know of would not be believed. A change that failed halfway may have begun an era.
   */
  #pastOf(actual: Listing): Past {
    const told = pastIn(actual.sets);
    const known = this.#applied?.layout.numbering.past;
    if (known === undefined) return told ?? pastFrom(eraAt(Date.now() / 1000));
    return told !== undefined && told.era > known.era ? told : known;
  }

  /** A transaction that fails leaves what the ones before it did; none of them leaves rules that are neither old nor new. */
  async #applyAll(transactions: readonly Transaction[]): Promise<Result<void, KernelFault>> {
    for (const transaction of transactions)
      for (const piece of piecesOf(transaction, this.#kernel.mostAtOnce)) {
        const fenced = inTurn(piece, this.#turn);
        const done = await this.#kernel.apply(fenced.commands);
        if (!done.ok) {
          this.#known = undefined;
          return done;
        }
        this.#turn = fenced.next;
      }
    return ok(undefined);
  }
}

/** Whether all counters of the kernel begin from nothing with it. */
function makesTable(transactions: readonly Transaction[]): boolean {
  return transactions.some(({ commands }) =>
    commands.some((one) => one.kind === 'create-table' && one.family === 'inet'),
  );
}

/** `faults`: what was left undone that does not keep the rules from being enforced. */
type Planned = {
  readonly before: Listing;
  readonly layout: Layout;
  readonly transactions: readonly Transaction[];
  readonly faults: readonly string[];
};

type Earlier = { readonly commands: readonly Command[]; readonly faults: readonly string[] };
const NO_EARLIER: Earlier = { commands: [], faults: [] };

/** Changes nothing but the turn. */
const TAKE_OVER: Transaction = { commands: [], isHidden: true };

function shortPlan({ layout: next, transactions }: Followed, before: Listing): Planned {
  return { before, layout: next, transactions, faults: [] };
}

/** More commands at the end of the first transaction, which makes what nobody leads to yet. */
function withFirst([first, ...rest]: readonly Transaction[], more: readonly Command[]): readonly Transaction[] {
  return first === undefined ? rest : [{ ...first, commands: [...first.commands, ...more] }, ...rest];
}

function commandsOf(transactions: readonly Transaction[]): readonly Command[] {
  return transactions.flatMap(({ commands }) => commands);
}

/** The listing after a change that touched elements alone. */
function followedBy(known: Listing, next: Layout): Listing {
  const sets = new Map(known.sets);
  for (const [name, { content }] of next.ruleset.sets) {
    const old = sets.get(name);
    if (old !== undefined && old.content !== content) sets.set(name, { ...old, content });
  }
  return { ...known, sets };
}
