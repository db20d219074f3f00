import { createReadStream } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fail, ok, type Result } from '../core/net/result.ts';
import type { AnyWorld } from '../formats/any-world.ts';
import type { Given } from '../formats/cloudformation/parameters.ts';
import { MAX_TEMPLATE_BYTES } from '../formats/cloudformation/template.ts';
import { DescribeReader, type Export } from '../formats/describe.ts';
import { kindOfDocument, splitWhen } from '../formats/document-kind.ts';
import { JsonSplitter } from '../formats/json-stream.ts';
import type { LoadError } from './io.ts';

/** Up to this size a file is read and parsed whole, which is faster; larger ones come in bit by bit. */
const WHOLE_BYTES = 32 * 1024 * 1024;
const CHUNK_BYTES = 1024 * 1024;

type Progress = (text: string) => void;

export type ReadOptions = {
  readonly onProgress?: Progress | undefined;
  /** Values for the parameters of templates. */
  readonly parameters?: Given | undefined;
  /** Files up to this size are read whole. */
  readonly wholeBytes?: number;
};

/**
 * Reads the world of documents: one file, a folder of describe output, or `-` for standard input. Of a plan the world after it, unless the
 * path ends in `:before`. Errors say which file, where in it and why.
 */
export async function readWorld(path: string, options: ReadOptions = {}): Promise<Result<Export, LoadError>> {
  const { path: file, when } = await locate(path);
  const worlds = await readWorlds(file, options);
  return worlds.ok ? ok(worlds.value[when]) : worlds;
}

/** Where a path leads and which of a plan's worlds it means: a file that is really called so comes first. */
export async function locate(path: string): Promise<ReturnType<typeof splitWhen>> {
  const split = splitWhen(path);
  if (split.path === path) return split;
  try {
    await stat(path);
    return { path, when: 'after' };
  } catch {
    return split;
  }
}

/** Reads the worlds before and after a plan; of other documents both are one. */
export async function readWorlds(path: string, options: ReadOptions = {}): Promise<Result<AnyWorld, LoadError>> {
  const reader = new DescribeReader();
  const files = path === '-' ? ok([path]) : await filesOf(path);
  if (!files.ok) return files;
  for (const [index, file] of files.value.entries()) {
    options.onProgress?.(`reading ${file} (${index + 1} of ${files.value.length})`);
    const read = await readDocument(reader, file, options);
    if (!read.ok) return read;
    if (read.value === undefined) continue;
    if (files.value.length === 1) return ok(read.value);
    return fail({
      kind: 'malformed',
      message: `${file} is no describe output (${read.value.kind}): name this file alone`,
    });
  }
  const world = reader.finish();
  if (!world.ok) return fail({ kind: 'malformed', message: `${path}: ${world.error}` });
  return ok({ kind: 'describe', before: world.value, after: world.value });
}

/** Takes a document in, or gives the worlds of one that is whole by itself. */
async function readDocument(
  reader: DescribeReader,
  file: string,
  { onProgress, wholeBytes = WHOLE_BYTES, parameters }: ReadOptions,
): Promise<Result<AnyWorld | undefined, LoadError>> {
  try {
    const isLarge = file === '-' || (await stat(file)).size > wholeBytes;
    if (!isLarge) return await readBytes(reader, { file, parameters }, await readFile(file));
    const chunks = file === '-' ? process.stdin : createReadStream(file, { highWaterMark: CHUNK_BYTES });
    const { start, rest } = await peek(withProgress(chunks, file, onProgress));
    if (!looksWhole(start)) return await readChunks(reader, file, rest);
    const bytes = await collect(rest);
    if (bytes === undefined)
      return fail({
        kind: 'malformed',
        message: `${file} has more than ${MAX_WHOLE_BYTES} bytes: more than a plan or state may have`,
      });
    return await readBytes(reader, { file, parameters }, bytes);
  } catch (error) {
    return fail({ kind: 'io', message: `cannot read ${file}: ${reason(error)}` });
  }
}

async function readBytes(
  reader: DescribeReader,
  { file, parameters }: { readonly file: string; readonly parameters: Given | undefined },
  bytes: Uint8Array,
): Promise<Result<AnyWorld | undefined, LoadError>> {
  const whole = parseWhole(bytes);
  // Several documents in one file, or something wrong: the splitter takes the ones and says where the other is.
  if (whole === undefined) {
    // YAML's library is loaded for what is no JSON alone.
    const { readWholeText } = await import('../formats/any-text.ts');
    const template = readWholeText(textOf(bytes), file, parameters);
    if (template === undefined) return await readChunks(reader, file, [bytes]);
    return template.ok ? ok(template.value) : fail({ kind: 'malformed', message: template.error });
  }
  const isOwn = kindOfDocument(whole) !== 'describe';
  // What reads plans, states and templates is loaded for them alone.
  const read = isOwn ? (await import('../formats/any-world.ts')).readWhole(whole, file, parameters) : undefined;
  if (read === undefined) return taken(reader.add(file, whole));
  return read.ok ? ok(read.value) : fail({ kind: 'malformed', message: read.error });
}

