import { fail, ok, type Result } from '../core/net/result.ts';
import type { RuleId } from '../core/model/ids.ts';
import type { HostView } from '../core/policy/host-view.ts';
import type { Command, Transaction } from '../nft/command.ts';
import { delta } from '../nft/delta.ts';
import { type Followed, followMembers } from '../nft/follow.ts';
import { type Layout, layout } from '../nft/layout.ts';
import { type Count, type Listing, listingOf, NOTHING, parseListing } from '../nft/listing.ts';
import { MAX_NUMBER, NO_NUMBERS, NUMBER_BITS } from '../nft/plan.ts';
import { linesOf } from '../nft/render.ts';
import { layoutOver } from '../nft/renumber.ts';
import { inTurn, type Turn } from '../nft/turn.ts';
import type { Wiring } from '../nft/wiring.ts';
import type { NftFault, NftProgram } from './nft-program.ts';
import { earlierCommands } from './open-connections.ts';
import type { Connection } from './self-check.ts';

/** What came of a view: the revision that the kernel now enforces, and how many commands it took. */
export type Enforced = { readonly revision: number; readonly commands: number; readonly problems: readonly string[] };

/** What the kernel held that it should not have, or the other way round, as the commands of the repair; none when all was right. */
export type Drift = { readonly commands: readonly Command[] };

/** What rules and entries counted since their kernel objects were made. */
export type HitCounts = {
  readonly rules: ReadonlyMap<RuleId, Count>;
  /** By `acl direction number`; the final deny has the number `*`. */
  readonly entries: ReadonlyMap<string, Count>;
};

const LIST_TABLE = ['list', 'table', 'inet', 'crenel'];

/**
 * Keeps one network namespace at what a view wants. Views are applied one after another by the caller. A view that fails leaves the kernel
 * with the rules of the one before, whole; what the kernel holds is then read anew before the next.
 */
export class Enforcer {
  readonly #program: NftProgram;
  readonly #connections: (() => Promise<Result<readonly Connection[]>>) | undefined;
  #wiring: Wiring;
  #applied: { readonly view: HostView; readonly layout: Layout } | undefined;
  /** What the kernel holds; undefined when it must be asked. */
  #known: Listing | undefined;
  #turn: Turn = [];

  /** `connections`: those that are open, for the first rules of a machine that is itself the instance. */
  constructor(program: NftProgram, wiring: Wiring, connections?: () => Promise<Result<readonly Connection[]>>) {
    this.#program = program;
    this.#wiring = wiring;
    this.#connections = connections;
  }

  /** The revision in force; undefined before the first. */
  get revision(): number | undefined {
    return this.#applied?.view.revision;
  }

