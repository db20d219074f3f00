import type { Direction } from '../core/model/security-group.ts';
import type { MemberReport, PeerReport, RuleReport } from '../analysis/rule-report.ts';
import type { AclReport, EntryReport, RouteTableReport } from '../analysis/subnet-report.ts';
import type { HitsDocument } from '../server/native/hits.ts';
import { hitsRow } from './hits-text.ts';
import { countText } from './pair-text.ts';
import { indented, line, type Line, padded, row, type Sheet, type Span } from './terminal.ts';

const MAX_EXPANDED = 10;
const TRAFFIC_WIDTH = 15;

/** A heading with how many things stand below it. */
export function heading(title: string, count?: string): Line {
  return line({ text: title, style: 'strong' }, ...(count === undefined ? [] : [`  ${count}`]));
}

/** Rules of one direction, each with what its peer stands for; `suffix` goes on, `below` stands under it. */
export function ruleLines<R extends RuleReport>(
  rules: readonly R[],
  {
    suffix = () => '',
    below = () => [],
  }: { readonly suffix?: (rule: R) => string; readonly below?: (rule: R) => Sheet },
): Sheet {
  if (rules.length === 0) return [indented(2, { text: 'none: nothing is admitted', style: 'faint' })];
  const idWidth = Math.min(24, Math.max(...rules.map((rule) => rule.id.length)) + 2);
  return rules.flatMap((rule) => {
    const word = rule.direction === 'ingress' ? 'from' : 'to';
    const note = rule.description === null || rule.description === '' ? '' : `, "${rule.description}"`;
    return [
      row(
        2,
        [
          // Ids of plans and templates are as long as what they say.
          padded({ text: rule.id, style: 'faint' }, Math.max(idWidth, rule.id.length + 2)),
          padded(rule.traffic, Math.max(TRAFFIC_WIDTH, rule.traffic.length + 2)),
        ],
        [`${word} ${peerName(rule.peer)}${note}${suffix(rule)}`],
      ),
      ...doubtLines(rule.doubt, 6),
      ...expansion(rule.peer).map((one) => ({ ...one, indent: 6, lead: [{ text: '= ', style: 'faint' } as const] })),
      ...below(rule),
    ];
  });
}

/** One interface: name or id first, then its addresses. */
export function memberText(member: MemberReport): string {
  const name = member.name ?? member.instance ?? member.eni;
  const ids = [member.instance, member.eni].filter((id) => id !== null && id !== name).join(' ');
  const what = member.name === null && member.description !== '' ? `, "${member.description}"` : '';
  const addresses = [...member.addresses, ...member.publicAddresses.map((address) => `public ${address}`)];
  return `${name}${ids === '' ? '' : ` (${ids})`}${what}  ${addresses.join(' ')}`;
}

/** Interfaces one below the other. */
export function memberLines(members: readonly MemberReport[]): Sheet {
  return limited(
    members.map((member) => row(2, [], [memberText(member)])),
    'interface',
  );
}

/** The entries of a NACL in the order in which they are tried; `hits` stand under each. */
export function aclLines(acl: AclReport, hits?: HitsDocument): Sheet {
  if (!acl.isKnown)
    return [indented(2, { text: `${acl.id ?? 'the network ACL'} is not in this world`, style: 'doubt' })];
  return [
    indented(2, 'ingress'),
    ...entryLines(acl.ingress, 'ingress', hits),
    indented(2, 'egress'),
    ...entryLines(acl.egress, 'egress', hits),
  ];
}

/** The entries of a NACL in one direction, and the deny that stands behind them. */
export function entryLines(entries: readonly EntryReport[], direction: Direction, hits?: HitsDocument): Sheet {
  const word = direction === 'ingress' ? 'from' : 'to';
  return [
    ...entries.flatMap((entry) => [
      entryLine(entry, word),
      ...doubtLines(entry.doubt, HITS_INDENT),
      ...hitsRow(hits, `${direction}/${entry.number}`, HITS_INDENT),
    ]),
    finalDeny(),
    ...hitsRow(hits, `${direction}/*`, HITS_INDENT),
  ];
}

/** Behind number and action of an entry. */
const HITS_INDENT = 18;

/** The routes of a table. */
export function routeLines(table: RouteTableReport): Sheet {
  if (!table.isKnown)
    return [indented(2, { text: `${table.id ?? 'the route table'} is not in this world`, style: 'doubt' })];
  const width = Math.max(...table.routes.map((route) => route.destination.length), 0) + 2;
  return table.routes.flatMap((route) => {
    const state: readonly Span[] = route.state === 'active' ? [] : ['  ', { text: route.state, style: 'bad' }];
    const origin = route.origin === 'propagated' ? '  propagated' : '';
    return [
      row(2, [padded(route.destination, width)], [`→ ${route.target}${origin}`, ...state]),
      ...doubtLines(route.doubt, 6),
    ];
  });
}

function entryLine(entry: EntryReport, word: string): Line {
  const shadow: readonly Span[] =
    entry.shadowedBy.length === 0
      ? []
      : [{ text: `  never decides: ${entry.shadowedBy.join(', ')} before it`, style: 'doubt' }];
  return row(
    4,
    [padded(String(entry.number), 7), padded(entry.action, 7)],
    [`${entry.traffic} ${word} ${entry.cidr}`, ...shadow],
  );
}

/** Why it is not known whether a rule or an entry is there, or is so. */
function doubtLines(doubt: string | null, indent: number): Sheet {
  return doubt === null
    ? []
    : [indented(indent, { text: `perhaps: depends on ${doubt}, which is not known`, style: 'doubt' })];
}

function finalDeny(): Line {
  return row(4, [padded('*', 7), padded('deny', 7)], ['everything else']);
}

function peerName(peer: PeerReport): string {
  if (peer.kind === 'cidr') return peer.cidr;
  return peer.name === null || peer.name === peer.id ? peer.id : `${peer.name} (${peer.id})`;
}

function expansion(peer: PeerReport): Sheet {
  if (peer.kind === 'cidr') return [];
  if (!peer.isKnown) return [line({ text: 'not in this world: what it holds is not known', style: 'doubt' })];
  if (peer.kind === 'prefix-list')
    return limited(
      peer.entries.map((entry) => line(`${entry.cidr}${entry.description === null ? '' : `  ${entry.description}`}`)),
      'entry',
    );
  if (peer.members.length === 0) return [line({ text: 'no interface carries it', style: 'faint' })];
  return limited(
    peer.members.map((member) => line(`${member.name ?? member.eni}  ${member.addresses.join(' ')}`)),
    'interface',
  );
}

function limited(lines: readonly Line[], what: string): Sheet {
  if (lines.length <= MAX_EXPANDED) return lines;
  const rest = lines.length - MAX_EXPANDED;
  const more = what === 'entry' ? `and ${rest} more entries` : `and ${countText(rest, `more ${what}`)}`;
  return [...lines.slice(0, MAX_EXPANDED), { ...line({ text: more, style: 'faint' }), indent: lines[0]?.indent ?? 0 }];
}
