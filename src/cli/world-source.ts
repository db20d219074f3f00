import { readdir, readFile, stat } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { join } from 'node:path';
import { DescribeReader, type Export } from '../formats/describe.ts';
import { fail, ok, type Result } from '../core/net/result.ts';

/** Reads an export: one file, a folder of files, or `-` for standard input. Errors say which file and why. */
export async function readWorld(path: string): Promise<Result<Export>> {
  const reader = new DescribeReader();
  const files = path === '-' ? ok([path]) : await filesOf(path);
  if (!files.ok) return files;
  for (const file of files.value) {
    const content = await readText(file);
    if (!content.ok) return content;
    const document = parseJson(file, content.value);
    if (!document.ok) return document;
    const taken = reader.add(file, document.value);
    if (!taken.ok) return taken;
  }
  return ok(reader.finish());
}

async function filesOf(path: string): Promise<Result<readonly string[]>> {
  try {
    if (!(await stat(path)).isDirectory()) return ok([path]);
    const names = (await readdir(path)).filter((name) => name.endsWith('.json')).toSorted();
    return names.length === 0 ? fail(`${path} has no .json file`) : ok(names.map((name) => join(path, name)));
  } catch (error) {
    return fail(`cannot read ${path}: ${reason(error)}`);
  }
}

async function readText(file: string): Promise<Result<string>> {
  try {
    if (file !== '-') return ok(await readFile(file, 'utf8'));
    return ok(await text(process.stdin));
  } catch (error) {
    return fail(`cannot read ${file}: ${reason(error)}`);
  }
}

function parseJson(file: string, content: string): Result<unknown> {
  try {
    return ok(JSON.parse(content));
  } catch (error) {
    return fail(`${file} is not JSON: ${reason(error)}`);
  }
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
