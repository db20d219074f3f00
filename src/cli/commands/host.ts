import type { Command } from 'commander';
import { endpointOf } from '../../agent/server-link.ts';
import { fail, ok, type Result } from '../../core/net/result.ts';
import { isDeviceName } from '../../nft/wiring.ts';
import { decodeInvitation, decodeRemoved, type InviteAnswer, TOKEN_SECONDS } from '../../server/enrolment/messages.ts';
import { isLoopback } from '../../server/http/may-listen.ts';
import { isHostName } from '../../server/sync/codec.ts';
import { TOKEN_VARIABLE } from '../agent-link.ts';
import { readAttached } from '../attached.ts';
import type { CommandSetup } from '../command.ts';
import { type Context, printJson, printSheet, refuse } from '../context.ts';
import { serverOf } from '../server-option.ts';
import { EXIT, type ExitStatus } from '../exit-status.ts';
import { changeHosts } from '../hosts-source.ts';
import type { LoadError } from '../io.ts';
import { BLANK, indented, line, type Sheet } from '../terminal.ts';

/** What a host may hold, as commander reads it. */
type HeldOptions = { readonly attach?: readonly string[]; readonly instance?: string };
type AddOptions = HeldOptions & { readonly device?: string; readonly expires: string; readonly via?: string };

/** What the server is told that a host holds, and how its agent is told the same. */
type Held = {
  readonly holds: { readonly enis: readonly string[]; readonly instances: readonly string[] };
  readonly words: readonly (readonly string[])[];
};

const ATTACH = [
  '--attach <eni=device/mac...>',
  'interfaces that it may hold, or @file with one on each line; what follows = is for the command, and may be absent',
] as const;
const INSTANCE = ['--instance <id>', 'the instance that it is'] as const;

/** `crenel host add|allow|remove`: which machines may speak for a host. */
export function addHost(program: Command, { context, finish }: CommandSetup): void {
  const host = program
    .command('host')
    .summary('lets hosts in by one-time tokens, and keeps them out')
    .description(
      'Which machines a server believes to be its hosts, and what they may hold. `crenel status` lists them.',
    );
  host
    .command('add <name>')
    .summary('makes a token for one host and prints the command to run there')
    .description(
      'Makes a token that works once, for this host alone, and prints the command to run there. The agent gets a certificate for it, and renews that by itself. A host that was let in before may be let in again.',
    )
    .option(...ATTACH)
    .option(...INSTANCE)
    .option('--device <device>', 'with --instance: its primary interface, for the command')
    .option('--expires <time>', 'how long the token is good: 30m, 1h, 2d', '1h')
    .option('--via <url>', 'how the host reaches the server, if not by --endpoint')
    .action(async (name: string, options: AddOptions) => {
      finish(await add(context(), name, options));
    });
  host
    .command('allow <name>')
    .summary('says what a host may hold from now on, instead of what it could')
    .option(...ATTACH)
    .option(...INSTANCE)
    .action(async (name: string, options: HeldOptions) => {
      finish(await allow(context(), name, options));
    });
  host
    .command('remove <name>')
    .summary('believes a host no more; the rules that it has stay there')
    .action(async (name: string) => {
      finish(await remove(context(), name));
    });
}

async function add(context: Context, host: string, options: AddOptions): Promise<ExitStatus> {
  const seconds = secondsOf(options.expires);
  if (!seconds.ok) return refuse(context, EXIT.usage, seconds.error);
  const held = await heldOf(context, options);
  if (!held.ok) return refuse(context, EXIT.usage, held.error);
  const server = serverOf(context);
  if (!server.ok) return server.error;
  const via = endpointOf(options.via ?? server.value);
  if (!via.ok) return refuse(context, EXIT.usage, via.error);
  const message = { host, holds: held.value.holds, expiresSeconds: seconds.value };
  const answer = await ask(context, host, { act: 'add', message });
  if (!answer.ok) return answer.error;
  const invitation = decodeInvitation(answer.value);
  if (!invitation.ok) return refuse(context, EXIT.io, `the server answers what is no invitation: ${invitation.error}`);
  const url = via.value;
  const words = [['--endpoint', url.origin], ...held.value.words];
  if (context.options.json === true)
    printJson(context, {
      ...invitation.value,
      command: ['crenel', 'agent', ...words.flat(), '--enrol', invitation.value.token],
    });
  else printSheet(context, invitationSheet(invitation.value, url, words));
  return EXIT.allowed;
}

async function allow(context: Context, host: string, options: HeldOptions): Promise<ExitStatus> {
  const held = await heldOf(context, options);
  if (!held.ok) return refuse(context, EXIT.usage, held.error);
  const { holds } = held.value;
  const answer = await ask(context, host, { act: 'allow', message: { host, holds } });
  if (!answer.ok) return answer.error;
  if (context.options.json === true) printJson(context, { host, holds });
  else printSheet(context, [line(`${host} may hold ${[...holds.enis, ...holds.instances].join(', ')} from now on.`)]);
  return EXIT.allowed;
}

