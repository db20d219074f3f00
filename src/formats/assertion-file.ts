import { isMap, isNode, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import { fail, ok, type Result } from '../core/net/result.ts';

/** A fact of an assertion file as it is written there, with its place: line and column count from 1. */
export type WrittenFact = {
  readonly text: string;
  readonly name?: string;
  readonly family?: 'ipv4' | 'ipv6';
  readonly line: number;
  readonly column: number;
};

/** What is wrong with a file, and where. */
export type FileFault = { readonly line: number; readonly column: number; readonly message: string };

/** Larger files are refused. */
export const MAX_ASSERTION_BYTES: number = 64 * 1024;
/** More facts are refused. */
export const MAX_FACTS = 1000;

type Faulty = Result<never, FileFault>;

/**
 * Reads an assertion file, YAML 1.2 or JSON: `version: 1` and `facts`, a list of texts or of `{ fact, name, family }`. Nothing is expanded: aliases
 * are refused. Errors: too large, no YAML, a key or value that does not belong there, no facts.
 */
export function readAssertions(text: string): Result<readonly WrittenFact[], FileFault> {
  if (text.length > MAX_ASSERTION_BYTES)
    return fail({ line: 1, column: 1, message: `an assertion file has at most ${MAX_ASSERTION_BYTES / 1024} KiB` });
  const lines = new LineCounter();
  const place = (offset: number): { line: number; column: number } => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  try {
    const document = parseDocument(text, {
      lineCounter: lines,
      schema: 'core',
      prettyErrors: false,
      logLevel: 'error',
    });
    const [wrong] = document.errors;
    if (wrong !== undefined) return fail({ ...place(wrong.pos[0]), message: `not YAML: ${firstLine(wrong.message)}` });
    return new Reader(place).file(document.contents);
  } catch (error) {
    // The parser descends by calls: a text of brackets alone is deeper than the stack.
    if (error instanceof RangeError) return fail({ line: 1, column: 1, message: 'nested too deeply' });
    throw error;
  }
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}

type Entries = ReadonlyMap<string, Node | null>;

/** Reads nodes and says where they stand. */
class Reader {
  readonly #place: (offset: number) => { line: number; column: number };

  constructor(place: (offset: number) => { line: number; column: number }) {
    this.#place = place;
  }

  file(root: Node | null): Result<readonly WrittenFact[], FileFault> {
    const entries = this.#entries(root, ['version', 'facts'], 'an assertion file is a map of version and facts');
    if (!entries.ok) return entries;
    const version = entries.value.get('version') ?? null;
    if (!isScalar(version) || version.value !== 1) return this.#fault(version ?? root, 'version: 1 is expected');
    const list = entries.value.get('facts') ?? null;
    if (!isSeq(list)) return this.#fault(list ?? root, 'facts: a list of facts is expected');
    if (list.items.length === 0) return this.#fault(list, 'facts is empty: nothing would be checked');
    if (list.items.length > MAX_FACTS) return this.#fault(list, `a file has at most ${MAX_FACTS} facts`);
    const facts: WrittenFact[] = [];
    for (const item of list.items) {
      const fact = this.#fact(isNode(item) ? item : null, list);
      if (!fact.ok) return fact;
      facts.push(fact.value);
    }
    return ok(facts);
  }

  #fact(node: Node | null, around: Node): Result<WrittenFact, FileFault> {
    if (isScalar(node)) return this.#written(node);
    const entries = this.#entries(
      node ?? around,
      ['fact', 'name', 'family'],
      'a fact is a text, or a map of fact, name and family',
    );
    if (!entries.ok) return entries;
    const fact = this.#written(entries.value.get('fact') ?? node);
    if (!fact.ok) return fact;
    const name = entries.value.get('name');
    if (name !== undefined && !(isScalar(name) && typeof name.value === 'string'))
      return this.#fault(name ?? node, 'name: a text is expected');
    const family = entries.value.get('family');
    const families = isScalar(family) ? family.value : undefined;
    if (family !== undefined && families !== 'ipv4' && families !== 'ipv6')
      return this.#fault(family ?? node, 'family: ipv4 or ipv6 is expected');
    return ok({
      ...fact.value,
      ...(isScalar(name) ? { name: String(name.value) } : {}),
      ...(families === 'ipv4' || families === 'ipv6' ? { family: families } : {}),
    });
  }

  #written(node: Node | null): Result<WrittenFact, FileFault> {
    if (!isScalar(node) || typeof node.value !== 'string')
      return this.#fault(node, 'a fact is a text, such as: internet must not reach db');
    return ok({ text: node.value, ...this.#place(node.range?.[0] ?? 0) });
  }

  #entries(node: Node | null, known: readonly string[], what: string): Result<Entries, FileFault> {
    if (!isMap(node)) return this.#fault(node, what);
    const entries = new Map<string, Node | null>();
    for (const { key, value } of node.items) {
      const word = isScalar(key) ? String(key.value) : '';
      if (!known.includes(word))
        return this.#fault(
          isNode(key) ? key : node,
          `${JSON.stringify(word.slice(0, 64))} is no key here: ${known.join(', ')} are`,
        );
      entries.set(word, isNode(value) ? value : null);
    }
    return ok(entries);
  }

  #fault(node: Node | null, message: string): Faulty {
    return fail({ ...this.#place(node?.range?.[0] ?? 0), message });
  }
}
