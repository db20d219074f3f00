import type { Command } from 'commander';
import type { HostsDocument } from '../../server/native/agent-api.ts';
import type { CommandSetup } from '../command.ts';
import { type Context, printJson, printSheet, refuse } from '../context.ts';
import { EXIT, type ExitStatus } from '../exit-status.ts';
import { readHosts } from '../hosts-source.ts';
import { line, padded, row, type Sheet, type Style } from '../terminal.ts';

type Host = HostsDocument['hosts'][number];

const STYLES: Readonly<Record<Host['condition'], Style>> = {
  enforcing: 'good',
  behind: 'doubt',
  degraded: 'bad',
  gone: 'bad',
  invited: 'doubt',
  removed: 'doubt',
};

/** `crenel status`. */
export function addStatus(program: Command, { context, finish }: CommandSetup): void {
  program
    .command('status')
    .summary('what each host of a server enforces')
    .description(
      'The hosts whose agents a server knows: which revision each enforces, and what is wrong with it. The exit status is 1 when a host is degraded or gone.',
    )
    .action(async () => {
      finish(await status(context()));
    });
}

async function status(context: Context): Promise<ExitStatus> {
  const { io, options } = context;
  if (options.endpoint === undefined) return refuse(context, EXIT.usage, 'no server: give --endpoint');
  const read = await readHosts(options.endpoint, io.env);
  if (!read.ok) return refuse(context, EXIT.io, read.error.message);
  if (options.json === true) printJson(context, read.value);
  else printSheet(context, hostsSheet(read.value));
  const isWell = read.value.hosts.every(({ condition }) => condition !== 'degraded' && condition !== 'gone');
  return isWell ? EXIT.allowed : EXIT.blocked;
}

/** The hosts as text, one line each, with what is wrong below it. */
export function hostsSheet({ revision, note, hosts }: HostsDocument): Sheet {
  const width = Math.max(4, ...hosts.map(({ host }) => host.length));
  return [
    line(`The server is at revision ${revision}.`),
    ...(note === undefined ? [] : [line({ text: note, style: 'doubt' })]),
    ...hosts.flatMap((host) => [
      row(
        2,
        [padded(host.host, width + 2)],
        [{ text: host.condition, style: STYLES[host.condition] }, ` ${heldBy(host)}`],
      ),
      ...(host.problem === undefined ? [] : [row(4, ['problem '], [host.problem])]),
      ...(host.drift === undefined || host.drift.objects === 0
        ? []
        : [
            row(
              4,
              ['drift   '],
              [`${host.drift.objects} objects differed${host.drift.isRepaired ? ', repaired' : ''}`],
            ),
          ]),
    ]),
  ];
}

function heldBy({ condition, enforcedRevision, mode, heardAt, enrolment }: Host): string {
  const held = enforcedRevision === undefined ? 'enforces nothing yet' : `enforces revision ${enforcedRevision}`;
  const heard = heardAt === undefined ? 'nothing heard of it yet' : `${held}, ${mode} mode, heard at ${heardAt}`;
  if (condition === 'invited') return `until ${enrolment?.invitedUntil ?? 'its token is over'}, did not come yet`;
  if (condition === 'removed') return `at ${enrolment?.removedAt}; what it heard last may still be in force there`;
  const { certificate } = enrolment ?? {};
  return certificate === undefined ? heard : `${heard}, certificate until ${certificate.validTo}`;
}
