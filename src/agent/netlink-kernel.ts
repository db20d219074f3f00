import { setTimeout } from 'node:timers/promises';
import { fail, ok, type Result } from '../core/net/result.ts';
import type { Command } from '../nft/command.ts';
import type { Count, Counts, Listing, ReadBack, RuleCount } from '../nft/listing.ts';
import type { Ruleset } from '../nft/ruleset.ts';
import { TABLE_FAMILIES, type TableFamily } from '../nft/tables.ts';
import { ByteWriter } from '../nft/wire/byte-writer.ts';
import { type Batch, batchOf, nextGeneration } from '../nft/wire/command-bytes.ts';
import { readHits } from '../nft/wire/element-reader.ts';
import { askChains, askElements, askRules, askRulesOf, askSets, askTimeouts } from '../nft/wire/requests.ts';
import type { ReadSet } from '../nft/wire/set-reader.ts';
import { TableReader } from '../nft/wire/table-reader.ts';
import { type Kernel, type KernelFault, NOTHING_READ } from './kernel.ts';
import type { NetlinkOptions } from './netlink.ts';
import { ERRORS, NetlinkTalk, type TalkFault } from './netlink-talk.ts';

/** How often a reading begins anew because somebody changed rules meanwhile. */
const TRIES = 5;
/** How often a set is read again whose table the kernel is giving another size, and how long it gets for that in between, in milliseconds. */
const [SET_TRIES, SETTLE_MS] = [50, 20];
/** The set that counts what rules let pass. */
const HITS = 'hits';

/**
 * The kernel by netlink, without a program that reads much of the table before each change: a change costs what it changes. The number of the
 * generation of rules tells whether somebody else was there.
 */
export class NetlinkKernel implements Kernel {
  readonly way: string = 'netlink';
  /** Batches of about a megabyte: longer ones are no faster. */
  readonly mostAtOnce: number = 30_000;
  readonly readsStrangers: boolean = false;
  readonly #talk: NetlinkTalk;
  /** What wrote the last batch, as long as nobody needs its room: many batches in a row are as long. */
  #writer: WeakRef<ByteWriter> | undefined;
  /** The generation in which nobody but this has changed what was read last. */
  #generation: number | undefined;

  constructor(options: NetlinkOptions = {}) {
    this.#talk = new NetlinkTalk(options);
  }

  async reach(): Promise<Result<void, KernelFault>> {
    const newest = await this.#talk.generation();
    return newest.ok ? ok(undefined) : faultOf(newest.error);
  }

  async apply(commands: readonly Command[]): Promise<Result<void, KernelFault>> {
    const writer = this.#writer?.deref() ?? new ByteWriter();
    this.#writer = new WeakRef(writer);
    const done = await this.#commit(batchOf(commands, writer));
    if (!done.ok) this.#generation = undefined;
    return done;
  }

  async read(expect: (actual: Listing) => Ruleset): Promise<Result<ReadBack, KernelFault>> {
    this.#generation = undefined;
    for (let tries = 0; tries < TRIES; tries += 1) {
      const before = await this.#talk.generation();
      if (!before.ok) return faultOf(before.error);
      const found = await this.#readOnce(expect);
      // What is not there is what somebody took away while it was read.
      const isMoving = !found.ok && [ERRORS.interrupted, ERRORS.missing].some((error) => error === found.error.error);
      if (!found.ok && !isMoving) return faultOf(found.error);
      const after = await this.#talk.generation();
      if (!after.ok) return faultOf(after.error);
      if (after.value !== before.value || !found.ok) continue;
      this.#generation = after.value;
      return ok(found.value);
    }
    return fail({ kind: 'failed', message: 'somebody changes rules all the time: they cannot be read in one piece' });
  }

  async isUntouched(): Promise<boolean> {
    if (this.#generation === undefined) return false;
    const newest = await this.#talk.generation();
    return newest.ok && newest.value === this.#generation;
  }

  async counts(chains: Iterable<string>): Promise<Result<Counts, KernelFault>> {
    const hits = new Map<number, Count>();
    const read = await this.#readHits(hits);
    if (!read.ok) return read.error.error === ERRORS.missing ? ok(NOTHING_READ.counts) : faultOf(read.error);
    const rules = new Map<string, RuleCount>();
    for (const chain of chains) {
      const reader = TableReader.ofChain(chain);
      const asked = await this.#talk.ask(askRulesOf(chain), ({ body }) => reader.takeRule(body));
      if (!asked.ok && asked.error.error !== ERRORS.missing) return faultOf(asked.error);
      for (const [place, count] of reader.counts) rules.set(place, count);
    }
    return ok({ rules, hits });
  }

  close(): void {
    this.#talk.close();
    this.#generation = undefined;
  }

  /** One batch, done in a known generation if there is one; when somebody was faster, done all the same, and nothing is known any more. */
  async #commit(batch: Batch): Promise<Result<void, KernelFault>> {
    const known = this.#generation;
    const sent = await this.#talk.send(batch, known);
    if (!sent.ok) return faultOf(sent.error);
    const { refused, generation } = sent.value;
    if (refused === undefined) {
      this.#generation = known !== undefined && generation === nextGeneration(known) ? generation : undefined;
      return ok(undefined);
    }
    if (refused.error !== ERRORS.interrupted || known === undefined) return faultOf(refused);
    this.#generation = undefined;
    return await this.#commit(batch);
  }

