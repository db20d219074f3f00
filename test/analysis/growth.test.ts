// What all pairs cost follows groups, rules and prefixes: interfaces like those that are there add nothing. Counted, not timed.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { offsetAddress } from '../../src/core/net/address.ts';
import { asId } from '../../src/core/model/ids.ts';
import type { Eni } from '../../src/core/model/eni.ts';
import type { Subnet } from '../../src/core/model/vpc.ts';
import { type RecordLists, worldOf } from '../../src/core/model/world.ts';
import { Bitsets } from '../../src/analysis/pairs/bitsets.ts';
import { classesOf } from '../../src/analysis/pairs/classes.ts';
import { Matrix } from '../../src/analysis/pairs/matrix.ts';
import { Rows } from '../../src/analysis/pairs/rows.ts';
import { generateRecords } from '../../bench/world.ts';

const RECORDS = generateRecords({ enis: 300, groups: 40, subnets: 20 });

/** The interface again, at an address that no rule names. */
function copyOf(eni: Eni, number: number, offset: number): Eni {
  const subnet = RECORDS.subnets?.find(({ id }) => id === eni.subnetId) as Subnet;
  const addresses = eni.addresses.map((own) => ({
    ...own,
    address: offsetAddress((subnet.cidrs[0] as Subnet['cidrs'][number]).base, offset + number),
    ...(own.public === undefined ? {} : { public: { address: offsetAddress(own.public.address, offset * 1000) } }),
  }));
  return { ...eni, id: asId(`${eni.id}${offset}`), addresses };
}

/** How much there is of everything that takes time or memory, with one copy or two of each interface: so many addresses a subnet has. */
function sizesWith(copies: 1 | 2): Readonly<Record<string, number>> {
  const enis = Array.from({ length: copies }, (_, copy) =>
    (RECORDS.enis ?? []).map((eni, number) => copyOf(eni, number, 300 * (copy + 1))),
  ).flat();
  const lists: RecordLists = { ...RECORDS, enis };
  const classes = classesOf([worldOf(lists)], 'ipv4');
  const matrix = new Matrix(classes, 0, { rows: new Rows(new Bitsets(classes.list.length)) });
  for (const id of classes.list.keys()) {
    matrix.row(id, 'to');
    matrix.row(id, 'from');
  }
  const { rows } = matrix;
  const spots = classes.spots[0]?.length ?? 0;
  return { classes: classes.list.length, spots, rows: rows.count, sets: rows.sets.usage.sets };
}

describe('the growth of all pairs', () => {
  test('follows groups and not interfaces', () => {
    const once = sizesWith(1);
    assert.ok((once['rows'] ?? 0) > 100);
    assert.deepEqual(sizesWith(2), once);
  });
});
