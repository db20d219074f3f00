// AWS's own test suite for the protocol (kept by botocore): its requests read, its answers written. CRENEL_WIRE_SUITES names the folder; what
// EC2 itself never uses (floats, other time formats, compression) is left out by name.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { decodeInput } from '../../src/server/ec2/decode.ts';
import { encodeOutput } from '../../src/server/ec2/encode.ts';
import { parseForm } from '../../src/server/ec2/form.ts';
import type { Member, Scalar, Shape, ShapeRef, WireTable } from '../../src/server/ec2/wire-shape.ts';
import { expectOk } from '../../src/core/net/result.ts';

const FOLDER =
  process.env['CRENEL_WIRE_SUITES'] ?? fileURLToPath(new URL('../../../shared/data/wire', import.meta.url));

type Model = {
  readonly type: string;
  readonly members?: { readonly [name: string]: ModelMember };
  readonly member?: ModelMember;
  readonly timestampFormat?: string;
};
type ModelMember = {
  readonly shape: string;
  readonly locationName?: string;
  readonly queryName?: string;
  readonly timestampFormat?: string;
};
type Case = {
  readonly id: string;
  readonly given: {
    readonly name: string;
    readonly input?: { readonly shape: string };
    readonly output?: { readonly shape: string };
  };
  readonly params?: unknown;
  readonly serialized?: { readonly body: string };
  readonly result?: { readonly [name: string]: unknown };
  readonly response?: { readonly status_code: number; readonly body: string };
};
type Suite = { readonly shapes: { readonly [name: string]: Model }; readonly cases: readonly Case[] };

const SCALARS: ReadonlyMap<string, Scalar> = new Map<string, Scalar>([
  ['string', 'string'],
  ['character', 'string'],
  ['integer', 'integer'],
  ['long', 'integer'],
  ['boolean', 'boolean'],
  ['timestamp', 'timestamp'],
  ['blob', 'blob'],
]);

type Used = { readonly root: string | undefined; readonly values: unknown };

/** The shapes of a suite in the form of our table. Undefined where a case uses what no shape of EC2 has: floats, maps, other formats of times. */
function tableOf(suite: Suite, operation: string, { root, values }: Used): WireTable | undefined {
  const shapes: Shape[] = [];
  const known = new Map<string, number>();
  const foreign = new Set<string>();
  const used = JSON.stringify(values ?? {});
  const refOf = (name: string, member?: ModelMember): ShapeRef => {
    const model = suite.shapes[name];
    if (model === undefined) return 'string';
    const scalar = SCALARS.get(model.type);
    const format = member?.timestampFormat ?? model.timestampFormat ?? 'iso8601';
    if (scalar !== undefined && (scalar !== 'timestamp' || format === 'iso8601')) return scalar;
    if (!['structure', 'list'].includes(model.type)) {
      foreign.add(name);
      return 'string';
    }
    const present = known.get(name);
    if (present !== undefined) return present;
    const index = shapes.length;
    known.set(name, index);
    shapes.push({ kind: 'structure', members: [] });
    shapes[index] =
      model.type === 'list' && model.member !== undefined
        ? { kind: 'list', of: refOf(model.member.shape, model.member), item: model.member.locationName ?? 'member' }
        : { kind: 'structure', members: membersOf(model, refOf) };
    return index;
  };
  const first = root === undefined ? shapes.push({ kind: 'structure', members: [] }) - 1 : refOf(root);
  const members = Object.values(suite.shapes).flatMap((model) => Object.entries(model.members ?? {}));
  const isUsed = members.some(([name, { shape }]) => foreign.has(shape) && used.includes(`"${name}"`));
  if (isUsed || typeof first !== 'number') return undefined;
  const service = {
    namespace: 'https://example.com/',
    version: '2020-01-08',
    operations: { [operation]: { input: first, output: first } },
  };
  return { source: [], services: { ec2: service, sts: service }, shapes };
}

function membersOf(model: Model, refOf: (name: string, member: ModelMember) => ShapeRef): readonly Member[] {
  return Object.entries(model.members ?? {}).map(([name, member]) => {
    const xml = member.locationName ?? name;
    return {
      name,
      xml,
      query: member.queryName ?? xml.charAt(0).toUpperCase() + xml.slice(1),
      shape: refOf(member.shape, member),
    };
  });
}

