import type { WireTable } from './wire-shape.ts';
import table from './wire-table.json' with { type: 'json' };

/** The shapes of all operations that the server speaks. `wire-table.json` is written by `tools/wire-table.ts`; a test compares the two. */
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- JSON modules have wide types; the generator writes this one
export const WIRE_TABLE: WireTable = table as unknown as WireTable;
