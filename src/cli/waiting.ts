import { setTimeout } from 'node:timers/promises';
import { Option } from 'commander';
import { fail, ok, type Result } from '../core/net/result.ts';
import type { HostsDocument } from '../server/native/agent-api.ts';
import { clearProgress, type Context, printNotes, progressOf, refuse } from './context.ts';
import { enforcedBy, type Lag, type Seen } from './enforced-by.ts';
import { EXIT, type ExitStatus } from './exit-status.ts';
import { readHosts } from './hosts-source.ts';
import type { LoadError } from './io.ts';
import { namesText } from './pair-text.ts';
import { line, row, type Sheet } from './terminal.ts';

/** How long to wait and for how many hosts, as commander reads it. */
export type LimitOptions = { readonly timeout: string; readonly hosts?: string };

/**
 * How long to wait, and how many hosts at least must be live; those are waited for. Without a number it is whoever is live, and there is nothing to
 * wait for where nobody is.
 */
export type Limits = { readonly seconds: number; readonly hosts: number | undefined };

const ASK_AGAIN_MS = 100;
const MOST_NAMED = 20;

/** `--timeout` and `--hosts`; `before` stands before what they say. */
export function limitOptions(before = ''): readonly [timeout: Option, hosts: Option] {
  return [
    new Option('--timeout <seconds>', `${before}how long to wait`).default('60'),
    new Option('--hosts <number>', `${before}wait until so many hosts at least are live`),
  ];
}

/** The limits in numbers. */
export function limitsOf({ timeout, hosts }: LimitOptions): Result<Limits> {
  const [seconds, count] = [wholeNumber(timeout), hosts === undefined ? undefined : wholeNumber(hosts)];
  if (seconds === undefined) return fail('--timeout must be a whole number of seconds');
  if (hosts !== undefined && (count === undefined || count === 0))
    return fail('--hosts must be a whole number from 1 on');
  return ok({ seconds, hosts: count });
}

/** A number of at most nine digits; undefined when a text is none. */
export function wholeNumber(text: string): number | undefined {
  return /^\d{1,9}$/u.test(text) ? Number(text) : undefined;
}

/**
 * Asks a server until every live host enforces a revision, the newest when none is given, or it is too late, or nobody is there to wait for. A server
 * that answered once may be away for a while. What cannot be asked is said.
 */
export async function watchHosts(
  context: Context,
  server: string,
  { revision: wanted, hosts, seconds }: Limits & { readonly revision: number | undefined },
): Promise<Result<Seen, ExitStatus>> {
  const until = performance.now() + seconds * 1000;
  let revision = wanted;
  let newest: Seen | undefined;
  for (;;) {
    const read: Result<HostsDocument, LoadError> = await readHosts(server, context.io.env);
    const isLate = performance.now() >= until;
    if (!read.ok && (newest === undefined || isLate)) {
      clearProgress(context);
      return fail(refuse(context, EXIT.io, read.error.message));
    }
    if (read.ok) {
      revision ??= read.value.revision;
      newest = enforcedBy(read.value, { revision, hosts: hosts ?? 1 });
      if (newest.isEnforced || isLate || (hosts === undefined && isAlone(newest))) {
        clearProgress(context);
        return ok(newest);
      }
      progressOf(context)?.(progressText(newest));
    }
    await setTimeout(ASK_AGAIN_MS);
  }
}

/** No host is live, and none is known that may come back by itself. */
function isAlone({ live, lagging }: Seen): boolean {
  return live === 0 && lagging.length === 0;
}

function progressText({ revision, lagging, live }: Seen): string {
  const whom = lagging.length === 0 ? `hosts: ${live} live` : namesText(lagging.map(({ host }) => host));
  return `waiting for revision ${revision} on ${whom}`;
}

/** That a revision is in force. */
export function enforcedSheet(seen: Seen): Sheet {
  const { live, revision } = seen;
  return [line(`${live === 1 ? '1 host enforces' : `${live} hosts enforce`} revision ${revision}.`), ...goneRows(seen)];
}

/** Says on stderr why a revision is not in force, with each host that lags; returns the status. */
export function refuseLag(
  context: Context,
  status: ExitStatus,
  { seen, limits }: { readonly seen: Seen; readonly limits: Limits },
): ExitStatus {
  refuse(context, status, whyNot(seen, limits));
  printNotes(context, [...seen.lagging.slice(0, MOST_NAMED).map(lagRow), ...goneRows(seen)]);
  return status;
}

function lagRow({ host, why }: Lag): Sheet[number] {
  return row(2, [`${host}: `], [why]);
}

function goneRows({ gone }: Seen): Sheet {
  if (gone.length === 0) return [];
  return [row(0, [], [`Not waited for, for ${gone.length === 1 ? 'it is' : 'they are'} gone: ${namesText(gone)}.`])];
}

function whyNot(seen: Seen, { hosts, seconds }: Limits): string {
  const { revision, serverRevision, live, lagging } = seen;
  if (hosts === undefined && isAlone(seen))
    return `no host is live, so nothing enforces revision ${revision}; --hosts 1 waits for one`;
  const waited = seconds === 0 ? '' : ` after ${seconds} seconds`;
  if (revision > serverRevision) return `the server is at revision ${serverRevision}${waited}, before ${revision}`;
  if (isAlone(seen)) return `no host is live${waited}, so nothing enforces revision ${revision}`;
  if (lagging.length === 0)
    return `${live} of ${hosts ?? 1} hosts are live${waited}; they enforce revision ${revision}`;
  return `revision ${revision} is not enforced${waited} by ${namesText(lagging.map(({ host }) => host))}`;
}
