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
 * How packets of devices get past rules that go by a device's name, as what is wrong and what to do; no word of those whose packets do not. Rules of a
 * machine that is itself the instance are not there to guard it from its own root: only what makes them ask for another device counts.
 */
export function detoursOf(
  devices: readonly string[],
  around: Surroundings,
  mode: 'tap' | 'host',
): ReadonlyMap<string, readonly string[]> {
  const byName = new Map(around.links.map((link) => [link.name, link]));
  const onTop = Map.groupBy(
    around.links.filter(({ kind }) => ON_TOP.has(kind)),
    ({ over }) => over,
  );
  const found = devices.map((device) => {
    const own = byName.get(device);
    const parts = own?.master === undefined ? [] : [partText(own.master)];
    if (mode === 'host') return [device, parts] as const;
    const stacked = (onTop.get(device) ?? []).map(
      ({ name, kind }) => `${name} (${kind}) stands on it, and what comes in there meets no rules: remove ${name}`,
    );
    return [device, [...parts, ...stacked, ...otherWays(device, own, around)]] as const;
  });
  return new Map(found.filter(([, ways]) => ways.length > 0));
}

function otherWays(device: string, own: Link | undefined, around: Surroundings): readonly string[] {
  const [redirect, flowtable] = [around.redirects.get(device), around.flowtables.get(device)];
  const setting = around.ownWays.get(device);
  return [
    ...(own?.hasProgram === true
      ? ['an XDP program has its packets first and may lead them past the rules: detach it']
      : []),
    ...(redirect === undefined ? [] : [`${redirect} may hand its packets on before they meet the rules: remove them`]),
    ...(flowtable === undefined
      ? []
      : [`the flowtable ${flowtable} carries flows of it past the rules: take the device out of it`]),
    ...(setting === undefined ? [] : [`packets may name their own way there, which no rule sees: set ${setting} to 0`]),
  ];
}

function partText({ name, kind }: NonNullable<Link['master']>): string {
  if (kind === 'bridge')
    return `it is a port of the bridge ${name}, and what a bridge carries meets no rules: take it out and route to it`;
  return `it is a part of ${name}${kind === '' ? '' : ` (${kind})`}, and rules know its packets by that name: take it out`;
}