  /** Takes the kernel to a view in one transaction. `wiring`: devices came or went with it. */
  async enforce(view: HostView, wiring: Wiring = this.#wiring): Promise<Result<Enforced, NftFault>> {
    const followed =
      this.#applied !== undefined && this.#known !== undefined && wiring === this.#wiring
        ? followMembers(this.#applied.layout, this.#applied.view, view)
        : undefined;
    const planned = followed === undefined ? await this.#plan(view, wiring) : ok(shortPlan(followed));
    if (!planned.ok) return planned;
    const { layout: next, transactions, faults } = planned.value;
    const done = await this.#applyAll(transactions);
    if (!done.ok) return done;
    this.#wiring = wiring;
    this.#applied = { view, layout: next };
    this.#known =
      followed === undefined || this.#known === undefined ? listingOf(next.ruleset) : followedBy(this.#known, next);
    return ok({
      revision: view.revision,
      commands: commandsOf(transactions).length,
      problems: [...next.problems, ...faults],
    });
  }

  /** Reads the kernel back, compares it with what it should hold, and puts it right. */
  async verify(): Promise<Result<Drift, NftFault>> {
    if (this.#applied === undefined) return ok({ commands: [] });
    const actual = await this.#read();
    if (!actual.ok) return actual;
    const { transactions } = delta(actual.value, this.#applied.layout.ruleset);
    const repaired = await this.#applyAll(transactions);
    if (!repaired.ok) return repaired;
    if (transactions.length > 0) this.#known = listingOf(this.#applied.layout.ruleset);
    return ok({ commands: commandsOf(transactions) });
  }

  /** Reads the counters. Rules that were never hit, and those that came in place of others since, are not there or start anew. */
  async counts(): Promise<Result<HitCounts, NftFault>> {
    const meaning = this.#applied?.layout.meaning;
    if (meaning === undefined) return ok({ rules: new Map(), entries: new Map() });
    const hits = await this.#program.list(['list', 'set', 'inet', 'crenel', 'hits']);
    const chains = await this.#program.list(['-t', ...LIST_TABLE]);
    if (!hits.ok) return hits;
    if (!chains.ok) return chains;
    const [ofSet, ofChains] = [parseListing(hits.value), parseListing(chains.value)];
    if (!ofSet.ok || !ofChains.ok) return fail({ kind: 'failed', message: 'nft printed no listing' });
    const rules = new Map<RuleId, Count>();
    for (const [mark, count] of ofSet.value.counts.hits) {
      const place = Math.max(0, (mark >>> NUMBER_BITS) - 1);
      const rule = meaning.classes.get(mark & MAX_NUMBER)?.[place];
      if (rule !== undefined) rules.set(rule, sum(rules.get(rule), count));
    }
    const entries = new Map<string, Count>();
    for (const [chain, { aclId, direction, number }] of meaning.entries) {
      const count = ofChains.value.counts.rules.get(`${chain} 0`);
      const key = `${aclId} ${direction} ${number}`;
      if (count !== undefined) entries.set(key, sum(entries.get(key), count));
    }
    return ok({ rules, entries });
  }

  async #plan(view: HostView, wiring: Wiring): Promise<Result<Planned, NftFault>> {
    const known = this.#known;
    const actual = known === undefined ? await this.#read() : ok(known);
    if (!actual.ok) return actual;
    try {
      const previous = this.#applied?.layout.numbering ?? NO_NUMBERS;
      const next =
        known === undefined
          ? layoutOver(view, wiring, { actual: actual.value, previous })
          : layout(view, wiring, previous);
      const { transactions } = delta(actual.value, next.ruleset);
      // What somebody left running must not come after this, though there is nothing to change.
      const isSettled = transactions.length > 0 || known !== undefined;
      const isFirst = [...actual.value.chains.values()].every(({ head }) => head === '');
      const earlier = isFirst ? await this.#earlier({ view, wiring, ruleset: next.ruleset }) : NO_EARLIER;
      return ok({
        layout: next,
        transactions: isSettled ? withFirst(transactions, earlier.commands) : [TAKE_OVER],
        faults: earlier.faults,
      });
    } catch (error) {
      // A wiring that cannot be enforced says why; the old rules stay.
      return fail({ kind: 'failed', message: error instanceof Error ? error.message : String(error) });
    }
  }

  /** What lets connections live on that are older than the first rules. */
  async #earlier(at: Parameters<typeof earlierCommands>[1]): Promise<Earlier> {
    if (this.#connections === undefined) return NO_EARLIER;
    const read = await this.#connections();
    return read.ok ? { commands: earlierCommands(read.value, at), faults: [] } : { commands: [], faults: [read.error] };
  }

  /** A transaction that fails leaves what the ones before it did; none of them leaves rules that are neither old nor new. */
  async #applyAll(transactions: readonly Transaction[]): Promise<Result<void, NftFault>> {
    for (const { commands } of transactions) {
      const fenced = inTurn(commands, this.#turn);
      const done = await this.#program.apply(linesOf(fenced.commands));
      if (!done.ok) {
        this.#known = undefined;
        return done;
      }
      this.#turn = fenced.next;
    }
    return ok(undefined);
  }

  async #read(): Promise<Result<Listing, NftFault>> {
    const text = await this.#program.list(LIST_TABLE);
    if (!text.ok) return text;
    const parsed = text.value === '' ? ok({ listing: NOTHING, turn: [] }) : parseListing(text.value);
    if (!parsed.ok) return fail({ kind: 'failed', message: parsed.error });
    this.#turn = parsed.value.turn;
    return ok(parsed.value.listing);
  }
}

/** `faults`: what was left undone that does not keep the rules from being enforced. */
type Planned = {
  readonly layout: Layout;
  readonly transactions: readonly Transaction[];
  readonly faults: readonly string[];
};

type Earlier = { readonly commands: readonly Command[]; readonly faults: readonly string[] };
const NO_EARLIER: Earlier = { commands: [], faults: [] };

/** Changes nothing but the turn. */
const TAKE_OVER: Transaction = { commands: [], isHidden: true };

function shortPlan({ layout: next, transactions }: Followed): Planned {
  return { layout: next, transactions, faults: [] };
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

function sum(a: Count | undefined, b: Count): Count {
  return { packets: (a?.packets ?? 0) + b.packets, bytes: (a?.bytes ?? 0) + b.bytes };
}
