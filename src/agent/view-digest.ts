import { createHash } from 'node:crypto';
import { listRecords } from '../core/model/world.ts';
import type { HostView } from '../core/policy/host-view.ts';
import { formatCidr } from '../core/net/cidr.ts';
import { HOST_KINDS } from '../server/sync/record-shapes.ts';

/** Sixteen hexadecimal digits that stand for what a view says, whatever its revision: the same records and members have the same. */
export function viewDigest({ world, members }: HostView): string {
  const hash = createHash('sha256');
  for (const kind of HOST_KINDS)
    for (const record of [...listRecords(world, kind)].toSorted((a, b) => (a.id < b.id ? -1 : 1)))
      hash.update(`${kind} ${JSON.stringify(record)}\n`);
  for (const [id, { ipv4, ipv6, prefixes }] of [...members].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    hash.update(`members ${JSON.stringify([id, ipv4.length, ipv6.length, prefixes.map(formatCidr)])}\n`);
    for (const words of [ipv4, ipv6]) hash.update(new Uint8Array(words.buffer, words.byteOffset, words.byteLength));
  }
  return hash.digest('hex').slice(0, 16);
}
