import { getRecord, type World } from '../../core/model/world.ts';
import type { AttachMode, Drift, Hello, Holds, Report } from './messages.ts';

/** A host is taken for dead when nothing was heard of it for so long, in milliseconds, even if its connection seems open. */
export const SILENT_MS = 35_000;

/** How many hosts of all realms are remembered. */
const MOST_HOSTS = 10_000;

/** How interfaces hang on a host; `lab`: they are the server's own, in a lab on its machine. */
export type HostMode = AttachMode | 'lab';

/** What the server knows of a host since it started. Times are milliseconds since 1970. */
type HostState = {
  readonly host: string;
  readonly realm: string;
  readonly mode: HostMode;
  readonly holds: { readonly enis: ReadonlySet<string>; readonly instances: ReadonlySet<string> };
  /** The stream that is open; undefined when none is. */
  readonly stream: number | undefined;
  readonly heardAt: number;
  readonly enforced: number | undefined;
  readonly news: News;
  readonly lives: Lives;
};

/** The runs of agents that acted as a host: the newest one, those before it, and when one of those came back while the newest was heard. */
type Lives = { readonly newest?: string; readonly before: readonly string[]; readonly rivalAt?: number };

/** So many runs before the newest one are remembered: as many machines are told apart that act as one host. */
const MOST_LIVES = 8;
/** So long after an agent was refused for another one the host counts as more than one, in milliseconds: agents come again within 30 seconds. */
const RIVAL_MS = 65_000;
const NO_LIVES: Lives = { before: [] };

/** What a host says of itself beside the revision. */
type News = Pick<Report, 'problem' | 'warnings' | 'drift'>;

/** `gone`: no stream, or nothing heard. `degraded`: it says that it cannot enforce, or what it found changed could not be put right. */
export type HostCondition = 'enforcing' | 'behind' | 'degraded' | 'gone';

/** A lab of the server's own: what it holds and enforces by now. */
export type OwnHost = News & { readonly host: string; readonly holds: Holds; readonly enforced: number | undefined };

/** What is told of a host. */
export type HostDocument = {
  readonly host: string;
  readonly mode: HostMode;
  readonly condition: HostCondition;
  readonly enforcedRevision?: number;
  readonly problem?: string;
  /** Rules that admit nothing there, for something that they name is not known. */
  readonly warnings?: readonly string[];
  readonly drift?: Drift;
  readonly heardAt: string;
};

/** Interfaces that something filters, and whether NAT gateways are behind it too. */
export type Filtered = { readonly world: World; readonly enis: readonly string[]; readonly isAtNat: boolean };

/** The hosts of all realms as they were last heard of; in memory, for a server that starts anew hears of them again. */
export class Hosts {
  readonly #states = new Map<string, HostState>();
  readonly #onForgotten: (realm: string, host: string) => void;
  #streams = 0;

  /** `onForgotten` hears of hosts that are not remembered any more. */
  constructor(onForgotten: (realm: string, host: string) => void = () => undefined) {
    this.#onForgotten = onForgotten;
  }

