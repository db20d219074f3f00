import { isNode, isScalar, isSeq, type Node } from 'yaml';
import { ok, type Result } from '../core/net/result.ts';
import { type FileFault, readWritten, type Written } from './written-yaml.ts';

/** A fact of an assertion file as it is written there, with its place: line and column count from 1. */
export type WrittenFact = {
  readonly text: string;
  readonly name?: string;
  readonly family?: 'ipv4' | 'ipv6';
  readonly line: number;
  readonly column: number;
};

/** Larger files are refused. */
export const MAX_ASSERTION_BYTES: number = 64 * 1024;
/** More facts are refused. */
export const MAX_FACTS = 1000;

/**
 * Reads an assertion file, YAML 1.2 or JSON: `version: 1` and `facts`, a list of texts or of `{ fact, name, family }`. Nothing is expanded: aliases
 * are refused. Errors: too large, no YAML, a key or value that does not belong there, no facts.
 */
export function readAssertions(text: string): Result<readonly WrittenFact[], FileFault> {
  return readWritten(text, { what: 'an assertion file', maxBytes: MAX_ASSERTION_BYTES }, factsOf);
}

function factsOf(root: Node | null, written: Written): Result<readonly WrittenFact[], FileFault> {
  const entries = written.entries(root, ['version', 'facts'], 'an assertion file is a map of version and facts');
  if (!entries.ok) return entries;
  const version = entries.value.get('version') ?? null;
  if (!isScalar(version) || version.value !== 1) return written.fault(version ?? root, 'version: 1 is expected');
  const list = entries.value.get('facts') ?? null;
  if (!isSeq(list)) return written.fault(list ?? root, 'facts: a list of facts is expected');
  if (list.items.length === 0) return written.fault(list, 'facts is empty: nothing would be checked');
  if (list.items.length > MAX_FACTS) return written.fault(list, `a file has at most ${MAX_FACTS} facts`);
  const facts: WrittenFact[] = [];
  for (const item of list.items) {
    const fact = factOf(isNode(item) ? item : null, list, written);
    if (!fact.ok) return fact;
    facts.push(fact.value);
  }
  return ok(facts);
}

function factOf(node: Node | null, around: Node, written: Written): Result<WrittenFact, FileFault> {
  if (isScalar(node)) return placed(node, written);
  const entries = written.entries(
    node ?? around,
    ['fact', 'name', 'family'],
    'a fact is a text, or a map of fact, name and family',
  );
  if (!entries.ok) return entries;
  const fact = placed(entries.value.get('fact') ?? node, written);
  if (!fact.ok) return fact;
  const name = entries.value.get('name');
  if (name !== undefined && !(isScalar(name) && typeof name.value === 'string'))
    return written.fault(name ?? node, 'name: a text is expected');
  const family = entries.value.get('family');
  const families = isScalar(family) ? family.value : undefined;
  if (family !== undefined && families !== 'ipv4' && families !== 'ipv6')
    return written.fault(family ?? node, 'family: ipv4 or ipv6 is expected');
  return ok({
    ...fact.value,
    ...(isScalar(name) ? { name: String(name.value) } : {}),
    ...(families === 'ipv4' || families === 'ipv6' ? { family: families } : {}),
  });
}

function placed(node: Node | null, written: Written): Result<WrittenFact, FileFault> {
  if (!isScalar(node) || typeof node.value !== 'string')
    return written.fault(node, 'a fact is a text, such as: internet must not reach db');
  return ok({ text: node.value, ...written.place(node) });
}
