import { isNode, isScalar, isSeq, type Node } from 'yaml';
import { ok, type Result } from '../core/net/result.ts';
import { type FileFault, readWritten, type Written } from './written-yaml.ts';

/** An entry of an ignore file as it is written there, with its place: line and column count from 1. */
export type WrittenIgnore = {
  readonly rule: string;
  readonly resource: string;
  readonly reason: string;
  readonly line: number;
  readonly column: number;
};

/** Larger files are refused. */
export const MAX_IGNORE_BYTES: number = 256 * 1024;

/**
 * Reads an ignore file, YAML 1.2 or JSON: `version: 1` and `ignore`, a list of `{ rule, resource, reason }`. `rules`: the rules that there are. Errors: too
 * large, no YAML, a key or value that does not belong there, a rule that there is not, no reason.
 */
export function readIgnores(text: string, rules: readonly string[]): Result<readonly WrittenIgnore[], FileFault> {
  return readWritten(text, { what: 'an ignore file', maxBytes: MAX_IGNORE_BYTES }, (root, written) =>
    ignoresOf(root, written, rules),
  );
}

function ignoresOf(
  root: Node | null,
  written: Written,
  rules: readonly string[],
): Result<readonly WrittenIgnore[], FileFault> {
  const entries = written.entries(root, ['version', 'ignore'], 'an ignore file is a map of version and ignore');
  if (!entries.ok) return entries;
  const version = entries.value.get('version') ?? null;
  if (!isScalar(version) || version.value !== 1) return written.fault(version ?? root, 'version: 1 is expected');
  const list = entries.value.get('ignore') ?? null;
  if (!isSeq(list)) return written.fault(list ?? root, 'ignore: a list of rule, resource and reason is expected');
  const ignores: WrittenIgnore[] = [];
  for (const item of list.items) {
    const one = ignoreOf(isNode(item) ? item : list, written, rules);
    if (!one.ok) return one;
    ignores.push(one.value);
  }
  return ok(ignores);
}

function ignoreOf(node: Node, written: Written, rules: readonly string[]): Result<WrittenIgnore, FileFault> {
  const entries = written.entries(
    node,
    ['rule', 'resource', 'reason'],
    'what is ignored is a map of rule, resource and reason',
  );
  if (!entries.ok) return entries;
  const [rule, resource, reason] = ['rule', 'resource', 'reason'].map((key) =>
    written.text(entries.value.get(key), key, node),
  );
  if (rule?.ok !== true) return rule ?? written.fault(node, 'rule: a text is expected');
  if (!rules.includes(rule.value))
    return written.fault(
      entries.value.get('rule') ?? node,
      `rule: there is no ${JSON.stringify(rule.value.slice(0, 64))}`,
    );
  if (resource?.ok !== true) return resource ?? written.fault(node, 'resource: a text is expected');
  if (reason?.ok !== true) return reason ?? written.fault(node, 'reason: a text is expected');
  return ok({ rule: rule.value, resource: resource.value, reason: reason.value, ...written.place(node) });
}
