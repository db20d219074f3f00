import type { AttachMode, Drift, Hello, Hits, Report } from './messages.ts';

/** A host is taken for dead when nothing was heard of it for so long, in milliseconds, even if its connection seems open. */
export const SILENT_MS = 35_000;

/** How many hosts of all realms are remembered. */
const MOST_HOSTS = 10_000;

type Counters = { readonly rules: Readonly<Record<string, Hits>>; readonly entries: Readonly<Record<string, Hits>> };

/** What the server knows of a host since it started. Times are milliseconds since 1970. */
type HostState = {
  readonly host: string;
  readonly realm: string;
  readonly mode: AttachMode;
  /** The stream that is open; undefined when none is. */
  readonly stream: number | undefined;
  readonly heardAt: number;
  readonly enforced: number | undefined;
  readonly problem: string | undefined;
  readonly drift: Drift | undefined;
  readonly counters: Counters | undefined;
};

/** `gone`: no stream, or nothing heard. `degraded`: it says that it cannot enforce, or what it found changed could not be put right. */
export type HostCondition = 'enforcing' | 'behind' | 'degraded' | 'gone';

/** What is told of a host. */
export type HostDocument = {
  readonly host: string;
  readonly mode: AttachMode;
  readonly condition: HostCondition;
  readonly enforcedRevision?: number;
  readonly problem?: string;
  readonly drift?: Drift;
  readonly heardAt: string;
};

/** The hosts of all realms as they were last heard of; in memory, for a server that starts anew hears of them again. */
export class Hosts {
  readonly #states = new Map<string, HostState>();
  #streams = 0;

  /** A stream was opened; gives its number. What the host enforces is not known until it reports to this server. */
  opened(realm: string, { host, mode }: Hello, now: number): number {
    const key = keyOf(realm, host);
    const known = this.#states.get(key);
    this.#streams += 1;
    this.#states.delete(key);
    if (this.#states.size >= MOST_HOSTS) this.#forgetOne();
    this.#states.set(key, {
      host,
      realm,
      mode,
      stream: this.#streams,
      heardAt: now,
      enforced: known?.enforced,
      problem: known?.problem,
      drift: known?.drift,
      counters: known?.counters,
    });
    return this.#streams;
  }

  /** A stream ended. One that a newer stream of the host took the place of makes no difference. */
  closed(realm: string, host: string, stream: number): void {
    const known = this.#states.get(keyOf(realm, host));
    if (known?.stream === stream) this.#states.set(keyOf(realm, host), { ...known, stream: undefined });
  }

  /**
   * A host reported. What it says it applied counts only when it was told it by this run of the server, `epoch`: revisions of another run
   * may be of another store. False for a host that no stream was ever opened for.
   */
  reported(realm: string, report: Report, { now, epoch }: { readonly now: number; readonly epoch: string }): boolean {
    const key = keyOf(realm, report.host);
    const known = this.#states.get(key);
    if (known === undefined) return false;
    this.#states.set(key, {
      ...known,
      heardAt: now,
      enforced: report.applied?.epoch === epoch ? report.applied.revision : known.enforced,
      problem: report.problem,
      drift: report.drift,
      counters: report.counters ?? known.counters,
    });
    return true;
  }

  /** The hosts of a realm, by name. */
  list(realm: string, { now, revision }: { readonly now: number; readonly revision: number }): readonly HostDocument[] {
    return [...this.#states.values()]
      .filter((state) => state.realm === realm)
      .toSorted((a, b) => (a.host < b.host ? -1 : 1))
      .map((state) => ({
        host: state.host,
        mode: state.mode,
        condition: conditionOf(state, { now, revision }),
        ...(state.enforced === undefined ? {} : { enforcedRevision: state.enforced }),
        ...(state.problem === undefined ? {} : { problem: state.problem }),
        ...(state.drift === undefined ? {} : { drift: state.drift }),
        heardAt: new Date(state.heardAt).toISOString(),
      }));
  }

  /** How often a rule or an entry matched on all hosts of a realm together; undefined when no host counted it. */
  hits(realm: string, kind: 'rules' | 'entries', id: string): Hits | undefined {
    let sum: Hits | undefined;
    for (const { realm: own, counters } of this.#states.values()) {
      const ofKind = own === realm ? counters?.[kind] : undefined;
      const more = ofKind !== undefined && Object.hasOwn(ofKind, id) ? ofKind[id] : undefined;
      if (more !== undefined) sum = sum === undefined ? more : sumOf(sum, more);
    }
    return sum;
  }

  #forgetOne(): void {
    // Insertion order is the order of the newest streams: the first without one was gone longest.
    const gone = [...this.#states].find(([, state]) => state.stream === undefined) ?? [...this.#states][0];
    if (gone !== undefined) this.#states.delete(gone[0]);
  }
}

function conditionOf(
  { stream, heardAt, enforced, problem, drift }: HostState,
  { now, revision }: { readonly now: number; readonly revision: number },
): HostCondition {
  if (stream === undefined || now - heardAt > SILENT_MS) return 'gone';
  if (problem !== undefined || drift?.isRepaired === false) return 'degraded';
  return enforced === undefined || enforced < revision ? 'behind' : 'enforcing';
}

function sumOf(a: Hits, b: Hits): Hits {
  const last = Math.max(a.lastHit ?? 0, b.lastHit ?? 0);
  return { packets: a.packets + b.packets, bytes: a.bytes + b.bytes, ...(last === 0 ? {} : { lastHit: last }) };
}

function keyOf(realm: string, host: string): string {
  return `${realm}/${host}`;
}
