import type { Address } from '../net/address.ts';
import type { Eni } from './eni.ts';
import { type Table, tableValues } from './table.ts';
import type { World } from './world.ts';

/** Whether something is not known of the records themselves, as in a world of a plan: what is there, or which addresses it has. */
export function hasDoubts({ records }: World): boolean {
  return (
    isAnyDoubtful(records.enis, hasEniDoubt) ||
    isAnyDoubtful(records.groups, (group) => group.rules.some((rule) => rule.doubt !== undefined)) ||
    isAnyDoubtful(records.acls, (acl) => acl.entries.some((entry) => entry.doubt !== undefined)) ||
    isAnyDoubtful(records.routeTables, (table) => table.routes.some((route) => route.doubt !== undefined)) ||
    isAnyDoubtful(records.elasticAddresses, (elastic) => isVague(elastic.public)) ||
    isAnyDoubtful(records.natGateways, (nat) =>
      nat.addresses.some((own) => isVague(own.private) || (own.public !== undefined && isVague(own.public))),
    )
  );
}

function isAnyDoubtful<R>(table: Table<R>, isDoubtful: (record: R) => boolean): boolean {
  let known = KNOWN.get(table);
  if (known === undefined) {
    known = some(tableValues(table), isDoubtful);
    KNOWN.set(table, known);
  }
  return known;
}

/** Memory of a pure function, by tables of one kind each: a table never changes, and most changes leave most tables as they are. */
const KNOWN = new WeakMap<Table<unknown>, boolean>();

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
