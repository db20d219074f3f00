import type { HttpRequest } from './exchange.ts';

/** What the log may say of an error. */
export type FaultAccount = {
  readonly name: string;
  readonly code?: string;
  readonly message: string;
  /** Where it happened, innermost first: `function (file:line:column)`. */
  readonly stack: readonly string[];
  readonly cause?: FaultAccount;
};

const MAX_MESSAGE = 300;
const MAX_FRAMES = 20;
const MAX_CAUSES = 3;
/** A run of characters this long that a word of a message shares with the request counts as quoted from it; a shorter word, all of it. */
const QUOTED_LENGTH = 6;
/** Above it the texts of a request are not searched, and messages are left out. */
const MAX_SEARCHED = 262_144;

/**
 * An error for the log. Messages of errors may quote what a client sent (`JSON.parse` does), so words that share a run of characters with
 * one of `given`, the texts of the request, are left out, and so is what stands in quotes or braces. The program's own words remain.
 */
export function faultAccount(error: unknown, given: readonly string[] = [], depth = 0): FaultAccount {
  if (!(error instanceof Error)) return { name: typeof error, message: 'what was thrown is no error', stack: [] };
  const code: unknown = 'code' in error ? error.code : undefined;
  return {
    name: identifier(error.name),
    ...(typeof code === 'string' ? { code: identifier(code) } : {}),
    message: ownWords(error.message, given),
    stack: framesOf(error),
    ...(error.cause === undefined || depth >= MAX_CAUSES ? {} : { cause: faultAccount(error.cause, given, depth + 1) }),
  };
}

/** Everything a client said in a request, as sent and decoded: what `faultAccount` must not repeat. */
export function textsOf(request: HttpRequest): readonly string[] {
  const body = Buffer.from(request.body.buffer, request.body.byteOffset, request.body.byteLength).toString('utf8');
  const texts = [request.path, request.query, body, [...request.headers.values()].join('\n')];
  return texts.flatMap((text) => [text, formDecoded(text)]).map((text) => text.toLowerCase());
}

function ownWords(message: string, given: readonly string[]): string {
  if (given.reduce((size, text) => size + text.length, 0) > MAX_SEARCHED)
    return 'left out: the request is too long to compare with';
  return message
    .slice(0, MAX_MESSAGE)
    .replaceAll(/[^\x20-\x7e]+/g, ' ')
    .replaceAll(/"[^"]*(?:"|$)|`[^`]*(?:`|$)|\{.*/g, '…')
    .replaceAll(/\S{4,}/g, (run) => (given.some((text) => sharesRun(run.toLowerCase(), text)) ? '…' : run));
}

function sharesRun(run: string, text: string): boolean {
  for (let start = 0; start === 0 || start + QUOTED_LENGTH <= run.length; start += 1)
    if (text.includes(run.slice(start, start + QUOTED_LENGTH))) return true;
  return false;
}

/** Frames only. The first lines of a stack repeat the message, and a message may look like frames. */
function framesOf({ stack = '', message }: Error): readonly string[] {
  const start = stack.indexOf(message);
  if (start < 0) return [];
  const lines = stack.slice(start + message.length).split('\n');
  return lines
    .filter((line) => /^ {4}at .*:\d+:\d+\)?$/.test(line))
    .slice(0, MAX_FRAMES)
    .map((line) => line.slice('    at '.length));
}

function identifier(text: string): string {
  return /^\w{1,60}$/.test(text) ? text : 'Error';
}

/** As a form reads it; malformed parts stay as they are. */
function formDecoded(text: string): string {
  return text.replaceAll('+', ' ').replaceAll(/(?:%[0-9a-f]{2})+/gi, (run) => {
    return Buffer.from(run.replaceAll('%', ''), 'hex').toString('utf8');
  });
}
