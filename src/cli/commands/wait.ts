import { setTimeout } from 'node:timers/promises';
import type { Command } from 'commander';
import { ok, type Result } from '../../core/net/result.ts';
import type { HostsDocument } from '../../server/native/agent-api.ts';
import type { CommandSetup } from '../command.ts';
import { type Context, printJson, printSheet, refuse } from '../context.ts';
import { EXIT, type ExitStatus } from '../exit-status.ts';
import { readHosts } from '../hosts-source.ts';
import type { LoadError } from '../io.ts';
import { line } from '../terminal.ts';

type WaitOptions = { readonly revision?: string; readonly timeout: string };

/** What was seen last: whether every live host is there, and which are not. */
type Seen = {
  readonly revision: number;
  readonly live: number;
  readonly lagging: readonly string[];
  readonly gone: readonly string[];
};

const ASK_AGAIN_MS = 100;

/** `crenel wait`. */
export function addWait(program: Command, { context, finish }: CommandSetup): void {
  program
    .command('wait')
    .summary('until every live host enforces a revision')
    .description(
      'Waits until every live host of a server enforces a revision: the newest when none is given, or the one that an answer of the API names in its header x-crenel-revision. The exit status is 1, and the hosts that lag are named, when that takes too long or no host is live.',
    )
    .option('--revision <number>', 'the revision to wait for')
    .option('--timeout <seconds>', 'how long to wait', '60')
    .action(async (options: WaitOptions) => {
      finish(await wait(context(), options));
    });
}

async function wait(context: Context, options: WaitOptions): Promise<ExitStatus> {
  const { endpoint, json } = context.options;
  if (endpoint === undefined) return refuse(context, EXIT.usage, 'no server: give --endpoint');
  const [revision, seconds] = [options.revision, options.timeout].map((text) =>
    text === undefined ? undefined : /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN,
  );
  if (Number.isNaN(revision)) return refuse(context, EXIT.usage, '--revision must be a whole number');
  if (seconds === undefined || Number.isNaN(seconds))
    return refuse(context, EXIT.usage, '--timeout must be a whole number of seconds');
  const seen = await watch(endpoint, context, { revision, until: performance.now() + seconds * 1000 });
  if (!seen.ok) return refuse(context, EXIT.io, seen.error.message);
  const isThere = isReached(seen.value);
  if (json === true) printJson(context, { isEnforced: isThere, ...seen.value });
  else if (isThere) {
    const hosts = seen.value.live === 1 ? '1 host enforces' : `${seen.value.live} hosts enforce`;
    printSheet(context, [line(`${hosts} revision ${seen.value.revision}.`)]);
  }
  if (isThere) return EXIT.allowed;
  return json === true ? EXIT.blocked : refuse(context, EXIT.blocked, whyNot(seen.value));
}

async function watch(
  endpoint: string,
  { io }: Context,
  { revision, until }: { readonly revision: number | undefined; readonly until: number },
): Promise<Result<Seen, LoadError>> {
  let wanted = revision;
  for (;;) {
    const read = await readHosts(endpoint, io.env);
    if (!read.ok) return read;
    wanted ??= read.value.revision;
    const seen = seenOf(read.value, wanted);
    if (isReached(seen) || performance.now() >= until) return ok(seen);
    await setTimeout(ASK_AGAIN_MS);
  }
}

function seenOf({ hosts }: HostsDocument, revision: number): Seen {
  const live = hosts.filter(({ condition }) => ['enforcing', 'behind', 'degraded'].includes(condition));
  return {
    revision,
    live: live.length,
    lagging: live.filter(({ enforcedRevision = -1 }) => enforcedRevision < revision).map(({ host }) => host),
    gone: hosts.filter(({ condition }) => condition === 'gone').map(({ host }) => host),
  };
}

/** No host at all is not every host: whoever waits wants to know that something is enforced. */
function isReached({ live, lagging }: Seen): boolean {
  return live > 0 && lagging.length === 0;
}

function whyNot({ revision, live, lagging, gone }: Seen): string {
  const silent = gone.length === 0 ? '' : `; gone: ${gone.join(', ')}`;
  return live === 0
    ? `no host is live, so nothing enforces revision ${revision}${silent}`
    : `revision ${revision} is not enforced yet by ${lagging.join(', ')}${silent}`;
}
