/** The families of the kernel's in which Crenel has a table: what packets meet, and what says which hardware address has which address. */
export type TableFamily = 'inet' | 'arp';

export const TABLE_FAMILIES: readonly TableFamily[] = ['inet', 'arp'];

/** The tables that are Crenel's; nothing outside of them is ever touched. */
export const TABLES: Readonly<Record<TableFamily, string>> = { inet: 'inet crenel', arp: 'arp crenel' };

/** No name that nft can write has a colon, so nobody's object of one table is taken for one of the other. */
const ARP_MARK = 'arp:';

/** Where the kernel has an object of a ruleset, and what it calls it there. */
export type Place = { readonly family: TableFamily; readonly own: string };

/** Where an object is, by its name in rulesets and listings. */
export function placeOf(name: string): Place {
  return name.startsWith(ARP_MARK)
    ? { family: 'arp', own: name.slice(ARP_MARK.length) }
    : { family: 'inet', own: name };
}

/** The name in rulesets and listings of what the kernel has in one of the tables. */
export function nameIn(family: TableFamily, own: string): string {
  return family === 'arp' ? `${ARP_MARK}${own}` : own;
}

/** Whether some of these names are of the table of a family. */
export function hasFamily(names: Iterable<string>, family: TableFamily): boolean {
  for (const name of names) if (placeOf(name).family === family) return true;
  return false;
}
