import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { fail, ok, type Result } from '../core/net/result.ts';

/** How a program ended and what it printed. */
export type Ran = { readonly code: number | null; readonly stdout: string; readonly stderr: string };

/** A program that could not be started. */
export type NotRun = { readonly isMissing: boolean; readonly message: string };

/** A listing of a million elements is some tens of megabytes; whoever prints more is ended. */
const MAX_OUTPUT = 1 << 29;
/** Programs repeat their input where it is wrong, which may be long. */
const MAX_ERRORS = 500;

/** Runs a program with lines as its input, without a shell. Its end is awaited; what it says is the caller's to judge. */
export async function runProgram(
  command: readonly string[],
  lines: Iterable<string> = [],
): Promise<Result<Ran, NotRun>> {
  const [program = '', ...args] = command;
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'], env: { ...process.env, LC_ALL: 'C' } });
  const stdout: string[] = [];
  const stderr: string[] = [];
  let length = 0;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    length += text.length;
    if (length <= MAX_OUTPUT) stdout.push(text);
    else child.kill();
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    if (stderr.length < MAX_ERRORS) stderr.push(text);
  });
  // A program that ends early closes the pipe: what it said of it counts, not the pipe.
  child.stdin.on('error', () => undefined);
  Readable.from(inPieces(lines)).pipe(child.stdin);
  try {
    const ended: readonly unknown[] = await once(child, 'close');
    const [code] = ended;
    return ok({ code: typeof code === 'number' ? code : null, stdout: stdout.join(''), stderr: stderr.join('') });
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    const message = isMissing
      ? `the program ${program} is not installed`
      : `${program} cannot be run: ${String(error)}`;
    return fail({ isMissing, message });
  }
}

/** Lines in pieces that a pipe takes at once. */
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
