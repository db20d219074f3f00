import type { Realm } from '../control/env.ts';
import type { HitBook, HitKind } from '../sync/hit-book.ts';
import type { Hits } from '../sync/messages.ts';
import type { ListedHost } from './host-list.ts';

/** A host of a realm, as it is listed. */
export type RealmHost = { readonly realm: Realm; readonly host: ListedHost };

/** What is counted of agents. `realms` are those of the sums. */
export type Observed = {
  readonly revision: number;
  readonly hosts: readonly RealmHost[];
  readonly book: HitBook;
  readonly realms: readonly { readonly key: string; readonly realm: Realm }[];
};

/** So many rules, entries and hosts have series of their own; how many were left out is a series, too. */
export type SeriesLimits = { readonly rules: number; readonly entries: number; readonly hosts: number };

const LIMITS: SeriesLimits = { rules: 10_000, entries: 10_000, hosts: 1000 };

const CONDITIONS: readonly ListedHost['condition'][] = [
  'enforcing',
  'behind',
  'degraded',
  'gone',
  'invited',
  'removed',
];

/**
 * What agents tell, in the text format of Prometheus. Only rules and entries that were hit have series: those that were hit first, so that one
 * which is there stays, until its rule goes.
 */
export function agentMetrics(observed: Observed, limits: SeriesLimits = LIMITS): string {
  const rules = hitSeries(observed, 'groups', limits.rules);
  const entries = hitSeries(observed, 'acls', limits.entries);
  const hosts = observed.hosts.toSorted((a, b) => rank(a) - rank(b)).slice(0, limits.hosts);
  return [
    ...family('crenel_revision', 'gauge', 'The newest revision of the server.', [[{}, observed.revision]]),
    ...hostFamilies(observed, hosts),
    ...hitFamilies('crenel_rule', 'rule', rules.series),
    ...hitFamilies('crenel_acl_entry', 'entry of a network ACL', entries.series),
    ...family('crenel_series_left_out', 'gauge', 'What has no series of its own, for there would be too many.', [
      [{ of: 'rules' }, rules.leftOut],
      [{ of: 'entries' }, entries.leftOut],
      [{ of: 'hosts' }, observed.hosts.length - hosts.length],
    ]),
    ...family(
      'crenel_hits_dropped_total',
      'counter',
      'Totals of rules and entries that hosts told and that were not kept, for there were too many.',
      [[{}, observed.book.dropped]],
    ),
  ].join('');
}

/** Hosts that live come first. */
function rank({ host }: RealmHost): number {
  return CONDITIONS.indexOf(host.condition);
}

function hostFamilies({ revision, hosts: all }: Observed, hosts: readonly RealmHost[]): readonly string[] {
  const labels = ({ realm, host }: RealmHost): Labels => ({ ...labelsOf(realm), host: host.host });
  return [
    ...family(
      'crenel_hosts',
      'gauge',
      'Hosts by condition: enforcing the newest revision, behind it, degraded (it says why in GET /crenel/v1/hosts), gone, invited or removed.',
      CONDITIONS.map((condition) => [{ condition }, all.filter(({ host }) => host.condition === condition).length]),
    ),
    ...family(
      'crenel_host_condition',
      'gauge',
      '1 for the condition that a host is in.',
      hosts.flatMap((one) =>
        CONDITIONS.map(
          (condition) => [{ ...labels(one), condition }, one.host.condition === condition ? 1 : 0] as const,
        ),
      ),
    ),
    ...family(
      'crenel_host_revision_lag',
      'gauge',
      'How many revisions a host is behind the server; not there while it is not known what the host enforces.',
      hosts.flatMap((one) => {
        const { enforcedRevision } = one.host;
        return enforcedRevision === undefined ? [] : [[labels(one), Math.max(0, revision - enforcedRevision)] as const];
      }),
    ),
    ...family(
      'crenel_host_heard_timestamp_seconds',
      'gauge',
      'When a host was last heard of.',
      hosts.flatMap((one) => {
        const { heardAt } = one.host;
        return heardAt === undefined ? [] : [[labels(one), Date.parse(heardAt) / 1000] as const];
      }),
    ),
  ];
}

type HitSeries = readonly (readonly [Labels, Hits])[];

function hitSeries(
  { book, realms }: Observed,
  kind: HitKind,
  most: number,
): { readonly series: HitSeries; readonly leftOut: number } {
  const series: [Labels, Hits][] = [];
  let leftOut = 0;
  for (const { key, realm } of realms)
    for (const [owner, item, hits] of book.sums(key, kind)) {
      if (series.length >= most) leftOut += 1;
      else series.push([{ ...labelsOf(realm), ...ownLabels(kind, owner, item) }, hits]);
    }
  return { series, leftOut };
}

function ownLabels(kind: HitKind, owner: string, item: string): Labels {
  if (kind === 'groups') return { group: owner, rule: item };
  const [direction = '', entry = ''] = item.split('/');
  return { acl: owner, direction, entry };
}

function hitFamilies(prefix: string, what: string, series: HitSeries): readonly string[] {
  const told = 'on all hosts, as they last read it, every 30 seconds';
  return [
    ...family(
      `${prefix}_packets_total`,
      'counter',
      `Packets that met a ${what} ${told}; of a tracked flow only those that open it ask a rule.`,
      series.map(([labels, { packets }]) => [labels, packets]),
    ),
    ...family(
      `${prefix}_bytes_total`,
      'counter',
      `Bytes of these packets.`,
      series.map(([labels, { bytes }]) => [labels, bytes]),
    ),
    ...family(
      `${prefix}_last_hit_timestamp_seconds`,
      'gauge',
      `When a ${what} was last hit, up to 30 seconds late.`,
      series.map(([labels, { lastHit }]) => [labels, lastHit / 1000]),
    ),
  ];
}

type Labels = Readonly<Record<string, string>>;

function labelsOf({ accountId, region }: Realm): Labels {
  return { account: accountId, region };
}

/** One metric with its samples; nothing where there are none. */
function family(
  name: string,
  type: 'counter' | 'gauge',
  help: string,
  samples: readonly (readonly [Labels, number])[],
): readonly string[] {
  if (samples.length === 0) return [];
  const head = `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;
  return [head, ...samples.map(([labels, value]) => `${name}${labelText(labels)} ${value}\n`)];
}

function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

/** As the text format has it: backslash, quote and line end. */
function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
