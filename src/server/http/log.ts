import { type Level, pino } from 'pino';
import type { LogLevel } from './log-levels.ts';

type Field = string | number | boolean | undefined | null | readonly Field[] | { readonly [name: string]: Field };

/** What a line of the log says besides its text. */
export type LogFields = { readonly [name: string]: Field };

type Write = (fields: LogFields, text: string) => void;

/** Where the server tells what it does. Whoever writes to it leaves secrets out; what looks like one all the same is redacted. */
export type Log = { readonly [L in Exclude<LogLevel, 'silent'>]: Write };

/** Takes lines of the log, one or more at once, each with its line break. */
export type LogStream = { readonly write: (lines: string) => unknown };

const REDACTED = '[redacted]';
const MAX_TEXT = 1000;
const MAX_ITEMS = 100;
const MAX_DEPTH = 5;
const MAX_NAMES = 1000;

/** Names of what is never logged. `accessKeyId` is none of them: it names who asked, and proves nothing. */
const SECRET_NAME =
  /authorization|signature|token|secret|password|passphrase|credential|cookie|user[-_]?data|key[-_]?material|private[-_]?key/i;

/** Secrets inside of text: a signature, a token of enrolment, a field of a form or of JSON, a key in PEM. */
const SECRET_TEXT: readonly RegExp[] = [
  /AWS4-HMAC-SHA256[^\n]*/g,
  /crenel-enrol:\S*/g,
  /\b(?:Bearer|Basic) +\S+/gi,
  /-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]*(?:-----END [A-Z ]*-----)?/g,
  new RegExp(`(?:${SECRET_NAME.source})\\w*["']?\\s*(?:=|:|%3D)\\s*["']?[^\\s"'&,;]+`, 'gi'),
];

/** A log with somewhere to write to. */
export type OpenLog = Log & {
  /** Writes what was said and not written yet; before the process ends, somebody must ask for it. */
  readonly flush: () => void;
};

/**
 * A log of JSON lines: `level`, `time` as ISO 8601, the fields, and the text as `msg`. Lines are written together once per turn of the
 * event loop, for each write is a call into the kernel; warnings and errors at once, with what was said before them.
 */
export function openLog(stream: LogStream, level: LogLevel): OpenLog {
  const lines = new LineBuffer(stream);
  const logger = pino(
    { level, base: null, timestamp: clock(), formatters: { level: (label) => ({ level: label }) } },
    { write: (line) => lines.add(line) },
  );
  const write =
    (at: Level, isUrgent: boolean): Write =>
    (fields, text) => {
      if (!logger.isLevelEnabled(at)) return;
      logger[at](scrubFields(fields, 0), scrubText(text));
      if (isUrgent) lines.flush();
    };
  return {
    debug: write('debug', false),
    info: write('info', false),
    warn: write('warn', true),
    error: write('error', true),
    flush: () => lines.flush(),
  };
}

/** Lines that wait for the end of the turn. */
class LineBuffer {
  readonly #stream: LogStream;
  #lines = '';

  constructor(stream: LogStream) {
    this.#stream = stream;
  }

  add(line: string): void {
    if (this.#lines === '') setImmediate(() => this.flush());
    this.#lines += line;
  }

  flush(): void {
    const lines = this.#lines;
    this.#lines = '';
    if (lines !== '') this.#stream.write(lines);
  }
}

/** Many lines are of one millisecond, and writing a date costs more than the rest of a line. */
function clock(): () => string {
  let last = 0;
  let text = '';
  return () => {
    const now = Date.now();
    if (now !== last) text = `,"time":"${new Date(now).toISOString()}"`;
    last = now;
    return text;
  };
}

function scrubFields(fields: LogFields, depth: number): Record<string, unknown> {
  const scrubbed: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields).slice(0, MAX_ITEMS))
    scrubbed[name] = isSecretName(name) ? REDACTED : scrub(value, depth);
  return scrubbed;
}

function scrub(value: Field, depth: number): unknown {
  if (typeof value === 'string') return scrubText(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= MAX_DEPTH) return '…';
  if (isList(value)) return value.slice(0, MAX_ITEMS).map((item) => scrub(item, depth + 1));
  return scrubFields(value, depth + 1);
}

function isList(value: Field): value is readonly Field[] {
  return Array.isArray(value);
}

/** Names are few and asked for at every line, so the verdict on them is kept. */
const knownNames = new Map<string, boolean>();

function isSecretName(name: string): boolean {
  const known = knownNames.get(name);
  if (known !== undefined) return known;
  const isSecret = SECRET_NAME.test(name);
  if (knownNames.size < MAX_NAMES) knownNames.set(name, isSecret);
  return isSecret;
}

function scrubText(text: string): string {
  // No pattern matches a lone word or number, and most fields are one.
  if (text.length < MAX_TEXT && /^[\w.-]*$/.test(text)) return text;
  const short = text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text;
  return SECRET_TEXT.reduce((line, pattern) => line.replaceAll(pattern, REDACTED), short);
}
