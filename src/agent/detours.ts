import type { Link } from './links.ts';

/** What there is in a network namespace beside our rules that may lead packets past them, by device. */
export type Surroundings = {
  readonly links: readonly Link[];
  /** Where filters of tc or rules of others hand packets on before ours see them, and who does. */
  readonly redirects: ReadonlyMap<string, string>;
  readonly flowtables: ReadonlyMap<string, string>;
  /** Where packets may name their own way, and by which setting. */
  readonly ownWays: ReadonlyMap<string, string>;
};

/** Devices that take frames of the device they stand on before it has them: those never are of that device. */
const ON_TOP: ReadonlySet<string> = new Set(['vlan', 'macvlan', 'macvtap', 'ipvlan', 'ipvtap', 'macsec', 'hsr']);

/**
 * How packets get past rules that go by a device's name, as what is wrong and what to do; none when they do not. Rules of a machine that is itself the
 * instance are not there to guard it from its own root: only what makes them ask for another device counts.
 */
export function detoursAt(device: string, around: Surroundings, mode: 'tap' | 'host'): readonly string[] {
  const own = around.links.find(({ name }) => name === device);
  const found: string[] = [];
  if (own?.master !== undefined) found.push(partText(own.master));
  if (mode === 'host') return found;
  for (const { name, kind } of around.links.filter(({ over, kind: what }) => over === device && ON_TOP.has(what)))
    found.push(`${name} (${kind}) stands on it, and what comes in there meets no rules: remove ${name}`);
  if (own?.hasProgram === true)
    found.push('an XDP program has its packets first and may lead them past the rules: detach it');
  const redirect = around.redirects.get(device);
  if (redirect !== undefined) found.push(`${redirect} may hand its packets on before they meet the rules: remove them`);
  const flowtable = around.flowtables.get(device);
  if (flowtable !== undefined)
    found.push(`the flowtable ${flowtable} carries flows of it past the rules: take the device out of it`);
  const setting = around.ownWays.get(device);
  if (setting !== undefined)
    found.push(`packets may name their own way there, which no rule sees: set ${setting} to 0`);
  return found;
}

function partText({ name, kind }: NonNullable<Link['master']>): string {
  if (kind === 'bridge')
    return `it is a port of the bridge ${name}, and what a bridge carries meets no rules: take it out and route to it`;
  return `it is a part of ${name}${kind === '' ? '' : ` (${kind})`}, and rules know its packets by that name: take it out`;
}