async function remove(context: Context, host: string): Promise<ExitStatus> {
  const answer = await ask(context, host, { act: 'remove', message: { host } });
  if (!answer.ok) return answer.error;
  const told = decodeRemoved(answer.value);
  if (!told.ok) return refuse(context, EXIT.io, `the server answers what is no word of a removed host: ${told.error}`);
  const { cameIn } = told.value;
  if (context.options.json === true) printJson(context, { host, isRemoved: true, cameIn });
  else if (!cameIn) printSheet(context, [line(`${host} was invited and did not come in: its token is void.`)]);
  else
    printSheet(context, [
      line(`${host} is believed no more. The rules that it has stay in force there until somebody takes them away:`),
      indented(2, 'nft delete table inet crenel'),
      indented(2, 'nft delete table arp crenel   # there with --attach alone'),
    ]);
  return EXIT.allowed;
}

/** `malformed`: `--endpoint` is no URL; `absent`: the server knows no such host. */
const CHANGE_STATUS: Readonly<Record<LoadError['kind'], ExitStatus>> = {
  absent: EXIT.noInput,
  malformed: EXIT.usage,
  io: EXIT.io,
};

/** Asks the server, when the name can be one; the error is the status, after it was said why. */
async function ask(
  context: Context,
  host: string,
  change: Parameters<typeof changeHosts>[2],
): Promise<Result<string, ExitStatus>> {
  const server = serverOf(context);
  if (!server.ok) return server;
  if (!isHostName(host))
    return fail(refuse(context, EXIT.usage, 'the name of a host has 1 to 63 letters, digits, dots and hyphens'));
  const answer = await changeHosts(server.value, context.io.env, change);
  return answer.ok ? answer : fail(refuse(context, CHANGE_STATUS[answer.error.kind], answer.error.message));
}

/** A command to copy: its lines are short enough not to be broken, and the token, which is not, ends it. */
function invitationSheet(
  { host, token, expiresAt, isPinned }: InviteAnswer,
  url: URL,
  words: readonly (readonly string[])[],
): Sheet {
  const isHere = isLoopback(url.hostname.replaceAll(/^\[|\]$/g, ''));
  return [
    line(`${host} may come in once, until ${expiresAt}. Run there, as root:`),
    BLANK,
    indented(2, 'crenel agent \\'),
    ...words.map((pair) => indented(4, `${pair.join(' ')} \\`)),
    indented(4, `--enrol=${token}`),
    BLANK,
    line(
      `Until then the token is a secret. To keep it from the other users of that machine, put it into a file and give --enrol <file>, or into ${TOKEN_VARIABLE}.`,
    ),
    ...(isHere ? [line(`${url.origin} is this machine alone: --via says how ${host} reaches the server.`)] : []),
    ...(isPinned
      ? []
      : [
          line('The token does not say which server to believe: the host must know its certificate, or be given --ca.'),
        ]),
  ];
}

/** The interfaces or the instance of a host; what the operator does not know stands as a word to replace. */
async function heldOf(
  { io }: Context,
  { attach = [], instance, device }: HeldOptions & { readonly device?: string },
): Promise<Result<Held>> {
  if (attach.length > 0 && instance !== undefined) return fail('--attach and --instance exclude each other');
  if (instance !== undefined)
    return /^i-[0-9a-z]+$/.test(instance) && (device === undefined || isDeviceName(device))
      ? ok({
          holds: { enis: [], instances: [instance] },
          words: [
            ['--instance', instance],
            ['--device', device ?? 'DEVICE'],
          ],
        })
      : fail('--instance wants the id of an instance, and --device the name of a device');
  const attached = await readAttached(io, attach);
  if (!attached.ok) return attached;
  const strange = attached.value.find(({ id }) => !/^eni-[0-9a-z]+$/.test(id));
  if (strange !== undefined)
    return fail(`--attach ${strange.id} is not as eni-0a1b or eni-0a1b=tap0/02:00:00:00:00:01`);
  return attached.value.length === 0
    ? fail('say what the host may hold: --attach eni-… or --instance i-…')
    : ok({
        holds: { enis: attached.value.map(({ id }) => id), instances: [] },
        words: attach.map((text) => ['--attach', /[=@]/u.test(text) ? text : `${text}=DEVICE/MAC-OF-THE-GUEST`]),
      });
}

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

function secondsOf(text: string): Result<number> {
  const [, digits = '', unit = ''] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  const seconds = Number(digits) * (UNITS[unit] ?? 0);
  return seconds >= TOKEN_SECONDS.least && seconds <= TOKEN_SECONDS.most
    ? ok(seconds)
    : fail('--expires wants a time from 1m to 7d, as 30m, 1h or 2d');
}
