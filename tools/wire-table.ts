// Takes the shapes of the operations that the server speaks from the SDK's schemas: `node tools/wire-table.ts` writes the table anew.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as ec2 from '@aws-sdk/client-ec2';
import * as sts from '@aws-sdk/client-sts';
import { NormalizedSchema } from '@smithy/core/schema';
import type { Member, Operation, Scalar, Shape, ShapeRef, WireTable } from '../src/server/ec2/wire-shape.ts';
import { OPERATIONS } from './wire-operations.ts';

type Schema = Parameters<typeof NormalizedSchema.of>[0];
type Package = { readonly [name: string]: unknown };

const TABLE = fileURLToPath(new URL('../src/server/ec2/wire-table.json', import.meta.url));

/** The table as text: one shape a line, so that a new SDK shows as a difference that can be read. */
export function wireTableText(): string {
  const shapes = new ShapeCollector();
  const services = {
    ec2: {
      namespace: 'http://ec2.amazonaws.com/doc/2016-11-15/',
      version: '2016-11-15',
      operations: operationsOf(shapes, ec2, OPERATIONS.ec2),
    },
    sts: {
      namespace: 'https://sts.amazonaws.com/doc/2011-06-15/',
      version: '2011-06-15',
      operations: operationsOf(shapes, sts, OPERATIONS.sts),
    },
  };
  const table: Omit<WireTable, 'shapes'> = { source: ['client-ec2', 'client-sts'].map(sourceOf), services };
  const lines = shapes.all.map((shape) => `    ${JSON.stringify(shape)}`).join(',\n');
  const head = JSON.stringify(table, undefined, 2).slice(0, -2);
  return `${head},\n  "shapes": [\n${lines}\n  ]\n}\n`;
}

function sourceOf(name: string): string {
  const url = new URL(`../node_modules/@aws-sdk/${name}/package.json`, import.meta.url);
  const { version } = JSON.parse(readFileSync(url, 'utf8')) as { readonly version: string };
  return `@aws-sdk/${name} ${version}`;
}

function operationsOf(
  shapes: ShapeCollector,
  sdk: Package,
  names: readonly string[],
): { readonly [name: string]: Operation } {
  return Object.fromEntries(
    names.toSorted().map((name) => {
      const schema = sdk[`${name}$`];
      if (!Array.isArray(schema)) throw new Error(`the SDK has no operation ${name}`);
      const [input, output] = [schema[4], schema[5]].map((one: Schema) => shapes.structure(NormalizedSchema.of(one)));
      return [name, { input: input ?? 0, output: output ?? 0 }];
    }),
  );
}

/** Shapes in the order in which they are met, each once. */
class ShapeCollector {
  readonly all: Shape[] = [];
  readonly #known = new Map<unknown, number>();

  structure(schema: NormalizedSchema): number {
    const ref = this.#refOf(schema);
    if (typeof ref !== 'number') throw new Error(`${schema.getName() ?? ''} is no structure`);
    return ref;
  }

  #refOf(schema: NormalizedSchema): ShapeRef {
    const scalar = scalarOf(schema);
    if (scalar !== undefined) return scalar;
    const key = schema.getSchema();
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const index = this.all.length;
    this.#known.set(key, index);
    // Reserved first: shapes may contain themselves.
    this.all.push({ kind: 'structure', members: [] });
    this.all[index] = schema.isListSchema() ? this.#list(schema) : this.#structure(schema);
    return index;
  }

  #list(schema: NormalizedSchema): Shape {
    const value = schema.getValueSchema();
    const { xmlName } = value.getMergedTraits();
    return { kind: 'list', of: this.#refOf(value), item: typeof xmlName === 'string' ? xmlName : 'member' };
  }

  #structure(schema: NormalizedSchema): Shape {
    const raw = schema.getSchema();
    const required = Array.isArray(raw) && typeof raw[6] === 'number' ? raw[6] : 0;
    const members = [...schema.structIterator()].map(([name, member], index): Member => {
      const traits = member.getMergedTraits();
      const xmlName = typeof traits.xmlName === 'string' ? traits.xmlName : name;
      const ec2QueryName = typeof traits['ec2QueryName'] === 'string' ? traits['ec2QueryName'] : undefined;
      const query = ec2QueryName ?? `${xmlName.charAt(0).toUpperCase()}${xmlName.slice(1)}`;
      const shape = this.#refOf(member);
      return { name, query, xml: xmlName, shape, ...(index < required ? { required: true as const } : {}) };
    });
    return { kind: 'structure', members };
  }
}

function scalarOf(schema: NormalizedSchema): Scalar | undefined {
  if (schema.isTimestampSchema()) return 'timestamp';
  if (schema.isBlobSchema()) return 'blob';
  if (schema.isBooleanSchema()) return 'boolean';
  if (schema.isNumericSchema()) return 'integer';
  return schema.isStringSchema() ? 'string' : undefined;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(TABLE, wireTableText());
  process.stdout.write(`wrote ${TABLE}\n`);
}
