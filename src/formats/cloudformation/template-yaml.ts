import { parseDocument, type ScalarTag, type CollectionTag, type YAMLMap, type YAMLSeq, type Tags } from 'yaml';
import { fail, ok, type Result } from '../../core/net/result.ts';
import { MAX_TEMPLATE_BYTES } from './template.ts';

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
