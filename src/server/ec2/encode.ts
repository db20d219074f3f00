import type { Scalar, Shape, ShapeRef, WireTable } from './wire-shape.ts';
import { base64Text } from '../control/base64.ts';

/** What a handler answers: the SDK's member names. Undefined members are left out, empty lists are written. */
export type Output = { readonly [member: string]: unknown };

/** What an answer is for: its service, operation and the id that the client sees. */
export type AnswerHead = { readonly service: 'ec2' | 'sts'; readonly operation: string; readonly requestId: string };

const DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n';

/**
 * The answer of an operation as XML, by its shape alone. An empty list is an empty element: clients read that as a list and a missing one
 * as nothing.
 */
export function encodeOutput(table: WireTable, head: AnswerHead, output: Output): string {
  const { service, operation, requestId } = head;
  const { namespace, operations } = table.services[service];
  const shape = operations[operation]?.output;
  if (shape === undefined) throw new Error(`the wire table has no operation ${operation}`);
  const body = structureXml(table, shape, output);
  const id = escapeXml(requestId);
  const name = `${operation}Response`;
  if (service === 'ec2')
    return `${DECLARATION}<${name} xmlns="${namespace}"><requestId>${id}</requestId>${body}</${name}>`;
  const result = `<${operation}Result>${body}</${operation}Result>`;
  return `${DECLARATION}<${name} xmlns="${namespace}">${result}<ResponseMetadata><RequestId>${id}</RequestId></ResponseMetadata></${name}>`;
}

/** An error as each service writes it. */
export function encodeError(
  service: 'ec2' | 'sts',
  error: { readonly code: string; readonly message: string; readonly requestId: string },
): string {
  const [code, message, id] = [error.code, error.message, error.requestId].map(escapeXml);
  const inner = `<Code>${code}</Code><Message>${message}</Message>`;
  return service === 'ec2'
    ? `${DECLARATION}<Response><Errors><Error>${inner}</Error></Errors><RequestID>${id}</RequestID></Response>`
    : `${DECLARATION}<ErrorResponse><Error><Type>Sender</Type>${inner}</Error><RequestId>${id}</RequestId></ErrorResponse>`;
}

function structureXml(table: WireTable, index: number, value: unknown): string {
  const shape = shapeOf(table, index);
  if (shape.kind === 'list' || !isObject(value)) throw new TypeError('the answer is no structure');
  let text = '';
  for (const { name, xml, shape: ref } of shape.members) {
    const member = value[name];
    if (member !== undefined) text += elementXml(table, { ref, name: xml }, member);
  }
  return text;
}

function elementXml(
  table: WireTable,
  { ref, name }: { readonly ref: ShapeRef; readonly name: string },
  value: unknown,
): string {
  if (typeof ref !== 'number') return `<${name}>${scalarText(ref, value)}</${name}>`;
  const shape = shapeOf(table, ref);
  if (shape.kind === 'structure') return `<${name}>${structureXml(table, ref, value)}</${name}>`;
  if (!Array.isArray(value)) throw new TypeError(`${name} is no list`);
  const items = value.map((one: unknown) => elementXml(table, { ref: shape.of, name: shape.item }, one));
  return items.length === 0 ? `<${name}/>` : `<${name}>${items.join('')}</${name}>`;
}

function scalarText(kind: Scalar, value: unknown): string {
  switch (kind) {
    case 'string':
      if (typeof value === 'string') return escapeXml(value);
      break;
    case 'integer':
      if (typeof value === 'number') return String(value);
      break;
    case 'boolean':
      if (typeof value === 'boolean') return String(value);
      break;
    case 'timestamp':
      if (value instanceof Date) return value.toISOString();
      // An answer that was kept under a client token has its times as text.
      if (typeof value === 'string') return new Date(value).toISOString();
      break;
    case 'blob':
      if (value instanceof Uint8Array) return base64Text(value);
      break;
  }
  throw new TypeError(`an answer has ${typeof value} where the wire has ${kind}`);
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\r': '&#xD;',
};

/** Text for XML. Characters that XML 1.0 cannot hold at all become U+FFFD: no client could read the answer otherwise. */
export function escapeXml(text: string): string {
  const escaped = text.replaceAll(/[&<>"\r]/g, (character) => ENTITIES[character] ?? character);
  return escaped.toWellFormed().replaceAll(NOT_XML, '\uFFFD');
}

// oxlint-disable-next-line no-control-regex -- these are the characters that XML 1.0 has no place for
const NOT_XML = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/g;

function isObject(value: unknown): value is Output {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function shapeOf(table: WireTable, index: number): Shape {
  const shape = table.shapes[index];
  if (shape === undefined) throw new Error(`the wire table has no shape ${index}`);
  return shape;
}
