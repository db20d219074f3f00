import { createReadStream } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fail, ok, type Result } from '../core/net/result.ts';
import { DescribeReader, type Export } from '../formats/describe.ts';
import { JsonSplitter } from '../formats/json-stream.ts';
import type { LoadError } from './io.ts';

/** Up to this size a file is read and parsed whole, which is faster; larger ones come in bit by bit. */
const WHOLE_BYTES = 32 * 1024 * 1024;
const CHUNK_BYTES = 1024 * 1024;

type Progress = (text: string) => void;

export type ReadOptions = {
  readonly onProgress?: Progress | undefined;
  /** Files up to this size are read whole. */
  readonly wholeBytes?: number;
};

/** Reads an export: one file, a folder of files, or `-` for standard input. Errors say which file, where in it and why. */
export async function readWorld(path: string, options: ReadOptions = {}): Promise<Result<Export, LoadError>> {
  const reader = new DescribeReader();
  const files = path === '-' ? ok([path]) : await filesOf(path);
  if (!files.ok) return files;
  for (const [index, file] of files.value.entries()) {
    options.onProgress?.(`reading ${file} (${index + 1} of ${files.value.length})`);
    const read = await readDocument(reader, file, options);
    if (!read.ok) return read;
  }
  return ok(reader.finish());
}

async function readDocument(
  reader: DescribeReader,
  file: string,
  { onProgress, wholeBytes = WHOLE_BYTES }: ReadOptions,
): Promise<Result<undefined, LoadError>> {
  try {
    const isLarge = file === '-' || (await stat(file)).size > wholeBytes;
    if (!isLarge) {
      const bytes = await readFile(file);
      const whole = parseWhole(bytes);
      if (whole !== undefined) return taken(reader.add(file, whole));
      // Several documents in one file, or something wrong: the splitter takes the ones and says where the other is.
      return await readChunks(reader, file, [bytes]);
    }
    const chunks = file === '-' ? process.stdin : createReadStream(file, { highWaterMark: CHUNK_BYTES });
    return await readChunks(reader, file, withProgress(chunks, file, onProgress));
  } catch (error) {
    return fail({ kind: 'io', message: `cannot read ${file}: ${reason(error)}` });
  }
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
