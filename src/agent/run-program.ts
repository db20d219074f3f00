import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { type FileHandle, open, unlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fail, ok, type Result } from '../core/net/result.ts';

/** How a program ended, and what it said of that. */
export type Ended = { readonly code: number | null; readonly stderr: string };
/** The same, and what it printed. */
export type Ran = Ended & { readonly stdout: string };

/** A program that could not be started. */
export type NotRun = { readonly isMissing: boolean; readonly message: string };

/** A listing of a million elements is some tens of megabytes; whoever prints more is ended. */
const MAX_OUTPUT = 1 << 29;
/** Programs repeat their input where it is wrong, which may be long. */
const MAX_ERRORS = 500;

/**
 * Runs a program with lines as its input, without a shell. Its end is awaited; what it says is the caller's to judge. The input is whole before
 * the program begins: this process may be killed at any time, and half of what it had to say must not be done.
 */
export async function runProgram(command: readonly string[], lines?: Iterable<string>): Promise<Result<Ran, NotRun>> {
  if (lines === undefined) return await runWith(command, 'ignore');
  const input = await inputOf(lines);
  if (!input.ok) return input;
  try {
    return await runWith(command, input.value.fd);
  } finally {
    await input.value.close();
  }
}

/** Runs a program that prints much, of which no piece is needed for longer than it takes to read it. */
export async function readProgram(
  command: readonly string[],
  take: (piece: string) => void,
): Promise<Result<Ended, NotRun>> {
  return await run(command, 'ignore', take);
}

async function runWith(command: readonly string[], input: number | 'ignore'): Promise<Result<Ran, NotRun>> {
  const stdout: string[] = [];
  const ended = await run(command, input, (piece) => stdout.push(piece));
  return ended.ok ? ok({ ...ended.value, stdout: stdout.join('') }) : ended;
}

async function run(
  [program = '', ...args]: readonly string[],
  input: number | 'ignore',
  take: (piece: string) => void,
): Promise<Result<Ended, NotRun>> {
  const child = spawn(program, args, { stdio: [input, 'pipe', 'pipe'], env: environment() });
  const stderr: string[] = [];
  let length = 0;
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    length += text.length;
    if (length <= MAX_OUTPUT) take(text);
    else child.kill();
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    if (stderr.length < MAX_ERRORS) stderr.push(text);
  });
  try {
    const ended: readonly unknown[] = await once(child, 'close');
    const [code] = ended;
    return ok({ code: typeof code === 'number' ? code : null, stderr: stderr.join('') });
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    const message = isMissing
      ? `the program ${program} is not installed: install it, or put its folder into PATH`
      : `${program} cannot be run: ${String(error)}`;
    return fail({ isMissing, message });
  }
}

/** A file without a name that holds lines, to be read from its start. */
async function inputOf(lines: Iterable<string>): Promise<Result<FileHandle, NotRun>> {
  const path = join(tmpdir(), `crenel-${randomUUID()}`);
  try {
    const file = await open(path, 'wx+', 0o600);
    try {
      await unlink(path);
      let at = 0;
      for (const piece of inPieces(lines)) at += await writeAt(file, Buffer.from(piece), at);
      return ok(file);
    } catch (error) {
      await file.close();
      throw error;
    }
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return fail({ isMissing: false, message: `no place for a program's input (TMPDIR names the folder): ${why}` });
  }
}

/** Writes all of some bytes at a place of a file, which leaves the place where reading begins at the start. Gives how many bytes that were. */
async function writeAt(file: FileHandle, bytes: Buffer, at: number): Promise<number> {
  for (let done = 0; done < bytes.length;)
    done += (await file.write(bytes, done, bytes.length - done, at + done)).bytesWritten;
  return bytes.length;
}

/** Lines in pieces that are written at once. */
function* inPieces(lines: Iterable<string>): Generator<string, void, undefined> {
  let piece = '';
  for (const line of lines) {
    piece += `${line}\n`;
    if (piece.length < PIECE) continue;
    yield piece;
    piece = '';
  }
  if (piece !== '') yield piece;
}

const PIECE = 65_536;

/** What programs see of the environment: nothing by which this host or its user proves who they are. */
function environment(): NodeJS.ProcessEnv {
  const harmless = Object.entries(process.env).filter(([name]) => !/^(?:AWS|CRENEL)_/u.test(name));
  return { ...Object.fromEntries(harmless), LC_ALL: 'C' };
}