  /** A stream was opened; gives its number. What the host enforces is not known until it reports to this server. */
  opened(realm: string, { host, mode, holds, run }: Hello, now: number): number {
    this.#streams += 1;
    const lives = this.#states.get(keyOf(realm, host))?.lives ?? NO_LIVES;
    this.#put({
      host,
      realm,
      mode,
      holds: held(holds),
      stream: this.#streams,
      heardAt: now,
      enforced: undefined,
      news: {},
      lives: run === undefined ? lives : livesWith(lives, run),
    });
    return this.#streams;
  }

  /**
   * Whether an agent comes back for a host that another one acts as since, and is heard: the newest one is the host, or both would take turns. That
   * there are two is told of the host for a while.
   */
  isRival(realm: string, { host, run }: Pick<Hello, 'host' | 'run'>, now: number): boolean {
    const known = this.#states.get(keyOf(realm, host));
    if (known === undefined || run === undefined || !known.lives.before.includes(run)) return false;
    if (known.stream === undefined || now - known.heardAt > SILENT_MS) return false;
    this.#states.set(keyOf(realm, host), { ...known, lives: { ...known.lives, rivalAt: now } });
    return true;
  }

  /** The server's own lab says what it enforces: a host that is heard at all times. */
  own(realm: string, { host, holds, enforced, ...news }: OwnHost): void {
    this.#put({ host, realm, mode: 'lab', holds: held(holds), stream: 0, heardAt: 0, enforced, news, lives: NO_LIVES });
  }

  /** Whether a host is the server's own. */
  isOwn(realm: string, host: string): boolean {
    return this.#states.get(keyOf(realm, host))?.mode === 'lab';
  }

  /** A stream ended. One that a newer stream of the host took the place of makes no difference. */
  closed(realm: string, host: string, stream: number): void {
    const known = this.#states.get(keyOf(realm, host));
    if (known?.stream === stream) this.#states.set(keyOf(realm, host), { ...known, stream: undefined });
  }

  /**
   * A host reported. What it says it applied counts only when it was told it by this run of the server, `epoch`: revisions of another run
   * may be of another store; and a host that does not say so enforces nothing yet. False for a host that no stream was ever opened for, or none
   * by this run of its agent.
   */
  reported(realm: string, report: Report, { now, epoch }: { readonly now: number; readonly epoch: string }): boolean {
    const key = keyOf(realm, report.host);
    const known = this.#states.get(key);
    if (known === undefined) return false;
    if (report.run !== undefined && known.lives.newest !== undefined && report.run !== known.lives.newest) return false;
    const { applied, problem, warnings, drift } = report;
    this.#states.set(key, {
      ...known,
      heardAt: now,
      enforced: applied?.epoch === epoch ? applied.revision : undefined,
      news: {
        ...(problem === undefined ? {} : { problem }),
        ...(warnings === undefined ? {} : { warnings }),
        ...(drift === undefined ? {} : { drift }),
      },
    });
    return true;
  }

  /** The hosts of a realm, by name. */
  list(realm: string, at: At): readonly HostDocument[] {
    return this.#ofRealm(realm).map((state) => documentOf(state, at));
  }

  /** The hosts that hold any of these interfaces; `isAtNat`: or that carry NAT gateways, as labs do. */
  holding(realm: string, { world, enis, isAtNat }: Filtered, at: At): readonly HostDocument[] {
    const wanted = enis.map((id) => ({ id, instance: getRecord(world, 'enis', id)?.attachment?.instanceId ?? '' }));
    const holdsAny = ({ mode, holds }: HostState): boolean =>
      (isAtNat && mode === 'lab') ||
      wanted.some(({ id, instance }) => holds.enis.has(id) || holds.instances.has(instance));
    return this.#ofRealm(realm)
      .filter(holdsAny)
      .map((state) => documentOf(state, at));
  }

  /** The realms that have hosts. */
  get realms(): ReadonlySet<string> {
    return new Set([...this.#states.values()].map(({ realm }) => realm));
  }

  #ofRealm(realm: string): readonly HostState[] {
    return [...this.#states.values()]
      .filter((state) => state.realm === realm)
      .toSorted((a, b) => (a.host < b.host ? -1 : 1));
  }

  /** The newest stand last. */
  #put(state: HostState): void {
    const key = keyOf(state.realm, state.host);
    this.#states.delete(key);
    if (this.#states.size >= MOST_HOSTS) this.#forgetOne();
    this.#states.set(key, state);
  }

  #forgetOne(): void {
    // Insertion order is the order of the newest streams: the first without one was gone longest.
    const gone = [...this.#states].find(([, state]) => state.stream === undefined) ?? [...this.#states][0];
    if (gone === undefined) return;
    this.#states.delete(gone[0]);
    this.#onForgotten(gone[1].realm, gone[1].host);
  }
}

/** Against what hosts are held: the time, and the newest revision. */
export type At = { readonly now: number; readonly revision: number };

function documentOf(state: HostState, at: At): HostDocument {
  const { host, mode, enforced, news, heardAt } = state;
  const problem = problemOf(state, at.now);
  return {
    host,
    mode,
    condition: conditionOf(state, at),
    ...(enforced === undefined ? {} : { enforcedRevision: enforced }),
    ...news,
    ...(problem === undefined ? {} : { problem }),
    heardAt: new Date(mode === 'lab' ? at.now : heardAt).toISOString(),
  };
}

function problemOf({ host, news, lives: { rivalAt } }: HostState, now: number): string | undefined {
  if (rivalAt === undefined || now - rivalAt > RIVAL_MS) return news.problem;
  const rival = `another agent acts as ${host} too, and is refused: end one of them, or let it in by a name of its own`;
  return news.problem === undefined ? rival : `${rival}; ${news.problem}`;
}

function livesWith(lives: Lives, run: string): Lives {
  if (lives.newest === run) return lives;
  const others = [...lives.before, ...(lives.newest === undefined ? [] : [lives.newest])].filter((one) => one !== run);
  // Whoever is let in has no rival that is heard.
  return { newest: run, before: others.slice(-MOST_LIVES) };
}

function conditionOf(state: HostState, { now, revision }: At): HostCondition {
  const { mode, stream, heardAt, enforced, news } = state;
  if (stream === undefined || (mode !== 'lab' && now - heardAt > SILENT_MS)) return 'gone';
  if (problemOf(state, now) !== undefined || news.drift?.isRepaired === false) return 'degraded';
  return enforced === undefined || enforced < revision ? 'behind' : 'enforcing';
}

function held({ enis, instances }: Holds): HostState['holds'] {
  return { enis: new Set(enis), instances: new Set(instances) };
}

function keyOf(realm: string, host: string): string {
  return `${realm}/${host}`;
}
