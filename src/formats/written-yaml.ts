import { isMap, isNode, isScalar, LineCounter, type Node, parseDocument } from 'yaml';
import { fail, ok, type Result } from '../core/net/result.ts';

/** What is wrong with a file, and where. */
export type FileFault = { readonly line: number; readonly column: number; readonly message: string };

/** The values of a map by its keys. */
export type Entries = ReadonlyMap<string, Node | null>;

/** A file that a person writes for Crenel: what it is called, and how large it may be. */
export type WrittenKind = { readonly what: string; readonly maxBytes: number };

/**
 * Reads YAML 1.2 or JSON that a person wrote. Nothing is expanded: aliases are nodes like others, and `take` refuses them by asking for maps, lists and
 * scalars. Errors: too large, no YAML, nested too deeply, what `take` refuses.
 */
export function readWritten<T>(
  text: string,
  { what, maxBytes }: WrittenKind,
  take: (root: Node | null, written: Written) => Result<T, FileFault>,
): Result<T, FileFault> {
  if (text.length > maxBytes)
    return fail({ line: 1, column: 1, message: `${what} has at most ${maxBytes / 1024} KiB` });
  const lines = new LineCounter();
  const written = new Written(lines);
  try {
    const document = parseDocument(text, {
      lineCounter: lines,
      schema: 'core',
      prettyErrors: false,
      logLevel: 'error',
    });
    const [wrong] = document.errors;
    if (wrong !== undefined)
      return fail({ ...written.at(wrong.pos[0]), message: `not YAML: ${firstLine(wrong.message)}` });
    return take(document.contents, written);
  } catch (error) {
    // The parser descends by calls: a text of brackets alone is deeper than the stack.
    if (error instanceof RangeError) return fail({ line: 1, column: 1, message: 'nested too deeply' });
    throw error;
  }
}

/** Reads nodes of one text and says where they stand. */
export class Written {
  readonly #lines: LineCounter;

  constructor(lines: LineCounter) {
    this.#lines = lines;
  }

  /** Line and column of a place in the text, counted from 1. */
  at(offset: number): { readonly line: number; readonly column: number } {
    const { line, col } = this.#lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  }

  /** Where a node stands. */
  place(node: Node | null): { readonly line: number; readonly column: number } {
    return this.at(node?.range?.[0] ?? 0);
  }

  /** The entries of a map with no other keys than these. */
  entries(node: Node | null, known: readonly string[], what: string): Result<Entries, FileFault> {
    if (!isMap(node)) return this.fault(node, what);
    const entries = new Map<string, Node | null>();
    for (const { key, value } of node.items) {
      const word = isScalar(key) ? String(key.value) : '';
      if (!known.includes(word))
        return this.fault(
          isNode(key) ? key : node,
          `${JSON.stringify(word.slice(0, 64))} is no key here: ${known.join(', ')} are`,
        );
      entries.set(word, isNode(value) ? value : null);
    }
    return ok(entries);
  }

  /** A text that is not empty. `key` is what it is called in the map. */
  text(node: Node | null | undefined, key: string, around: Node | null): Result<string, FileFault> {
    return isScalar(node) && typeof node.value === 'string' && node.value.trim() !== ''
      ? ok(node.value)
      : this.fault(node ?? around, `${key}: a text is expected`);
  }

  /** What is wrong at a node. */
  fault(node: Node | null, message: string): Result<never, FileFault> {
    return fail({ ...this.place(node), message });
  }
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}