/** The text of what may be a template: of such bytes as are none, an empty one. */
function textOf(bytes: Uint8Array): string {
  try {
    return bytes.length > MAX_TEMPLATE_BYTES ? '' : decodeUtf8(bytes);
  } catch {
    return '';
  }
}

/** A plan or state is read whole, since it refers back and forth; this is some twenty times the largest that is known. */
const MAX_WHOLE_BYTES = 256 * 1024 * 1024;
const PEEK_BYTES = 4096;

/** The first bytes of chunks, and all of them again. */
async function peek(
  chunks: AsyncIterable<Uint8Array>,
): Promise<{ readonly start: string; readonly rest: AsyncIterable<Uint8Array> }> {
  const iterator = chunks[Symbol.asyncIterator]();
  const seen: Uint8Array[] = [];
  let size = 0;
  let isDone = false;
  while (size < PEEK_BYTES) {
    const next = await iterator.next();
    if (next.done === true) {
      isDone = true;
      break;
    }
    seen.push(next.value);
    size += next.value.length;
  }
  async function* rest(): AsyncGenerator<Uint8Array, void, undefined> {
    yield* seen;
    if (isDone) return;
    for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) yield next.value;
  }
  const start = Buffer.concat(seen).subarray(0, PEEK_BYTES).toString('latin1');
  return { start, rest: rest() };
}

/** Whether a document that comes in bit by bit must be read whole: plans and states say so in their first members, templates are no JSON or name a section. */
function looksWhole(start: string): boolean {
  return (
    /^\s*\{\s*"(?:format_version|version|terraform_version|AWSTemplateFormatVersion|Description|Parameters|Resources|Transform|Metadata|Conditions|Mappings)"/.test(
      start,
    ) || /^\s*[^\s{[]/.test(start)
  );
}

async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array | undefined> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    size += chunk.length;
    if (size > MAX_WHOLE_BYTES) return undefined;
    parts.push(chunk);
  }
  return Buffer.concat(parts);
}

/** The document, or undefined when the text is not one JSON document. */
function parseWhole(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(decodeUtf8(bytes));
  } catch {
    return undefined;
  }
}

/** Reads the documents that come in chunks; `file` is what errors call them. */
export async function readChunks(
  reader: DescribeReader,
  file: string,
  chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): Promise<Result<undefined, LoadError>> {
  let refused: string | undefined;
  const splitter = new JsonSplitter({
    wants: (member) => reader.wants(member),
    decode: decodeUtf8,
    take: (piece) => {
      const result = reader.take(file, piece);
      if (!result.ok) refused = result.error;
      return result;
    },
  });
  const faulty = (fault: { readonly message: string; readonly line: number; readonly offset: number }): LoadError => {
    const place = `${file}:${fault.line} (byte ${fault.offset + 1}): ${fault.message}`;
    // What the reader refused names its own place already.
    return { kind: 'malformed', message: refused ?? place };
  };
  for await (const chunk of chunks) {
    const pushed = splitter.push(chunk);
    if (!pushed.ok) return fail(faulty(pushed.error));
  }
  const ended = splitter.end();
  return ended.ok ? ended : fail(faulty(ended.error));
}

async function* withProgress(
  chunks: AsyncIterable<Uint8Array>,
  file: string,
  onProgress: Progress | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  let megabytes = 0;
  for await (const chunk of chunks) {
    megabytes += chunk.length / 1e6;
    onProgress?.(`reading ${file}: ${Math.round(megabytes)} MB`);
    yield chunk;
  }
}

const DECODER = new TextDecoder('utf-8', { fatal: true });

function decodeUtf8(bytes: Uint8Array): string {
  return DECODER.decode(bytes);
}

function taken(result: Result<undefined>): Result<undefined, LoadError> {
  return result.ok ? result : fail({ kind: 'malformed', message: result.error });
}

async function filesOf(path: string): Promise<Result<readonly string[], LoadError>> {
  try {
    if (!(await stat(path)).isDirectory()) return ok([path]);
    const names = (await readdir(path)).filter((name) => name.endsWith('.json')).toSorted();
    return names.length === 0
      ? fail({ kind: 'malformed', message: `${path} has no .json file` })
      : ok(names.map((name) => join(path, name)));
  } catch (error) {
    return fail({ kind: 'io', message: `cannot read ${path}: ${reason(error)}` });
  }
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