/** The suite writes times as seconds and blobs as text. */
function plain(value: unknown): unknown {
  if (value instanceof Date) return value.getTime() / 1000;
  if (value instanceof Uint8Array) return new TextDecoder().decode(value);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, plain(one)]));
}

/** And the other way round, by the shape. */
function typed(table: WireTable, ref: ShapeRef, value: unknown): unknown {
  if (ref === 'timestamp') return new Date(Number(value) * 1000);
  if (ref === 'blob') return new TextEncoder().encode(String(value));
  if (typeof ref !== 'number') return value;
  const shape = table.shapes[ref];
  if (shape?.kind === 'list') return Array.isArray(value) ? value.map((one) => typed(table, shape.of, one)) : value;
  const members = new Map(shape?.members.map((member) => [member.name, member.shape]));
  return Object.fromEntries(
    Object.entries(value ?? {}).map(([name, one]) => [name, typed(table, members.get(name) ?? 'string', one)]),
  );
}

/** What means the same in a spelling that EC2 does not write: other offsets and fractions of times, namespaces, flattened lists, no request id. */
const OTHER_SPELLING = /Offset$|Namespaces$|^Ec2XmlTimestamps|^Ec2Xml(?:Empty)?Lists$/;

function suites(name: string): readonly Suite[] {
  const path = join(FOLDER, 'protocols', name, 'ec2.json');
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as readonly Suite[]) : [];
}

/** Without the blanks and comments between elements, which mean nothing. */
function bare(xml: string): string {
  return xml
    .replace(/^<\?xml[^>]*>\s*/, '')
    .replaceAll(/<!--[\s\S]*?-->/g, '')
    .replaceAll(/<(\w+)\/>/g, '<$1></$1>')
    .replaceAll(/>\s+</g, '><')
    .trim();
}

function elements(xml: string): readonly string[] {
  return bare(xml).split(/(?=<)/).toSorted();
}

const isThere = suites('input').length > 0;
if (!isThere)
  void test.skip('the protocol suite of AWS: set CRENEL_WIRE_SUITES to a folder with the suites of botocore');

describe('the protocol suite of AWS: requests', () => {
  for (const suite of suites('input'))
    for (const one of suite.cases) {
      const table = tableOf(suite, one.given.name, { root: one.given.input?.shape, values: one.params });
      const body = one.serialized?.body ?? '';
      if (table === undefined || !body.startsWith('Action='))
        void test.skip(`${one.id}: a form that EC2 does not have`);
      else
        test(one.id, () => {
          const input = expectOk(
            decodeInput(table, table.services.ec2.operations[one.given.name]?.input ?? 0, expectOk(parseForm(body))),
          );
          // An empty list leaves no trace in this protocol; a token that is not given is made up by the client.
          const sent = Object.entries(one.params ?? {}).filter(
            ([, value]) => !Array.isArray(value) || value.length > 0,
          );
          const decoded = plain(input) as { readonly [name: string]: unknown };
          for (const [name, value] of sent) assert.deepEqual(decoded[name], value, name);
        });
    }
});

describe('the protocol suite of AWS: answers', () => {
  for (const suite of suites('output'))
    for (const one of suite.cases) {
      const table = tableOf(suite, one.given.name, { root: one.given.output?.shape, values: one.result });
      if (table === undefined || one.response?.status_code !== 200 || OTHER_SPELLING.test(one.id))
        void test.skip(`${one.id}: a form that EC2 does not have`);
      else
        test(one.id, () => {
          const output = typed(table, table.services.ec2.operations[one.given.name]?.output ?? 0, one.result ?? {});
          const requestId = /<requestId>(.*?)</i.exec(one.response?.body ?? '')?.[1] ?? 'requestid';
          const xml = encodeOutput(
            table,
            { service: 'ec2', operation: one.given.name, requestId },
            output as { readonly [name: string]: unknown },
          );
          assert.deepEqual(elements(xml), elements(one.response?.body ?? ''));
        });
    }
});
