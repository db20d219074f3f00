import type { Family } from '../core/net/address.ts';
import type { AskError } from '../analysis/ask.ts';
import { EXIT, type ExitStatus } from './exit-status.ts';
import type { Io, LoadError } from './io.ts';
import type { ParameterOptions } from './template-parameters.ts';
import { line, lookOf, printable, printableJson, renderSheet, row, type Sheet } from './terminal.ts';

/** The options that every command has, as commander reads them. */
export type GlobalOptions = ParameterOptions & {
  readonly world?: string;
  readonly endpoint?: string;
  readonly over?: string;
  readonly ca?: string;
  readonly json?: boolean;
  readonly family?: Family;
  readonly color: boolean;
};

/** What a command works with: the outside and the options of this call. */
export type Context = { readonly io: Io; readonly options: GlobalOptions };

/** Names the world where `--world` does not. */
export const WORLD_VARIABLE = 'CRENEL_WORLD';
/** Names the server where `--endpoint` does not. */
export const ENDPOINT_VARIABLE = 'CRENEL_ENDPOINT';

/** Names the certificates of `--ca` where it does not; the AWS CLI and boto3 read it, too. */
export const CA_VARIABLE = 'AWS_CA_BUNDLE';

/** Where the world of this call is to be read; undefined where a server is asked, or nothing is named. */
export function worldPath({ options, io }: Context): string | undefined {
  return options.world ?? (options.endpoint === undefined ? io.env[WORLD_VARIABLE] : undefined);
}

/** The server that the environment names, whatever world is named. */
export function endpointIn(env: Io['env']): string | undefined {
  const url = env[ENDPOINT_VARIABLE];
  return url === '' ? undefined : url;
}

/** The status for a source that cannot be read. */
export const LOAD_STATUS: Readonly<Record<LoadError['kind'], ExitStatus>> = {
  absent: EXIT.noInput,
  malformed: EXIT.badData,
  io: EXIT.io,
};

/** Prints text for people on stdout. */
export function printSheet({ io, options }: Context, sheet: Sheet): void {
  io.stdout.write(renderSheet(sheet, lookOf(io, io.stdout, options.color)));
}

/** Prints a document on stdout. */
export function printJson({ io }: Context, document: object): void {
  let text = '';
  for (const piece of printableJson(document)) {
    text += piece;
    if (text.length < WRITTEN_AT_ONCE) continue;
    io.stdout.write(text);
    text = '';
  }
  io.stdout.write(`${text}\n`);
}

/** Characters. */
const WRITTEN_AT_ONCE = 65_536;

/** Says on stderr why the command ends, and what was perhaps meant; returns the status. */
export function refuse(context: Context, status: ExitStatus, error: AskError | string): ExitStatus {
  const { message, suggestions } = typeof error === 'string' ? { message: error, suggestions: [] } : error;
  const meant = suggestions.length === 0 ? [] : [line(`Did you mean ${suggestions.join(' or ')}?`)];
  printNotes(context, [row(0, ['crenel: '], [message]), ...meant]);
  return status;
}

/** Prints on stderr what is not the result. */
export function printNotes({ io, options }: Context, sheet: Sheet): void {
  io.stderr.write(renderSheet(sheet, lookOf(io, io.stderr, options.color)));
}

/** Runs work that tells how much of it is done, 0 to 1, and shows that to a person who waits. */
export function withProgress<T>(context: Context, what: string, work: (report: (done: number) => void) => T): T {
  const progress = progressOf(context);
  let last = 0;
  const result = work((done) => {
    // Not sooner than a second after it began, not oftener than ten times a second.
    const now = performance.now();
    if (last === 0) last = now + 900;
    if (now - last < 100) return;
    last = now;
    progress?.(`${what}: ${Math.floor(done * 100)} %`);
  });
  clearProgress(context);
  return result;
}

/** Progress is for a person who waits, so only on a terminal. */
export function progressOf({ io }: Context): ((text: string) => void) | undefined {
  if (io.stderr.isTTY !== true) return undefined;
  return (text) => {
    io.stderr.write(`\r\u001B[K${printable(text)}`);
  };
}

/** Takes progress off the terminal. */
export function clearProgress({ io }: Context): void {
  if (io.stderr.isTTY === true) io.stderr.write('\r\u001B[K');
}
