import type { World } from '../../core/model/world.ts';
import { changedIds, deltaBetween, NOTHING_TOLD, type Side } from './delta.ts';
import { type Holds, type ServerMessage, SYNC_VERSION } from './messages.ts';
import { scopeOf, touchesScope } from './scope.ts';

/** A world as it was committed. */
export type WorldAt = { readonly world: World; readonly revision: number };

/** Where an agent goes on: what it was told before, of which world. */
export type ToldBefore = WorldAt & { readonly holds: Holds };

/**
 * What one agent is to be told. It keeps no queue: it remembers the world that the agent knows, and when the agent can take more, says what
 * leads from that one to the newest. So a slow agent costs one old world, which shares almost everything with the newest, and many changes
 * of one record are told as one.
 */
export class Outbox {
  readonly #holds: Holds;
  readonly #instances: ReadonlySet<string>;
  readonly #epoch: string;
  readonly #from: 'nothing' | 'resume';
  #isBegun = false;
  #told: Side;
  #revision: number | undefined;

  constructor(holds: Holds, epoch: string, before?: ToldBefore) {
    this.#holds = holds;
    this.#instances = new Set(holds.instances);
    this.#epoch = epoch;
    this.#from = before === undefined ? 'nothing' : 'resume';
    this.#told =
      before === undefined ? NOTHING_TOLD : { world: before.world, scope: scopeOf(before.world, before.holds) };
  }

  /** The revision of the last mark that was handed out. */
  get revision(): number | undefined {
    return this.#revision;
  }

  /**
   * What is to be said now, ending with a mark; undefined when the agent was told of this revision already. All of it must be sent, in
   * order, before it is asked for again.
   */
  next({ world, revision }: WorldAt): Iterable<ServerMessage> | undefined {
    if (this.#revision === revision) return undefined;
    const changed = changedIds(this.#told.world, world);
    const isFirst = !this.#isBegun;
    const keepsScope =
      !isFirst && !touchesScope(world, changed, { scope: this.#told.scope, instances: this.#instances });
    const to: Side = { world, scope: keepsScope ? this.#told.scope : scopeOf(world, this.#holds) };
    const from = this.#told;
    this.#told = to;
    this.#revision = revision;
    this.#isBegun = true;
    const begin: readonly ServerMessage[] = isFirst
      ? [{ type: 'begin', version: SYNC_VERSION, epoch: this.#epoch, from: this.#from }]
      : [];
    return told(begin, deltaBetween(from, to, changed), revision);
  }
}

function* told(
  begin: readonly ServerMessage[],
  delta: Iterable<ServerMessage>,
  revision: number,
): Generator<ServerMessage, void, undefined> {
  yield* begin;
  yield* delta;
  yield { type: 'mark', revision };
}
