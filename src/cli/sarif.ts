import { printable } from './terminal.ts';

const SCHEMA = 'https://json.schemastore.org/sarif-2.1.0.json';

export type SarifLevel = 'error' | 'warning' | 'note';

/** What a result can be of. */
export type SarifRule = { readonly id: string; readonly text: string; readonly level: SarifLevel };

/** One result. `at`: the file, and the place in it, to which it points; `resource`: the thing that it is about, where it is no text. */
export type SarifResult = {
  readonly rule: string;
  readonly level: SarifLevel;
  /** Lines. */
  readonly message: readonly string[];
  readonly at?: { readonly file: string; readonly line?: number; readonly column?: number };
  readonly resource?: { readonly id: string; readonly label: string };
  /** What stays the same from run to run, so that a reader can tell new results from old ones. */
  readonly fingerprint?: string;
  /** Why somebody decided to live with it. */
  readonly suppression?: string;
};

/** A SARIF 2.1.0 log of one run. */
export function sarifLog(
  version: string,
  { rules, results }: { readonly rules: readonly SarifRule[]; readonly results: readonly SarifResult[] },
): object {
  const driver = {
    name: 'crenel',
    semanticVersion: version,
    rules: rules.map(({ id, text, level }) => ({
      id,
      shortDescription: { text },
      defaultConfiguration: { level },
    })),
  };
  const index = new Map(rules.map(({ id }, at) => [id, at]));
  return {
    $schema: SCHEMA,
    version: '2.1.0',
    runs: [{ tool: { driver }, columnKind: 'utf16CodeUnits', results: results.map((one) => resultOf(one, index)) }],
  };
}

function resultOf(
  { rule, level, message, at, resource, fingerprint, suppression }: SarifResult,
  index: ReadonlyMap<string, number>,
): object {
  const physical =
    at === undefined
      ? {}
      : {
          physicalLocation: {
            artifactLocation: { uri: uriOf(at.file) },
            region: { startLine: at.line ?? 1, ...(at.column === undefined ? {} : { startColumn: at.column }) },
          },
        };
  const logical =
    resource === undefined
      ? {}
      : { logicalLocations: [{ name: printable(resource.label), fullyQualifiedName: resource.id, kind: 'resource' }] };
  const isPlaced = at !== undefined || resource !== undefined;
  return {
    ruleId: rule,
    ruleIndex: index.get(rule) ?? -1,
    level,
    message: { text: message.map(plain).join('\n') },
    ...(isPlaced ? { locations: [{ ...physical, ...logical }] } : {}),
    ...(fingerprint === undefined ? {} : { partialFingerprints: { 'crenel/v1': fingerprint } }),
    ...(suppression === undefined ? {} : { suppressions: [{ kind: 'external', justification: suppression }] }),
  };
}

/** Names are somebody's: nothing of them steers a reader, or is a link (SARIF 2.1.0, 3.11.6). */
function plain(line: string): string {
  return printable(line).replaceAll('](', String.raw`\](`);
}

function uriOf(file: string): string {
  return file.split('/').map(encodeURIComponent).join('/');
}