  /** Reads the tables, which nobody must change meanwhile. */
  async #readOnce(expect: (actual: Listing) => Ruleset): Promise<Result<ReadBack, TalkFault>> {
    const readers: (readonly [TableFamily, TableReader])[] = [];
    for (const family of TABLE_FAMILIES) {
      const reader = new TableReader(family);
      const read = await this.#readObjects(family, reader);
      if (read.ok) readers.push([family, reader]);
      // A table that is not there.
      else if (read.error.error !== ERRORS.missing) return read;
    }
    const listing = mergedListing(readers.map(([, reader]) => reader.listing));
    const expected = expect(listing);
    for (const [family, reader] of readers) {
      const read = await this.#talk.ask(askRules(family), ({ body }) => reader.takeRule(body, expected));
      if (!read.ok) return read;
    }
    const hits = new Map<number, Count>();
    const read = listing.sets.has(HITS) ? await this.#readHits(hits) : ok(undefined);
    if (!read.ok) return read;
    const rules = new Map(readers.flatMap(([, reader]) => [...reader.counts]));
    return ok({ listing, counts: { rules, hits }, turn: readers.flatMap(([, reader]) => reader.turn) });
  }

  /** Reads all of a table but its rules. */
  async #readObjects(family: TableFamily, reader: TableReader): Promise<Result<void, TalkFault>> {
    const steps: readonly (() => Promise<Result<void, TalkFault>>)[] = [
      async () => await this.#talk.ask(askSets(family), ({ body }) => reader.takeSet(body)),
      async () => await this.#readElements(reader),
      async () => await this.#talk.ask(askChains(family), ({ body }) => reader.takeChain(body)),
      async () => await this.#talk.ask(askTimeouts(family), ({ body }) => reader.takeTimeout(body)),
    ];
    for (const step of steps) {
      const done = await step();
      if (!done.ok) return done;
    }
    return ok(undefined);
  }

  async #readElements(reader: TableReader): Promise<Result<void, TalkFault>> {
    for (const set of reader.setsToRead) {
      const read = await this.#readSet(reader, set);
      if (!read.ok) return read;
    }
    return ok(undefined);
  }

  async #readSet(reader: TableReader, set: ReadSet): Promise<Result<void, TalkFault>> {
    for (let tries = 0; tries < SET_TRIES; tries += 1) {
      const elements = reader.elementsOf(set);
      const read = await this.#talk.ask(askElements(set.name), ({ body }) => elements.take(body));
      if (!read.ok || elements.end()) return read;
      await setTimeout(SETTLE_MS);
    }
    return fail({ error: 0, message: `what the set ${set.name} holds cannot be read in one piece` });
  }

  async #readHits(hits: Map<number, Count>): Promise<Result<void, TalkFault>> {
    return await this.#talk.ask(askElements(HITS), ({ body }) => {
      for (const [mark, count] of readHits(body)) hits.set(mark, count);
    });
  }
}

/** Names say which table they are of. The maps are those of the readers: rules that are read later are in it. */
function mergedListing(listings: readonly Listing[]): Listing {
  return {
    chains: new Map(listings.flatMap(({ chains }) => [...chains])),
    sets: new Map(listings.flatMap(({ sets }) => [...sets])),
    timeouts: new Map(listings.flatMap(({ timeouts }) => [...timeouts])),
  };
}

function faultOf({ error, message }: TalkFault): Result<never, KernelFault> {
  if (error === ERRORS.permission)
    return fail({ kind: 'cannot', message: 'the process may not change the firewall: it needs CAP_NET_ADMIN' });
  if (error === ERRORS.unsupported)
    return fail({ kind: 'cannot', message: 'this kernel lacks what the rules need of nftables' });
  return fail({ kind: 'failed', message });
}
