import { fail, ok, type Result } from '../core/net/result.ts';
import type { HitsDocument } from '../server/native/hits.ts';
import type { HitKind, LoadError } from './io.ts';
import { askServer, type ServerOptions } from './server-source.ts';

/** What the hosts of a server counted at something; undefined when it tells nothing of hits. */
export async function readHits(
  endpoint: string,
  { kind, id }: { readonly kind: HitKind; readonly id: string },
  env: ServerOptions['env'],
): Promise<Result<HitsDocument | undefined, LoadError>> {
  const answer = await askServer(endpoint, `show/${kind}/${encodeURIComponent(id)}`, env);
  if (!answer.ok) return answer;
  const hits = isObject(answer.value) ? answer.value['hits'] : undefined;
  if (hits === undefined) return ok(undefined);
  return isHits(hits)
    ? ok(hits)
    : fail({ kind: 'malformed', message: `${endpoint} tells hits in a form that is not known` });
}

function isHits(document: unknown): document is HitsDocument {
  if (!isObject(document)) return false;
  const { at, asOf, since, hosts, counts } = document;
  return (
    isTime(at) &&
    isTimeOrNull(asOf) &&
    isTimeOrNull(since) &&
    isHostList(hosts) &&
    isObject(counts) &&
    Object.values(counts).every(isCount)
  );
}

function isHostList(hosts: unknown): boolean {
  return (
    Array.isArray(hosts) &&
    hosts.every(
      (one: unknown) =>
        isObject(one) &&
        typeof one['host'] === 'string' &&
        typeof one['condition'] === 'string' &&
        isTimeOrNull(one['since']) &&
        isTimeOrNull(one['asOf']),
    )
  );
}

function isCount(count: unknown): boolean {
  if (!isObject(count)) return false;
  const { packets, bytes, lastHit, notCounted } = count;
  return typeof notCounted === 'string' || (isNumber(packets) && isNumber(bytes) && isTimeOrNull(lastHit));
}

function isNumber(value: unknown): boolean {
  return typeof value === 'number' && value >= 0;
}

function isTime(value: unknown): boolean {
  return typeof value === 'string' && !Number.isNaN(Date.parse(value));
}

function isTimeOrNull(value: unknown): boolean {
  return value === null || isTime(value);
}

function isObject(value: unknown): value is { readonly [name: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
