import { setTimeout } from 'node:timers/promises';
import type { Command } from 'commander';
import { fail, ok, type Result } from '../../core/net/result.ts';
import type { HostsDocument } from '../../server/native/agent-api.ts';
import { runHere } from '../child-status.ts';
import type { CommandSetup } from '../command.ts';
import { clearProgress, type Context, printJson, printNotes, printSheet, progressOf, refuse } from '../context.ts';
import { EXIT, type ExitStatus } from '../exit-status.ts';
import { readHosts } from '../hosts-source.ts';
import { enforcedBy, type Lag, type Seen } from '../enforced-by.ts';
import type { LoadError } from '../io.ts';
import { namesText } from '../pair-text.ts';
import { serverOf } from '../server-option.ts';
import { line, row, type Sheet } from '../terminal.ts';

type WaitOptions = { readonly revision?: string; readonly timeout: string; readonly hosts: string };

/** What is waited for; `until` by the clock of `performance`. */
type Wanted = { readonly revision: number | undefined; readonly hosts: number; readonly until: number };

const ASK_AGAIN_MS = 100;

/** `crenel wait`. */
export function addWait(program: Command, { context, finish }: CommandSetup): void {
  program
    .command('wait [command...]')
    .summary('until every live host enforces a revision')
    .description(
      'Waits until every live host of a server enforces a revision: the newest when none is given, which holds every change that was answered before; or the one that an answer of the API names in its header x-crenel-revision. With a command behind --, runs that first, and waits if it succeeds: crenel wait -- aws ec2 authorize-security-group-ingress … The exit status is that of a command which fails; 1, with the hosts that lag and why, when waiting takes too long or too few hosts are live.',
    )
    .option('--revision <number>', 'the revision to wait for')
    .option('--timeout <seconds>', 'how long to wait', '60')
    .option('--hosts <number>', 'so many hosts at least must be live', '1')
    .action(async (command: readonly string[], options: WaitOptions) => {
      finish(await wait(context(), command, options));
    });
}

async function wait(context: Context, command: readonly string[], options: WaitOptions): Promise<ExitStatus> {
  const server = serverOf(context);
  if (!server.ok) return server.error;
  const numbers = numbersOf(options);
  if (!numbers.ok) return refuse(context, EXIT.usage, numbers.error);
  const { revision, hosts, seconds } = numbers.value;
  if (command.length > 0 && revision !== undefined)
    return refuse(context, EXIT.usage, '--revision and a command exclude each other: its own revision is waited for');
  // AWS's tools in it ask the same server, unless told otherwise.
  const status =
    command.length === 0
      ? EXIT.allowed
      : await runHere(context, command, { AWS_ENDPOINT_URL: server.value, ...context.io.env });
  if (status !== EXIT.allowed) return status;
  const until = performance.now() + seconds * 1000;
  const seen = await watch(server.value, context, { revision, hosts, until });
  clearProgress(context);
  if (!seen.ok) return refuse(context, EXIT.io, seen.error.message);
  return tell(context, seen.value, { hosts, seconds, isBeside: command.length > 0 });
}

type Numbers = { readonly revision: number | undefined; readonly hosts: number; readonly seconds: number };

function numbersOf({ revision, timeout, hosts }: WaitOptions): Result<Numbers> {
  const [wanted, seconds, count] = [revision, timeout, hosts].map((text) =>
    text === undefined ? undefined : /^\d{1,9}$/u.test(text) ? Number(text) : Number.NaN,
  );
  if (Number.isNaN(wanted)) return fail('--revision must be a whole number');
  if (seconds === undefined || Number.isNaN(seconds)) return fail('--timeout must be a whole number of seconds');
  if (count === undefined || Number.isNaN(count) || count === 0)
    return fail('--hosts must be a whole number from 1 on');
  return ok({ revision: wanted, hosts: count, seconds });
}

/** Asks until it is so or too late. A server that answered once may be away for a while. */
async function watch(server: string, context: Context, wanted: Wanted): Promise<Result<Seen, LoadError>> {
  let revision = wanted.revision;
  let newest: Seen | undefined;
  for (;;) {
    const read: Result<HostsDocument, LoadError> = await readHosts(server, context.io.env);
    const isLate = performance.now() >= wanted.until;
    if (!read.ok && (newest === undefined || isLate)) return read;
    if (read.ok) {
      revision ??= read.value.revision;
      newest = enforcedBy(read.value, { revision, hosts: wanted.hosts });
      if (newest.isEnforced || isLate) return ok(newest);
      progressOf(context)?.(progressText(newest));
    }
    await setTimeout(ASK_AGAIN_MS);
  }
}

function progressText({ revision, lagging, live }: Seen): string {
  const whom = lagging.length === 0 ? `hosts: ${live} live` : namesText(lagging.map(({ host }) => host));
  return `waiting for revision ${revision} on ${whom}`;
}

/** `isBeside`: standard output is a command's. */
function tell(
  context: Context,
  seen: Seen,
  of: { readonly hosts: number; readonly seconds: number; readonly isBeside: boolean },
): ExitStatus {
  const { isEnforced } = seen;
  const print = of.isBeside ? printNotes : printSheet;
  if (context.options.json === true && !of.isBeside) printJson(context, seen);
  else if (isEnforced) print(context, enforcedSheet(seen));
  else {
    refuse(context, EXIT.blocked, whyNot(seen, of));
    printNotes(context, [...seen.lagging.slice(0, MOST_NAMED).map(lagRow), ...goneRows(seen)]);
  }
  return isEnforced ? EXIT.allowed : EXIT.blocked;
}

const MOST_NAMED = 20;

function enforcedSheet(seen: Seen): Sheet {
  const { live, revision } = seen;
  return [line(`${live === 1 ? '1 host enforces' : `${live} hosts enforce`} revision ${revision}.`), ...goneRows(seen)];
}

function lagRow({ host, why }: Lag): Sheet[number] {
  return row(2, [`${host}: `], [why]);
}

function goneRows({ gone }: Seen): Sheet {
  if (gone.length === 0) return [];
  return [row(0, [], [`Not waited for, for ${gone.length === 1 ? 'it is' : 'they are'} gone: ${namesText(gone)}.`])];
}

function whyNot(
  { revision, serverRevision, live, lagging }: Seen,
  { hosts, seconds }: { readonly hosts: number; readonly seconds: number },
): string {
  const waited = seconds === 0 ? '' : ` after ${seconds} seconds`;
  if (revision > serverRevision) return `the server is at revision ${serverRevision}${waited}, before ${revision}`;
  if (live === 0 && lagging.length === 0) return `no host is live${waited}, so nothing enforces revision ${revision}`;
  if (lagging.length === 0) return `${live} of ${hosts} hosts are live${waited}; they enforce revision ${revision}`;
  return `revision ${revision} is not enforced${waited} by ${namesText(lagging.map(({ host }) => host))}`;
}
