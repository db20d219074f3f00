import { setTimeout as sleep } from 'node:timers/promises';
import { fail, ok, type Result } from '../core/net/result.ts';
import type { Command } from '../nft/command.ts';
import { type Counts, type Listing, parseListing, type ReadBack, TORN } from '../nft/listing.ts';
import { linesOf } from '../nft/render.ts';
import type { Ruleset } from '../nft/ruleset.ts';
import { TABLE_FAMILIES, TABLES } from '../nft/tables.ts';
import type { Kernel, KernelFault } from './kernel.ts';
import type { NftProgram } from './nft-program.ts';

/** How often tables are listed while the kernel gives a set another size, and how long it gets for that in between, in milliseconds. */
const [TRIES, SETTLE_MS] = [10, 50];
const LIST_TABLES = TABLE_FAMILIES.map((family) => ['list', 'table', ...TABLES[family].split(' ')]);
const [LIST_PACKETS = []] = LIST_TABLES;

/**
 * The kernel by the `nft` program: it is everywhere, and reads much of the table before each change. Nobody tells it whether somebody else was
 * there.
 */
export class NftKernel implements Kernel {
  readonly way: string = 'the nft program';
  readonly mostAtOnce: number = Infinity;
  readonly readsStrangers: boolean = true;
  readonly #program: NftProgram;

  constructor(program: NftProgram) {
    this.#program = program;
  }

  async reach(): Promise<Result<void, KernelFault>> {
    const listed = await this.#program.list(['list', 'flowtables']);
    return listed.ok ? ok(undefined) : listed;
  }

  async apply(commands: readonly Command[]): Promise<Result<void, KernelFault>> {
    return await this.#program.apply(linesOf(commands));
  }

  async read(expect: (actual: Listing) => Ruleset): Promise<Result<ReadBack, KernelFault>> {
    const read = await this.#list(...LIST_TABLES);
    if (read.ok) expect(read.value.listing);
    return read;
  }

  async isUntouched(): Promise<boolean> {
    return await Promise.resolve(false);
  }

  async counts(): Promise<Result<Counts, KernelFault>> {
    const hits = await this.#list(['list', 'set', 'inet', 'crenel', 'hits']);
    if (!hits.ok) return hits;
    const chains = await this.#list(['-t', ...LIST_PACKETS]);
    return chains.ok ? ok({ hits: hits.value.counts.hits, rules: chains.value.counts.rules }) : chains;
  }

  close(): void {
    // Every program that was started has ended.
  }

  /** The turn is in the first table: what others change between two readings is refused by it. */
  async #list(...commands: readonly (readonly string[])[]): Promise<Result<ReadBack, KernelFault>> {
    for (let tries = 1; ; tries += 1) {
      const texts: string[] = [];
      for (const command of commands) {
        const text = await this.#program.list(command);
        if (!text.ok) return text;
        texts.push(text.value);
      }
      const parsed = parseListing(...texts);
      if (parsed.ok) return parsed;
      if (parsed.error !== TORN || tries === TRIES) return fail({ kind: 'failed', message: parsed.error });
      await sleep(SETTLE_MS);
    }
  }
}
