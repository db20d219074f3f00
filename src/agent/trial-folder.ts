import { createHash, randomBytes } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { fail, ok, type Result } from '../core/net/result.ts';
import { takeLock } from './lock.ts';

/** Rules that were never confirmed: what to go back to, as a file for `nft -f`, and which rules were tried. */
export type Unconfirmed = { readonly file: string; readonly digest: string };

/** How often rules were taken back. */
export type Strikes = ReadonlyMap<string, number>;

const UNCONFIRMED = /^before-([0-9a-f]{16})-[0-9a-f]{12}\.nft$/u;
const STRIKES = 'taken-back.json';
/** So many rules that failed are remembered, the newest. */
const MOST_STRIKES = 32;
/** Lines are written in pieces of about so many characters. */
const PIECE = 65_536;

/**
 * Where a host keeps, across its own death, that rules are on trial: a file is there from before they are committed until they are confirmed or taken
 * back, and holds what takes them back. Everything is on the disk before the call returns. One agent has a folder at a time.
 */
export class TrialFolder {
  readonly #path: string;

  private constructor(path: string) {
    this.#path = path;
  }

  /** Where it is. */
  get path(): string {
    return this.#path;
  }

  /** Makes the folder where it is not there, and tries whether it can be written. */
  static open(path: string): Result<TrialFolder> {
    return attempt(`the folder ${path} for rules on trial cannot be used`, () => {
      mkdirSync(path, { recursive: true, mode: 0o700 });
      for (const name of readdirSync(path)) if (name.endsWith('.new')) unlinkSync(join(path, name));
      const folder = new TrialFolder(path);
      folder.#write('.tried', []);
      unlinkSync(join(path, '.tried'));
      return folder;
    });
  }

  /** Notes that rules are about to be tried, and what takes them back. Gives the file. */
  begin(digest: string, undo: Iterable<string>): Result<string> {
    const name = `before-${digest}-${randomBytes(6).toString('hex')}.nft`;
    return attempt('it cannot be kept what to go back to', () => {
      this.#write(name, undo);
      return join(this.#path, name);
    });
  }

  /** The trial of a file is over, whatever came of it. */
  end(file: string): Result<void> {
    return attempt('a trial cannot be ended', () => {
      unlinkSync(file);
      this.#sync();
    });
  }

  /** Trials that were never ended, the oldest first. */
  unconfirmed(): Result<readonly Unconfirmed[]> {
    return attempt('rules on trial cannot be looked for', () =>
      readdirSync(this.#path)
        .flatMap((name) => {
          const file = join(this.#path, name);
          const digest = UNCONFIRMED.exec(name)?.[1];
          return digest === undefined ? [] : [{ file, digest, madeMs: statSync(file).mtimeMs }];
        })
        .toSorted((a, b) => a.madeMs - b.madeMs)
        .map(({ file, digest }) => ({ file, digest })),
    );
  }

  /** How often which rules were taken back; a file that is not whole says nothing. */
  strikes(): Strikes {
    try {
      const document: unknown = JSON.parse(readFileSync(join(this.#path, STRIKES), 'utf8'));
      const entries = typeof document === 'object' && document !== null ? Object.entries(document) : [];
      return new Map(entries.filter((one): one is [string, number] => Number.isSafeInteger(one[1])));
    } catch {
      return new Map();
    }
  }

  /** Keeps how often which rules were taken back. */
  keepStrikes(strikes: Strikes): Result<void> {
    return attempt('it cannot be kept which rules were taken back', () => {
      this.#write(STRIKES, [JSON.stringify(Object.fromEntries([...strikes].slice(-MOST_STRIKES)))]);
    });
  }

  /** Writes a file so that it is there whole or not at all. */
  #write(name: string, lines: Iterable<string>): void {
    const path = join(this.#path, name);
    const opened = openSync(`${path}.new`, 'w', 0o600);
    try {
      let piece = '';
      for (const line of lines) {
        piece += `${line}\n`;
        if (piece.length < PIECE) continue;
        writeWhole(opened, piece);
        piece = '';
      }
      writeWhole(opened, piece);
      fsyncSync(opened);
    } finally {
      closeSync(opened);
    }
    renameSync(`${path}.new`, path);
    this.#sync();
  }

  /** A name is on the disk when its folder is. */
  #sync(): void {
    const opened = openSync(this.#path, 'r');
    try {
      fsyncSync(opened);
    } finally {
      closeSync(opened);
    }
  }
}

/** Keeps every other agent of this machine away from a folder until this process ends, however it ends. */
export async function lockFolder(path: string): Promise<Result<void>> {
  const digest = createHash('sha256').update(realpathSync(path)).digest('hex').slice(0, 32);
  const lock = await takeLock(`agent-${digest}`);
  return lock === undefined ? fail(`another agent works with the folder ${path}`) : ok(undefined);
}

function writeWhole(opened: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length;) at += writeSync(opened, bytes, at);
}

function attempt<T>(what: string, act: () => T): Result<T> {
  try {
    return ok(act());
  } catch (error) {
    return fail(`${what}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
