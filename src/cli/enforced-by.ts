import type { HostsDocument } from '../server/native/agent-api.ts';

type Host = HostsDocument['hosts'][number];

/** A host that does not enforce what it should, and why in words. */
export type Lag = {
  readonly host: string;
  readonly condition: Host['condition'];
  readonly enforcedRevision: number | null;
  readonly why: string;
};

/** Whether every live host enforces a revision, and which do not. `gone`: nobody waits for them, for nobody knows whether they come back. */
export type Seen = {
  readonly isEnforced: boolean;
  readonly revision: number;
  readonly serverRevision: number;
  readonly live: number;
  readonly lagging: readonly Lag[];
  readonly gone: readonly string[];
};

/**
 * So long after a server began, agents that lost it may not have come back yet: they try again after at most 30 seconds. In milliseconds.
 */
const COMING_BACK_MS = 45_000;

/**
 * What a list of hosts says of a revision. A host that is degraded does not enforce as it should, whatever it says it applied. No host at all is
 * not every host: whoever waits wants to know that something is enforced.
 */
export function enforcedBy(
  document: HostsDocument,
  { revision, hosts: wanted }: { readonly revision: number; readonly hosts: number },
): Seen {
  const { hosts, revision: serverRevision } = document;
  const upMs = Date.parse(document.at) - Date.parse(document.startedAt);
  const isComingBack = ({ condition, heardAt }: Host): boolean =>
    condition === 'gone' && heardAt === undefined && upMs < COMING_BACK_MS;
  const live = hosts.filter(({ condition }) => ['enforcing', 'behind', 'degraded'].includes(condition));
  const lagging = [...live, ...hosts.filter(isComingBack)].flatMap((host): readonly Lag[] => {
    const why = lagOf(host, revision);
    return why === undefined
      ? []
      : [{ host: host.host, condition: host.condition, enforcedRevision: host.enforcedRevision ?? null, why }];
  });
  return {
    isEnforced: serverRevision >= revision && live.length >= wanted && lagging.length === 0,
    revision,
    serverRevision,
    live: live.length,
    lagging,
    gone: hosts.filter((host) => host.condition === 'gone' && !isComingBack(host)).map(({ host }) => host),
  };
}

function lagOf({ condition, enforcedRevision, problem, drift }: Host, revision: number): string | undefined {
  const at =
    enforcedRevision === undefined ? 'it enforces nothing that it told of' : `it is at revision ${enforcedRevision}`;
  if (condition === 'gone') return 'it did not come back yet since the server began';
  if (problem !== undefined) return `${at}; ${problem}`;
  if (drift?.isRepaired === false) return `${at}; somebody changed its rules, and they are not repaired`;
  return enforcedRevision === undefined || enforcedRevision < revision ? at : undefined;
}
