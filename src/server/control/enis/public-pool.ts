import { type Address, formatAddress, ipv4 } from '../../../core/net/address.ts';
import { ok, type Result } from '../../../core/net/result.ts';
import type { IndexName } from '../../../core/model/indexes.ts';
import { indexedId } from '../../../core/model/world.ts';
import type { Draft } from '../draft.ts';
import type { Refusal } from '../refusal.ts';
import { publicPoolEmpty } from './eni-refusals.ts';

/** 198.18.0.0/16 of the range for benchmarks (RFC 2544): nobody's on the internet. Its first and last address are not given out. */
const FIRST = 0xc612_0000;
const SIZE = 0x1_0000;

/** Odd, so that a walk by it meets each number of the pool once; near the golden section, so that neighbours of a start are apart. */
const STEP = 0x9e37;

/** Where the public addresses in use stand, by their text. */
const HOLDERS: readonly IndexName[] = ['elasticAddressesByPublic', 'enisByPublicAddress', 'natGatewaysByAddress'];

/**
 * A public IPv4 address that no Elastic address, interface or NAT gateway of the realm has. It is the first free one of a walk through the
 * pool that begins elsewhere at each revision: with a share s of the pool in use it takes 1 / (1 − s) looks at three indexes on average (1.2
 * with 10,000 in use), never more than the pool has, and an address that was given back is not the next one given out.
 */
export function freePublicAddress(draft: Draft): Result<Address, Refusal> {
  let number = (Math.imul(draft.world.revision, 0x9e37_79b1) >>> 16) % SIZE;
  for (let looked = 0; looked < SIZE; looked += 1) {
    const address = ipv4(FIRST + number);
    if (number !== 0 && number !== SIZE - 1 && !isInUse(draft, address)) return ok(address);
    number = (number + STEP) % SIZE;
  }
  return publicPoolEmpty();
}

function isInUse({ world }: Draft, address: Address): boolean {
  const text = formatAddress(address);
  return HOLDERS.some((name) => indexedId(world, name, text) !== undefined);
}
