import { parseDocument, type ScalarTag, type CollectionTag, type YAMLMap, type YAMLSeq, type Tags } from 'yaml';
import { fail, ok, type Result } from '../../core/net/result.ts';
import { FormatError } from '../fields.ts';
import { isObject, type JsonObject, member, textOf } from '../terraform/plan-json.ts';

/** CloudFormation takes templates up to 1 MB; twice that leaves room for how they are written. */
export const MAX_TEMPLATE_BYTES: number = 2 * 1024 * 1024;

/** A resource of a template before its expressions are followed. */
export type TemplateResource = {
  readonly id: string;
  readonly type: string;
  readonly properties: unknown;
  readonly condition?: string;
};

/** The sections of a template that decide what it makes. */
export type Template = {
  readonly parameters: JsonObject;
  readonly mappings: JsonObject;
  readonly conditions: JsonObject;
  readonly resources: ReadonlyMap<string, TemplateResource>;
  /** Members of `Resources` that are made by a transform as `Fn::ForEach`, which is not followed. */
  readonly unfollowed: readonly string[];
};

/** Whether a document is a template: it has resources with types, or says that it is one. */
export function isTemplateDocument(document: unknown): boolean {
  if (member(document, 'AWSTemplateFormatVersion') !== undefined) return true;
  const resources = member(document, 'Resources');
  return (
    isObject(resources) && Object.values(resources).some((one) => textOf(member(one, 'Type'))?.includes('::') === true)
  );
}

/** Whether a text that is no JSON looks like a template in YAML. */
export function looksLikeTemplate(text: string): boolean {
  return /^(?:"?(?:AWSTemplateFormatVersion|Resources)"?)\s*:/m.test(text);
}

/** Reads a template. Throws `FormatError`. */
export function readTemplateJson(document: unknown, file: string): Template {
  const rows = member(document, 'Resources');
  if (!isObject(rows)) throw new FormatError(`${file}: a template has Resources`);
  const resources = new Map<string, TemplateResource>();
  const unfollowed: string[] = [];
  for (const [id, row] of Object.entries(rows)) {
    const type = member(row, 'Type');
    if (id.startsWith('Fn::')) unfollowed.push(id);
    else if (typeof type === 'string') {
      const condition = member(row, 'Condition');
      resources.set(id, {
        id,
        type,
        properties: member(row, 'Properties') ?? {},
        ...(typeof condition === 'string' ? { condition } : {}),
      });
    } else throw new FormatError(`${file}: Resources.${id}: expected a Type`);
  }
  return {
    parameters: section(document, 'Parameters'),
    mappings: section(document, 'Mappings'),
    conditions: section(document, 'Conditions'),
    resources,
    unfollowed,
  };
}

function section(document: unknown, name: string): JsonObject {
  const found = member(document, name);
  return isObject(found) ? found : {};
}

/** Reads a template written in YAML, short forms of functions included, as the JSON that it stands for. Errors: the file, the line and what is wrong. */
export function parseTemplateYaml(text: string, file: string): Result<unknown> {
  if (text.length > MAX_TEMPLATE_BYTES) return fail(`${file}: a template has at most ${MAX_TEMPLATE_BYTES} bytes`);
  try {
    const document = parseDocument(text, {
      schema: 'core',
      customTags: (tags: Tags): Tags => [...tags, ...SHORT_FORMS],
      logLevel: 'error',
    });
    const [first] = document.errors;
    if (first !== undefined) {
      const [line] = first.linePos ?? [];
      return fail(`${file}${line === undefined ? '' : `:${line.line}`}: ${first.message.split('\n')[0] ?? ''}`);
    }
    // What an alias stands for is read once for each: a few of them may not make a template endless.
    const read: unknown = document.toJS({ maxAliasCount: 100 });
    return ok(read);
  } catch (error) {
    return fail(`${file}: ${error instanceof Error ? error.message : 'cannot be read'}`);
  }
}

const FUNCTIONS = [
  'And',
  'Base64',
  'Cidr',
  'Equals',
  'FindInMap',
  'GetAZs',
  'If',
  'ImportValue',
  'Join',
  'Length',
  'Not',
  'Or',
  'Select',
  'Split',
  'Sub',
  'ToJsonString',
  'Transform',
];

const SHORT_FORMS: readonly (ScalarTag | CollectionTag)[] = [
  ...['Ref', 'Condition'].map((name) => scalarTag(`!${name}`, (text) => ({ [name]: text }))),
  scalarTag('!GetAtt', (text) => ({ 'Fn::GetAtt': attributePath(text) })),
  listTag('!GetAtt', (value) => ({ 'Fn::GetAtt': value })),
  ...FUNCTIONS.flatMap((name) => [
    scalarTag(`!${name}`, (text) => ({ [`Fn::${name}`]: text })),
    listTag(`!${name}`, (value) => ({ [`Fn::${name}`]: value })),
    mapTag(`!${name}`, (value) => ({ [`Fn::${name}`]: value })),
  ]),
];

/** `Resource.Attribute.Of.It` by its first dot. */
function attributePath(text: string): readonly [string, string] {
  const dot = text.indexOf('.');
  return dot < 0 ? [text, ''] : [text.slice(0, dot), text.slice(dot + 1)];
}

function scalarTag(tag: string, long: (text: string) => object): ScalarTag {
  return { tag, resolve: (text) => long(text) };
}

function listTag(tag: string, long: (value: unknown) => object): CollectionTag {
  return { tag, collection: 'seq', resolve: (node) => wrapped(node, long) };
}

function mapTag(tag: string, long: (value: unknown) => object): CollectionTag {
  return { tag, collection: 'map', resolve: (node) => wrapped(node, long) };
}

/** A node that gives its long form when the document becomes plain data. */
function wrapped(node: YAMLMap | YAMLSeq, long: (value: unknown) => object): YAMLMap | YAMLSeq {
  const plain = node.toJSON.bind(node);
  node.toJSON = (argument: unknown, context: Parameters<typeof plain>[1]) => long(plain(argument, context));
  return node;
}
