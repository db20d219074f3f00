import { fail, ok, type Result } from '../../core/net/result.ts';
import {
  type Counters,
  type Drift,
  type Hello,
  type Hits,
  type Holds,
  MAX_LINE,
  type RecordMessage,
  type Report,
  type ServerMessage,
  SYNC_VERSION,
} from './messages.ts';
import { HOST_KINDS, type HostKind, RECORD_SHAPES } from './record-shapes.ts';
import {
  conform,
  FLAG,
  integer,
  isObject,
  list,
  mapOf,
  named,
  object,
  optional,
  type Shape,
  text,
  variant,
  word,
} from './shape.ts';

/** How many interfaces, counters and addresses one message may have. */
const MANY = 100_000;

const COUNT: Shape<number> = integer(0, Number.MAX_SAFE_INTEGER);
/** A host's name: as DNS has them, so that it can stand in an ARN, a file and a log. */
export const HOST: Shape<string> = {
  faultOf: (value, place) =>
    typeof value === 'string' && isHostName(value)
      ? undefined
      : `${place} must be 1 to 63 letters, digits, dots and hyphens`,
};
/** What a host holds, by ids. */
export const HOLDS: Shape<Holds> = object<Holds>({ enis: list(named(), MANY), instances: list(named(), MANY) });
const HELLO: Shape<Hello> = object<Hello>({
  version: integer(SYNC_VERSION, SYNC_VERSION),
  host: HOST,
  mode: word(['tap', 'host']),
  holds: HOLDS,
  run: optional(named()),
  resume: optional(object({ epoch: named(), revision: COUNT, holds: HOLDS })),
});
const HITS: Shape<Hits> = object<Hits>({ packets: COUNT, bytes: COUNT, lastHit: COUNT });
const HITS_BY_OWNER: Shape<Counters['groups']> = mapOf(mapOf(HITS, MANY), MANY);
const REPORT: Shape<Report> = object<Report>({
  version: integer(SYNC_VERSION, SYNC_VERSION),
  host: HOST,
  run: optional(named()),
  applied: optional(object({ epoch: named(), revision: COUNT })),
  problem: optional(text(1000)),
  warnings: optional(list(text(1000), 20)),
  drift: optional(object<Drift>({ objects: COUNT, isRepaired: FLAG })),
  counters: optional(
    object<Counters>({ run: named(), since: COUNT, asOf: COUNT, groups: HITS_BY_OWNER, acls: HITS_BY_OWNER }),
  ),
});

type MessageOf<T extends ServerMessage['type']> = Extract<ServerMessage, { readonly type: T }>;
const RECORD: Shape<RecordMessage> = variant<RecordMessage>(
  'kind',
  Object.fromEntries(HOST_KINDS.map((kind) => [kind, recordShape(kind)])),
);
const ADDRESSES: Shape<readonly string[]> = list(named(), MANY);
const MESSAGE: Shape<ServerMessage> = variant<ServerMessage>('type', {
  begin: object<MessageOf<'begin'>>({
    type: word(['begin']),
    version: integer(SYNC_VERSION, SYNC_VERSION),
    epoch: named(),
    from: word(['nothing', 'resume']),
  }),
  record: RECORD,
  gone: object<MessageOf<'gone'>>({ type: word(['gone']), kind: word(HOST_KINDS), id: named() }),
  members: object<MessageOf<'members'>>({
    type: word(['members']),
    group: named(),
    added: ADDRESSES,
    removed: ADDRESSES,
  }),
  forget: object<MessageOf<'forget'>>({ type: word(['forget']), group: named() }),
  mark: object<MessageOf<'mark'>>({ type: word(['mark']), revision: COUNT }),
  alive: object<MessageOf<'alive'>>({ type: word(['alive']) }),
});

function recordShape(kind: HostKind): Shape<RecordMessage> {
  const shape = object({ type: word(['record']), kind: word([kind]), record: RECORD_SHAPES[kind] });
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the record's shape is that of the kind
  return shape as Shape<RecordMessage>;
}

/** Whether text can be the name of a host. */
export function isHostName(given: string): boolean {
  return /^[A-Za-z0-9](?:[A-Za-z0-9.-]{0,61}[A-Za-z0-9])?$/.test(given);
}

/** A message of any kind as one line of ASCII: a reader may cut a stream anywhere, and its length is its size. */
export function encodeLine(message: ServerMessage | Hello | Report): string {
  const line = JSON.stringify(message).replaceAll(
    /[^\0-\x7f]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return `${line}\n`;
}

/** Reads what an agent says first. Refuses another version by name. */
export function decodeHello(body: string): Result<Hello> {
  return decoded(HELLO, body, 'hello');
}

/** Reads what an agent reports. */
export function decodeReport(body: string): Result<Report> {
  return decoded(REPORT, body, 'report');
}

/** Reads one line of a server's stream, without its line end. */
export function decodeMessage(line: string): Result<ServerMessage> {
  return decoded(MESSAGE, line, 'message');
}

function decoded<T>(shape: Shape<T>, line: string, place: string): Result<T> {
  if (line.length > MAX_LINE) return fail(`the ${place} is longer than ${MAX_LINE} characters`);
  const value = jsonOf(line);
  if (!value.ok) return fail(`the ${place} is no JSON`);
  if (isObject(value.value) && typeof value.value['version'] === 'number' && value.value['version'] !== SYNC_VERSION)
    return fail(
      `the other end speaks version ${value.value['version']}; this one speaks version ${SYNC_VERSION}: run the same release of crenel at both ends`,
    );
  return conform(shape, value.value, place);
}

function jsonOf(line: string): Result<unknown> {
  try {
    return ok(JSON.parse(line));
  } catch {
    return fail('no JSON');
  }
}
