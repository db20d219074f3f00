import { closeSync, fdatasyncSync, fsyncSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fail, ok, type Result } from '../core/net/result.ts';
import type { HostView } from '../core/policy/host-view.ts';
import { membersBetween, NO_MEMBERS } from '../core/policy/members.ts';
import { getRecord, worldOf } from '../core/model/world.ts';
import { readSecretFile } from '../server/enrolment/secret-file.ts';
import { decodeHello, decodeMessage, encodeLine } from '../server/sync/codec.ts';
import { changedIds } from '../server/sync/delta.ts';
import { memberTexts } from '../server/sync/member-change.ts';
import { type Hello, type RecordMessage, type ServerMessage, SYNC_VERSION } from '../server/sync/messages.ts';
import { HOST_KINDS } from '../server/sync/record-shapes.ts';
import { ViewBuilder } from '../server/sync/view-builder.ts';

/** Who keeps rules: those of another host or instance are not taken for its own. */
export type Keeper = Pick<Hello, 'host' | 'mode' | 'holds'>;

const FILE = 'rules.ndjson';
/** Lines are written in pieces of about so many characters. */
const PIECE = 262_144;
/** What changes is added to the file until it is as much as the whole was, and at least so many characters. */
const LEAST_GROWTH = 1_048_576;
/** How many addresses one line has at most. */
const CHUNK = 1000;

/**
 * What a host enforces, on its disk: a machine that starts anew must not wait for its server. The file has what a server would say, a hello before
 * it and a mark wherever the view was whole. What changes is added to the end, so a machine that dies meanwhile leaves the view before or after.
 */
export class KeptRules {
  readonly #path: string;
  readonly #keeper: Keeper;
  #kept: HostView | undefined;
  #file: number | undefined;
  #whole = 0;
  #grown = 0;

  constructor(folder: string, keeper: Keeper) {
    this.#path = join(folder, FILE);
    this.#keeper = keeper;
  }

  /** The file. */
  get path(): string {
    return this.#path;
  }

