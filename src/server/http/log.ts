import { type Level, pino } from 'pino';

/** From talkative to silent. */
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;

export type LogLevel = (typeof LOG_LEVELS)[number];

type Field = string | number | boolean | undefined | null | readonly Field[] | { readonly [name: string]: Field };

/** What a line of the log says besides its text. */
export type LogFields = { readonly [name: string]: Field };

type Write = (fields: LogFields, text: string) => void;

/** Where the server tells what it does. Whoever writes to it leaves secrets out; what looks like one all the same is redacted. */
export type Log = { readonly [L in Exclude<LogLevel, 'silent'>]: Write };

/** Takes lines of the log, each with its line break. */
export type LogStream = { readonly write: (line: string) => unknown };

const REDACTED = '[redacted]';
const MAX_TEXT = 1000;
const MAX_ITEMS = 100;
const MAX_DEPTH = 5;

/** Names of what is never logged. `accessKeyId` is none of them: it names who asked, and proves nothing. */
const SECRET_NAME =
  /authorization|signature|token|secret|password|passphrase|credential|cookie|user[-_]?data|key[-_]?material|private[-_]?key/i;

/** Secrets inside of text: a signature, a field of a form or of JSON, a key in PEM. */
const SECRET_TEXT: readonly RegExp[] = [
  /AWS4-HMAC-SHA256[^\n]*/g,
  /\b(?:Bearer|Basic) +\S+/gi,
  /-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]*(?:-----END [A-Z ]*-----)?/g,
  new RegExp(`(?:${SECRET_NAME.source})\\w*["']?\\s*(?:=|:|%3D)\\s*["']?[^\\s"'&,;]+`, 'gi'),
];

/** A log of JSON lines: `level`, `time` as ISO 8601, the fields, and the text as `msg`. */
export function openLog(stream: LogStream, level: LogLevel): Log {
  const logger = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write: (line) => void stream.write(line) },
  );
  const write =
    (at: Level): Write =>
    (fields, text) => {
      if (logger.isLevelEnabled(at)) logger[at](scrubFields(fields, 0), scrubText(text));
    };
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
}

function scrubFields(fields: LogFields, depth: number): Record<string, unknown> {
  const scrubbed: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields).slice(0, MAX_ITEMS))
    scrubbed[name] = SECRET_NAME.test(name) ? REDACTED : scrub(value, depth);
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

function scrubText(text: string): string {
  const short = text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text;
  return SECRET_TEXT.reduce((line, pattern) => line.replaceAll(pattern, REDACTED), short);
}
