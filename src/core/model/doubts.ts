import type { Address } from '../net/address.ts';
import type { Eni } from './eni.ts';
import { listRecords, type World } from './world.ts';

/** Whether something is not known of the records themselves, as in a world of a plan: what is there, or which addresses it has. */
export function hasDoubts(world: World): boolean {
  let known = KNOWN.get(world);
  if (known === undefined) {
    known = findDoubt(world);
    KNOWN.set(world, known);
  }
  return known;
}

/** Memory of a pure function: a world never changes. */
const KNOWN = new WeakMap<World, boolean>();

function findDoubt(world: World): boolean {
  return (
    some(listRecords(world, 'enis'), hasEniDoubt) ||
    some(listRecords(world, 'groups'), (group) => group.rules.some((rule) => rule.doubt !== undefined)) ||
    some(listRecords(world, 'acls'), (acl) => acl.entries.some((entry) => entry.doubt !== undefined)) ||
    some(listRecords(world, 'routeTables'), (table) => table.routes.some((route) => route.doubt !== undefined)) ||
    some(listRecords(world, 'elasticAddresses'), (elastic) => isVague(elastic.public)) ||
    some(listRecords(world, 'natGateways'), (nat) =>
      nat.addresses.some((own) => isVague(own.private) || (own.public !== undefined && isVague(own.public))),
    )
  );
}

function hasEniDoubt(eni: Eni): boolean {
  return (
    eni.groupDoubt !== undefined ||
    eni.addresses.some(
      (own) =>
        isVague(own.address) ||
        (own.public !== undefined && (own.public.doubt !== undefined || isVague(own.public.address))),
    )
  );
}

function isVague(address: Address): boolean {
  return address.within !== undefined;
}

function some<R>(records: Iterable<R>, test: (record: R) => boolean): boolean {
  for (const record of records) if (test(record)) return true;
  return false;
}