  /** What was in force last; undefined where nothing was kept for this host. Fails for a file that cannot be believed. */
  read(): Result<HostView | undefined> {
    const text = readSecretFile(this.#path);
    if (!text.ok) return text;
    if (text.value === undefined) return ok(undefined);
    const view = viewIn(text.value, this.#keeper);
    return view.ok ? view : fail(`${this.#path} is damaged: ${view.error}`);
  }

  /** Keeps a view that is in force. It is on the disk when this returns. */
  keep(view: HostView): Result<void> {
    if (view === this.#kept) return ok(undefined);
    try {
      const before = this.#kept;
      if (this.#file === undefined || before === undefined || this.#grown > Math.max(LEAST_GROWTH, this.#whole))
        this.#writeWhole(view);
      else this.#append(this.#file, before, view);
      this.#kept = view;
      return ok(undefined);
    } catch (error) {
      this.close();
      const why = error instanceof Error ? error.message : String(error);
      return fail(
        `the rules cannot be kept in ${this.#path}, so this machine will not have them when it starts anew: ${why}`,
      );
    }
  }

  /** Ends what is open. What is kept stays. */
  close(): void {
    this.#kept = undefined;
    const file = this.#file;
    this.#file = undefined;
    if (file !== undefined) closeSync(file);
  }

  /** The old file stays until the new one is whole. */
  #writeWhole(view: HostView): void {
    this.close();
    const folder = dirname(this.#path);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const fresh = `${this.#path}.new`;
    const file = openSync(fresh, 'w', 0o600);
    try {
      this.#whole = write(file, this.#begin(view));
      fsyncSync(file);
      renameSync(fresh, this.#path);
      settle(folder);
    } catch (error) {
      closeSync(file);
      throw error;
    }
    this.#file = file;
    this.#grown = 0;
  }

  *#begin(view: HostView): Generator<string, void, undefined> {
    yield encodeLine({ version: SYNC_VERSION, ...this.#keeper });
    yield encodeLine({ type: 'begin', version: SYNC_VERSION, epoch: 'kept', from: 'nothing' });
    for (const message of messagesBetween(NOTHING, view)) yield encodeLine(message);
    yield encodeLine({ type: 'mark', revision: view.revision });
  }

  #append(file: number, before: HostView, view: HostView): void {
    const lines = [...messagesBetween(before, view)].map(encodeLine);
    if (lines.length === 0) return;
    this.#grown += write(file, [...lines, encodeLine({ type: 'mark', revision: view.revision })]);
    fdatasyncSync(file);
  }
}

const NOTHING: HostView = { revision: 0, world: worldOf({}), members: new Map() };

function viewIn(text: string, keeper: Keeper): Result<HostView | undefined> {
  // What stands after the last line end is of a line that was never whole.
  const [head = '', ...lines] = text.split('\n').slice(0, -1);
  const hello = decodeHello(head);
  if (!hello.ok) return hello;
  if (!isSameKeeper(hello.value, keeper)) return ok(undefined);
  const builder = new ViewBuilder();
  for (const [at, line] of lines.entries()) {
    const message = decodeMessage(line);
    const taken = message.ok ? builder.take(message.value) : message;
    if (taken.ok) continue;
    // The end of the file may be of a change that the machine did not live to write.
    if (lines.slice(at + 1).some(isMark)) return fail(`line ${at + 2}: ${taken.error}`);
    break;
  }
  return builder.view === undefined ? fail('it has no whole view') : ok(builder.view);
}

function isMark(line: string): boolean {
  const message = decodeMessage(line);
  return message.ok && message.value.type === 'mark';
}

/** Interfaces of a host may come and go; the machine that is an instance is that one or none. */
function isSameKeeper(one: Keeper, other: Keeper): boolean {
  if (one.host !== other.host || one.mode !== other.mode) return false;
  return one.mode === 'host'
    ? one.holds.instances.some((id) => other.holds.instances.includes(id))
    : one.holds.enis.some((id) => other.holds.enis.includes(id));
}

/** What a server would say to lead from one view to the other, without the mark. */
function* messagesBetween(before: HostView, after: HostView): Generator<ServerMessage, void, undefined> {
  const changed = changedIds(before.world, after.world);
  for (const kind of HOST_KINDS)
    for (const id of changed[kind]) {
      const record = getRecord(after.world, kind, id);
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the record was looked up by its kind
      yield record === undefined ? { type: 'gone', kind, id } : ({ type: 'record', kind, record } as RecordMessage);
    }
  for (const [group, members] of after.members) {
    const known = before.members.get(group);
    if (known === members) continue;
    const { added, removed } = membersBetween(known ?? NO_MEMBERS, members);
    if (known === undefined) yield { type: 'members', group, added: [], removed: [] };
    for (const part of chunks(memberTexts(added))) yield { type: 'members', group, added: part, removed: [] };
    for (const part of chunks(memberTexts(removed))) yield { type: 'members', group, added: [], removed: part };
  }
  for (const group of before.members.keys()) if (!after.members.has(group)) yield { type: 'forget', group };
}

function* chunks(texts: Iterable<string>): Generator<readonly string[], void, undefined> {
  let chunk: string[] = [];
  for (const text of texts) {
    chunk.push(text);
    if (chunk.length < CHUNK) continue;
    yield chunk;
    chunk = [];
  }
  if (chunk.length > 0) yield chunk;
}

/** Writes lines, which are ASCII; gives how many characters they were. */
function write(file: number, lines: Iterable<string>): number {
  let [piece, written] = ['', 0];
  const put = (): void => {
    const bytes = Buffer.from(piece, 'latin1');
    for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at);
    written += bytes.length;
    piece = '';
  };
  for (const line of lines) {
    piece += line;
    if (piece.length >= PIECE) put();
  }
  put();
  return written;
}

/** A new name in a folder lasts when the folder is written. */
function settle(folder: string): void {
  const file = openSync(folder, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
