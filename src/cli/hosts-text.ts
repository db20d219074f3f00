import type { HostsDocument } from '../server/native/agent-api.ts';
import { everCame } from '../server/native/host-list.ts';
import { ageText } from './hits-text.ts';
import { countText } from './pair-text.ts';
import { line, padded, row, type Sheet, type Style } from './terminal.ts';

type Host = HostsDocument['hosts'][number];

const STYLES: Readonly<Record<Host['condition'], Style>> = {
  enforcing: 'good',
  behind: 'doubt',
  degraded: 'bad',
  gone: 'bad',
  invited: 'doubt',
  removed: 'doubt',
};

const CONDITION_WIDTH = 11;

/** The hosts as text, one line each, with what is wrong below it. */
export function hostsSheet(document: HostsDocument): Sheet {
  const { revision, note, hosts } = document;
  const width = Math.min(32, Math.max(4, ...hosts.map(({ host }) => host.length))) + 2;
  return [
    line(`The server is at revision ${revision}.`),
    ...(note === undefined ? [] : [line({ text: note, style: 'doubt' })]),
    ...hosts.flatMap((host) => [
      row(
        2,
        [padded(host.host, width), padded({ text: host.condition, style: STYLES[host.condition] }, CONDITION_WIDTH)],
        [heldBy(host, document)],
      ),
      // What a host said before it was removed is nobody's concern any more.
      ...(host.condition === 'removed' ? [] : below(host)),
    ]),
  ];
}

function below({ problem, warnings = [], drift }: Host): Sheet {
  return [
    ...(problem === undefined ? [] : [row(4, ['problem  '], [problem])]),
    ...warnings.map((warning) => row(4, ['warning  '], [warning])),
    ...(drift === undefined || drift.objects === 0
      ? []
      : [
          row(
            4,
            ['drift    '],
            [`${countText(drift.objects, 'object')} differed${drift.isRepaired ? ', repaired' : ''}`],
          ),
        ]),
  ];
}

function heldBy(host: Host, { at, revision }: HostsDocument): string {
  const { condition, enforcedRevision, mode, heardAt, enrolment } = host;
  if (condition === 'invited') return `until ${enrolment?.invitedUntil ?? 'its token is over'}, did not come yet`;
  if (condition === 'removed')
    return everCame(host)
      ? `at ${enrolment?.removedAt}; what it heard last may still be in force there`
      : `at ${enrolment?.removedAt}, before it came in`;
  const certificate =
    enrolment?.certificate === undefined ? [] : [`certificate until ${enrolment.certificate.validTo}`];
  if (heardAt === undefined) return ['not heard of since the server began', ...certificate].join(', ');
  const heard = `${ageText(heardAt, at)} ago`;
  if (condition === 'gone') return [goneText(enforcedRevision, heard), ...certificate].join(', ');
  const parts = [heldText(enforcedRevision, revision), `${mode} mode`, ...(mode === 'lab' ? [] : [`heard ${heard}`])];
  return [...parts, ...certificate].join(', ');
}

/** What was in force then still is, unless the machine began anew. */
function goneText(enforced: number | undefined, heard: string): string {
  return enforced === undefined
    ? `enforced nothing when last heard of, ${heard}`
    : `enforced revision ${enforced} when last heard of, ${heard}`;
}

function heldText(enforced: number | undefined, newest: number): string {
  if (enforced === undefined) return 'enforces nothing yet';
  return enforced < newest
    ? `enforces revision ${enforced}, ${newest - enforced} behind`
    : `enforces revision ${enforced}`;
}
