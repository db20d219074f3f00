import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The root folder of the project, with a slash at the end. */
export const root: string = fileURLToPath(new URL('../..', import.meta.url));

/** Folders with what is installed, built or kept by tools. */
const NOT_OURS = new Set(['.git', 'node_modules', 'dist', 'coverage', '.crenel']);

function walk(folder: string): readonly string[] {
  return readdirSync(`${root}${folder}`, { withFileTypes: true }).flatMap((entry) => {
    if (NOT_OURS.has(entry.name)) return [];
    const path = `${folder}${entry.name}`;
    if (entry.isDirectory()) return walk(`${path}/`);
    return entry.isFile() ? [path] : [];
  });
}

/** Every file of the project as a path below the root, with forward slashes, sorted. */
export function projectFiles(): readonly string[] {
  return walk('').toSorted();
}

/** The text of a file, by its path below the root. */
export function readProjectFile(path: string): string {
  return readFileSync(`${root}${path}`, 'utf8');
}

/** Reads JSON that may hold comments on lines of their own or after a value. */
export function readJsonWithComments(path: string): unknown {
  return JSON.parse(readProjectFile(path).replaceAll(/^\s*\/\/.*$|(?<=[,\]}]) \/\/.*$/gm, ''));
}
