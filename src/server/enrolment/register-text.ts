import { fail, ok, type Result } from '../../core/net/result.ts';
import { HOLDS, HOST } from '../sync/codec.ts';
import { conform, FLAG, holding, integer, list, object, optional, type Shape, text } from '../sync/shape.ts';
import {
  type HostCertificate,
  type HostEntry,
  hostKey,
  type Invitation,
  MOST_HOSTS,
  type Register,
} from './register.ts';

const VERSION = 1;
const TIME: Shape<number> = integer(0, Number.MAX_SAFE_INTEGER);
const DIGEST: Shape<string> = matching(/^[0-9a-f]{64}$/, 'must be 64 hexadecimal digits');
const ENTRY: Shape<HostEntry> = object<HostEntry>({
  accountId: matching(/^\d{12}$/, 'must be 12 digits'),
  region: matching(/^[a-z0-9-]{1,32}$/, 'must be a region'),
  host: HOST,
  holds: HOLDS,
  certificates: list(
    object<HostCertificate>({
      fingerprint: DIGEST,
      serial: matching(/^[0-9a-f]{1,40}$/, 'must be hexadecimal digits'),
      validTo: TIME,
    }),
    2,
  ),
  invitation: optional(
    object<Invitation>({
      tokenHash: DIGEST,
      expiresAt: TIME,
      holds: HOLDS,
      usedBy: optional(DIGEST),
      isSpent: optional(FLAG),
    }),
  ),
  removedAt: optional(TIME),
});
type Document = { readonly version: number; readonly hosts: readonly HostEntry[] };
const DOCUMENT: Shape<Document> = object<Document>({
  version: integer(VERSION, VERSION),
  hosts: list(ENTRY, MOST_HOSTS),
});

/** A register as the text of a file: JSON, a host a line. Tokens stand in it as hashes, and keys not at all. */
export function registerText(register: Register): string {
  const lines = [...register.values()].map((entry) => JSON.stringify(entry));
  return `{"version":${VERSION},"hosts":[\n${lines.join(',\n')}\n]}\n`;
}

/** Reads what `registerText` wrote. Fails on the first fault, with its place. */
export function registerOf(content: string): Result<Register> {
  const value = jsonOf(content);
  if (!value.ok) return value;
  const document = conform(DOCUMENT, value.value, 'hosts');
  if (!document.ok) return document;
  const register = new Map(document.value.hosts.map((entry) => [hostKey(entry), entry]));
  return register.size === document.value.hosts.length ? ok(register) : fail('a host is there twice');
}

function matching(pattern: RegExp, what: string): Shape<string> {
  return holding(text(64), (value) => pattern.test(value), what);
}

function jsonOf(content: string): Result<unknown> {
  try {
    return ok(JSON.parse(content));
  } catch {
    return fail('it is no JSON');
  }
}
