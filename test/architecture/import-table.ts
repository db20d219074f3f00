// The import table of ARCHITECTURE.md as data: which folder of src/ may import which, reach Node, use which packages.
import { builtinModules } from 'node:module';
import { posix } from 'node:path';
import { type ImportedModule, importedModules, outsideWorld, type Token } from './source-tokens.ts';

export type TableRow = {
  /** A folder or a file below src/, e.g. `core/net` or `main.ts`. */
  readonly place: string;
  /** Folders and files below src/; `everything` opens all. */
  readonly mayImport: readonly string[];
  /** Whether Node and the outside world are open to all its files, to none, or to the named ones. */
  readonly node: 'yes' | 'no' | readonly string[];
  readonly packages: readonly string[];
};

/** A source file: its path below the root, with forward slashes, and its tokens. */
export type SourceFile = { readonly path: string; readonly tokens: readonly Token[] };

function cellItems(cell: string): readonly string[] {
  const text = cell.replaceAll('`', '').trim();
  return text === '—' || text === '' ? [] : text.split(',').map((item) => item.trim());
}

/** Reads the table between `<!-- import-table -->` and `<!-- /import-table -->`. */
export function readImportTable(markdown: string): readonly TableRow[] {
  const text = /<!-- import-table -->([\s\S]*?)<!-- \/import-table -->/.exec(markdown)?.[1] ?? '';
  const lines = text.split('\n').filter((line) => line.startsWith('|'));
  return lines.slice(2).map((line) => {
    const [place = '', mayImport = '', node = '', packages = ''] = line.split('|').slice(1, -1);
    const files = cellItems(node);
    return {
      place: cellItems(place).join(''),
      mayImport: cellItems(mayImport),
      node: files[0] === 'yes' || files[0] === 'no' ? files[0] : files,
      packages: cellItems(packages),
    };
  });
}

function isWithin(place: string, path: string): boolean {
  return path === place || path.startsWith(`${place}/`);
}

/** The row for a path below src/: the longest place that contains it. */
export function rowFor(table: readonly TableRow[], path: string): TableRow | undefined {
  const rows = table.filter((row) => isWithin(row.place, path));
  return rows.toSorted((a, b) => b.place.length - a.place.length)[0];
}

/** The path below the root that a relative specifier leads to, or undefined for a package or a module of Node. */
export function resolveSpecifier(fromPath: string, specifier: string): string | undefined {
  return specifier.startsWith('.') ? posix.join(posix.dirname(fromPath), specifier) : undefined;
}

/** The package that a specifier names: `@scope/name` or the first word. */
export function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

function isNodeModule(specifier: string): boolean {
  return specifier.startsWith('node:') || builtinModules.includes(specifier);
}

function reachesNode(row: TableRow, inside: string): boolean {
  if (typeof row.node === 'string') return row.node === 'yes';
  return row.node.includes(inside.slice(row.place.length + 1));
}

function checkImport(row: TableRow, file: SourceFile, found: ImportedModule): string | undefined {
  const isTest = file.path.endsWith('.test.ts');
  const where = `${file.path}:${found.line}`;
  const target = resolveSpecifier(file.path, found.specifier);
  if (target === undefined) {
    if (isNodeModule(found.specifier)) {
      return isTest || reachesNode(row, file.path.slice('src/'.length))
        ? undefined
        : `${where}: ${row.place} may not reach ${found.specifier}`;
    }
    const name = packageOf(found.specifier);
    return row.packages.includes(name) || (isTest && name === 'fast-check')
      ? undefined
      : `${where}: ${row.place} may not use the package ${name}`;
  }
  if (!target.startsWith('src/'))
    return target === 'package.json' && row.node === 'yes' ? undefined : `${where}: ${target} is outside src/`;
  const inside = target.slice('src/'.length);
  const allowed = [row.place, ...row.mayImport].some((place) => place === 'everything' || isWithin(place, inside));
  return allowed ? undefined : `${where}: ${row.place} may not import ${inside}`;
}

/** How a file below src/ breaks the table, one line each. */
export function tableViolations(table: readonly TableRow[], file: SourceFile): readonly string[] {
  const inside = file.path.slice('src/'.length);
  const row = rowFor(table, inside);
  if (row === undefined) return [`${file.path}: its folder has no row in the import table`];
  const imports = importedModules(file.tokens).flatMap((found) => checkImport(row, file, found) ?? []);
  const isFree = file.path.endsWith('.test.ts') || reachesNode(row, inside);
  const outside = isFree ? [] : outsideWorld(file.tokens).map((use) => `${file.path}: ${row.place} may not use ${use}`);
  return [...imports, ...outside];
}
