import { formatAddress, parseAddress } from '../core/net/address.ts';
import { fail, ok, type Result } from '../core/net/result.ts';
import { asId } from '../core/model/ids.ts';
import type { FlowRecord } from '../core/track/flow-log.ts';

/** The fields of a line in AWS's default format, version 2 (V:flow-log-records). */
export const FLOW_LOG_HEADER =
  'version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status';

const FIELDS = FLOW_LOG_HEADER.split(' ').length;

/** A record as AWS writes it in version 2. */
export function formatFlowRecord(record: FlowRecord): string {
  return [
    2,
    record.ownerId,
    record.eniId,
    formatAddress(record.source),
    formatAddress(record.destination),
    record.sourcePort,
    record.destinationPort,
    record.protocol,
    record.packets,
    record.bytes,
    record.startSeconds,
    record.endSeconds,
    record.action,
    'OK',
  ].join(' ');
}

/** The line of a window in which an interface saw nothing. */
export function formatNoData(gap: Pick<FlowRecord, 'ownerId' | 'eniId' | 'startSeconds' | 'endSeconds'>): string {
  return `2 ${gap.ownerId} ${gap.eniId} - - - - - - - ${gap.startSeconds} ${gap.endSeconds} - NODATA`;
}

/** The inverse of `formatFlowRecord`. Errors name the field; lines that say NODATA or SKIPDATA hold no record and are refused. */
export function parseFlowRecord(line: string): Result<FlowRecord> {
  const fields = line.split(' ');
  if (fields.length !== FIELDS) return fail(`expected ${FIELDS} fields, found ${fields.length}`);
  const [version, ownerId = '', eniId = '', from = '', to = ''] = fields;
  if (version !== '2') return fail(`version ${JSON.stringify(version)} is not 2`);
  if (fields[13] !== 'OK') return fail(`log-status ${JSON.stringify(fields[13])} has no record`);
  const action = fields[12];
  if (action !== 'ACCEPT' && action !== 'REJECT')
    return fail(`action ${JSON.stringify(action)} is not ACCEPT or REJECT`);
  const source = parseAddress(from);
  if (!source.ok) return fail(`srcaddr: ${source.error}`);
  const destination = parseAddress(to);
  if (!destination.ok) return fail(`dstaddr: ${destination.error}`);
  if (source.value.family !== destination.value.family) return fail('srcaddr and dstaddr are of different families');
  const numbers = fields.slice(5, 12).map(numberOf);
  const limits = [65_535, 65_535, 255];
  const wrong = numbers.findIndex((value, index) => value === undefined || value > (limits[index] ?? Infinity));
  if (wrong >= 0)
    return fail(`${FLOW_LOG_HEADER.split(' ')[wrong + 5]} ${JSON.stringify(fields[wrong + 5])} is out of range`);
  const [sourcePort = 0, destinationPort = 0, protocol = 0, packets = 0, bytes = 0, startSeconds = 0, endSeconds = 0] =
    numbers;
  return ok({
    ownerId,
    eniId: asId(eniId),
    source: source.value,
    destination: destination.value,
    sourcePort,
    destinationPort,
    protocol,
    packets,
    bytes,
    startSeconds,
    endSeconds,
    action,
  });
}

/** A whole number as text has it; undefined for anything else. Bounded so that it stays exact. */
function numberOf(text: string): number | undefined {
  const value = /^(0|[1-9][0-9]{0,15})$/.test(text) ? Number(text) : Number.NaN;
  return Number.isSafeInteger(value) ? value : undefined;
}
