import { styleText } from 'node:util';
import type { Io, Output } from './io.ts';

/** What a piece of text means; colours follow from it and add nothing that the words do not say. */
export type Style = 'good' | 'bad' | 'doubt' | 'faint' | 'strong';

/** A piece of text; anything in it that could steer a terminal is escaped when it is rendered. */
export type Span = string | { readonly text: string; readonly style: Style };

/** A line: `lead` stays in its column, `body` wraps behind it. */
export type Line = { readonly indent: number; readonly lead: readonly Span[]; readonly body: readonly Span[] };

/** Text for people, line by line. */
export type Sheet = readonly Line[];

const FORMATS = { good: 'green', bad: 'red', doubt: 'yellow', faint: 'dim', strong: 'bold' } as const;

/** How wide lines may be, and whether they are coloured. */
export type Look = { readonly width: number; readonly colour: boolean };

const DEFAULT_WIDTH = 80;
const WIDTHS = { min: 40, max: 120 } as const;

/** The look for a stream: the terminal's width, colours unless NO_COLOR, `--no-color` or a file says otherwise. */
export function lookOf(io: Pick<Io, 'env'>, output: Output, wantsColour = true): Look {
  const columns = output.isTTY === true ? (output.columns ?? DEFAULT_WIDTH) : DEFAULT_WIDTH;
  return {
    width: Math.min(WIDTHS.max, Math.max(WIDTHS.min, columns)),
    colour: wantsColour && isColourful(io.env, output),
  };
}

/** A line of plain flow text. */
export function line(...body: readonly Span[]): Line {
  return { indent: 0, lead: [], body };
}

/** A line further in. */
export function indented(indent: number, ...body: readonly Span[]): Line {
  return { indent, lead: [], body };
}

/** A line with a first column of fixed width. */
export function row(indent: number, lead: readonly Span[], body: readonly Span[]): Line {
  return { indent, lead, body };
}

/** An empty line. */
export const BLANK: Line = { indent: 0, lead: [], body: [] };

/** The sheet as text, one newline after each line. */
export function renderSheet(sheet: Sheet, look: Look): string {
  return sheet.map((one) => `${renderLine(one, look)}\n`).join('');
}

/** A span that is filled with blanks up to a width. */
export function padded(span: Span, width: number): Span {
  const text = printable(typeof span === 'string' ? span : span.text);
  const filled = text + ' '.repeat(Math.max(0, width - textWidth(text)));
  return typeof span === 'string' ? filled : { ...span, text: filled };
}

/**
 * Text without anything that a terminal would obey or that reorders what is read: control, format (bidirectional overrides), surrogate and
 * separator characters stand as visible escapes. Names and descriptions come from documents that others wrote.
 */
export function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return code < 256 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
  });
}

/**
 * JSON of which no character steers a terminal, piece by piece: the elements of the lists that stand directly in a document, which together may be
 * longer than a text can be. The escapes are JSON's own, so it reads back the same.
 */
export function* printableJson(document: object): Generator<string, void, undefined> {
  const members = Object.entries(document).filter(([, value]) => value !== undefined);
  if (Array.isArray(document) || members.length === 0) {
    yield jsonAt('', document);
    return;
  }
  for (const [at, [name, value]] of members.entries()) {
    yield `${at === 0 ? '{' : ','}\n  ${jsonAt('', name)}: `;
    if (!Array.isArray(value) || value.length === 0) yield jsonAt('  ', value);
    else {
      for (const [place, element] of value.entries())
        yield `${place === 0 ? '[' : ','}\n    ${jsonAt('    ', element)}`;
      yield '\n  ]';
    }
  }
  yield '\n}';
}

/** JSON that goes on at an indent. */
function jsonAt(indent: string, value: unknown): string {
  const text = JSON.stringify(value ?? null, undefined, 2).replaceAll('\n', `\n${indent}`);
  return text.replaceAll(/[\p{Cf}\p{Cs}\p{Zl}\p{Zp}\u007f-\u009f]/gu, (character) =>
    Array.from({ length: character.length }, (_, index) => character.charCodeAt(index))
      .map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`)
      .join(''),
  );
}

/** The number of columns that a text takes, near enough: one for each character. */
export function textWidth(text: string): number {
  return Array.from(text).length;
}

function isColourful(env: Io['env'], output: Output): boolean {
  if (env['NO_COLOR'] !== undefined && env['NO_COLOR'] !== '') return false;
  const forced = env['FORCE_COLOR'];
  if (forced !== undefined && forced !== '') return forced !== '0' && forced !== 'false';
  return output.isTTY === true && env['TERM'] !== 'dumb';
}

type Word = { readonly text: string; readonly style: Style | undefined };

function renderLine({ indent, lead, body }: Line, look: Look): string {
  const start = ' '.repeat(indent);
  const leadWords = lead.map(wordOf);
  const hang = indent + leadWords.reduce((sum, word) => sum + textWidth(word.text), 0);
  const room = Math.max(20, look.width - hang);
  const rows = wrap(body.flatMap(splitWords), room);
  const first = `${start}${paint(leadWords, look)}${paint(rows[0] ?? [], look)}`.trimEnd();
  const rest = rows.slice(1).map((words) => `${' '.repeat(hang)}${paint(words, look)}`.trimEnd());
  return [first, ...rest].join('\n');
}

function wordOf(span: Span): Word {
  return typeof span === 'string'
    ? { text: printable(span), style: undefined }
    : { text: printable(span.text), style: span.style };
}

/** Words with the blanks that follow them. */
function splitWords(span: Span): readonly Word[] {
  const { text, style } = wordOf(span);
  return (text.match(/ *[^ ]+ *| +/g) ?? []).map((part) => ({ text: part, style }));
}

function wrap(words: readonly Word[], room: number): readonly (readonly Word[])[] {
  const rows: Word[][] = [[]];
  let used = 0;
  for (const word of words) {
    const width = textWidth(word.text.trimEnd());
    if (used > 0 && used + width > room) {
      rows.push([{ ...word, text: word.text.trimStart() }]);
      used = textWidth(word.text.trimStart());
    } else {
      rows.at(-1)?.push(word);
      used += textWidth(word.text);
    }
  }
  return rows;
}

function paint(words: readonly Word[], look: Look): string {
  return words
    .map(({ text, style }) =>
      look.colour && style !== undefined ? styleText(FORMATS[style], text, { validateStream: false }) : text,
    )
    .join('');
}
