import { FAMILIES } from '../core/net/address.ts';
import type { Direction } from '../core/model/security-group.ts';
import type { EffectiveRule, EniReport } from '../analysis/eni-report.ts';
import type { NetworkAclReport } from '../analysis/acl-report.ts';
import type { GroupReport } from '../analysis/group-report.ts';
import type { RuleReport, UntrackedReport } from '../analysis/rule-report.ts';
import type { SubnetReport } from '../analysis/subnet-report.ts';
import { familyName } from '../analysis/question.ts';
import type { HitsDocument } from '../server/native/hits.ts';
import { hitsHead, hitsRow } from './hits-text.ts';
import { countText } from './pair-text.ts';
import { aclLines, entryLines, heading, memberLines, routeLines, ruleLines } from './rule-text.ts';
import { indented, line, padded, row, type Sheet } from './terminal.ts';
import { stacked } from './trace-text.ts';

type Named = { readonly id: string; readonly name: string | null };

/** `crenel show group`. */
export function groupSheet(report: GroupReport, hits?: HitsDocument): Sheet {
  const { interfaces, referencedBy } = report;
  const below = (rule: RuleReport): Sheet => hitsRow(hits, rule.id, 6);
  return stacked(
    [
      line({ text: `Group ${named(report)}`, style: 'strong' }, `  in ${named(report.vpc)}`),
      ...(report.description === '' ? [] : [line(report.description)]),
      ...report.associatedVpcs.map((vpc) => line(`Also usable in ${vpc.id} (${vpc.state})`)),
      ...(hits === undefined ? [] : hitsHead(hits, true)),
    ],
    [heading('Ingress', countText(report.ingress.length, 'rule')), ...ruleLines(report.ingress, { below })],
    [heading('Egress', countText(report.egress.length, 'rule')), ...ruleLines(report.egress, { below })],
    [
      heading('Named by', countText(referencedBy.length, 'rule')),
      ...(referencedBy.length === 0
        ? [indented(2, { text: 'no rule of any group', style: 'faint' })]
        : referencedBy.map((reference) =>
            row(
              2,
              [padded({ text: reference.rule, style: 'faint' }, Math.max(24, reference.rule.length + 2))],
              [
                `${reference.direction} ${reference.traffic} of ${named({ id: reference.group, name: reference.name })}`,
              ],
            ),
          )),
    ],
    [
      heading('Carried by', countText(interfaces.length, 'interface')),
      ...(interfaces.length === 0
        ? [indented(2, { text: 'no interface: its rules filter nothing', style: 'faint' })]
        : memberLines(interfaces)),
    ],
    [
      heading('Quota', 'rules as AWS counts them, of the default'),
      ...gauges('ingress', report.quota.ingress, report.quota.limit),
      ...gauges('egress', report.quota.egress, report.quota.limit),
    ],
  );
}

const GAUGE_WIDTH = 20;

/** How full a direction is, family by family; a family without rules is left out. */
function gauges(direction: Direction, weights: GroupReport['quota']['ingress'], limit: number): Sheet {
  const lines = FAMILIES.filter((family) => weights[family] > 0).map((family) => {
    const used = weights[family];
    const full = Math.min(GAUGE_WIDTH, Math.ceil((used / limit) * GAUGE_WIDTH));
    const bar = `[${'#'.repeat(full)}${'.'.repeat(GAUGE_WIDTH - full)}]`;
    const count = `${used} of ${limit}${weights.unknown.length > 0 ? ' at least' : ''}`;
    return row(2, [padded(direction, 9), padded(familyName(family), 6), bar], [` ${count}`]);
  });
  const unknown =
    weights.unknown.length === 0
      ? []
      : [row(2, [padded(direction, 9)], [`not counted: ${weights.unknown.join(', ')}`])];
  return [...lines, ...unknown];
}

/** `crenel show eni`. */
export function eniSheet(report: EniReport): Sheet {
  const { acl, routeTable } = report;
  const owners = new Map(report.groups.map((group) => [group.id, group.name ?? group.id]));
  const suffix = (rule: EffectiveRule): string =>
    report.groups.length < 2 ? '' : `  [${rule.groups.map((id) => owners.get(id) ?? id).join(', ')}]`;
  return stacked(
    eniHead(report),
    [heading('Ingress', countText(report.ingress.length, 'rule')), ...ruleLines(report.ingress, { suffix })],
    [heading('Egress', countText(report.egress.length, 'rule')), ...ruleLines(report.egress, { suffix })],
    [heading('Connection tracking'), ...trackingLines(report.untracked)],
    acl === null ? [] : [heading(`NACL ${named({ id: acl.id ?? 'unknown', name: acl.name })}`), ...aclLines(acl)],
    routeTable === null ? [] : [tableHeading(routeTable), ...routeLines(routeTable)],
  );
}

/** `crenel show subnet`. */
export function subnetSheet(report: SubnetReport, hits?: HitsDocument): Sheet {
  const { acl, routeTable, interfaces } = report;
  return stacked(
    [
      line({ text: `Subnet ${named(report)}`, style: 'strong' }, `  in ${named(report.vpc)}`),
      line([report.cidrs.join(' '), ...(report.zone === null ? [] : [report.zone])].join(', ')),
    ],
    [
      heading(`NACL ${named({ id: acl.id ?? 'unknown', name: acl.name })}`, 'first match decides, also on replies'),
      ...(hits === undefined ? [] : hitsHead(hits, false).map((one) => ({ ...one, indent: 2 }))),
      ...aclLines(acl, hits),
    ],
    [tableHeading(routeTable), ...routeLines(routeTable)],
    [
      heading('Interfaces', String(interfaces.length)),
      ...(interfaces.length === 0 ? [indented(2, { text: 'none', style: 'faint' })] : memberLines(interfaces)),
    ],
  );
}

/** `crenel show acl`. */
export function aclSheet(report: NetworkAclReport, hits?: HitsDocument): Sheet {
  const { subnets } = report;
  return stacked(
    [
      line(
        { text: `NACL ${named(report)}`, style: 'strong' },
        `  in ${named(report.vpc)}${report.isDefault ? ', its default' : ''}`,
      ),
      line('The first match decides, on every packet that crosses the border of a subnet, also on replies.'),
      ...(hits === undefined ? [] : hitsHead(hits, false)),
    ],
    [heading('Ingress', entriesText(report.ingress.length)), ...entryLines(report.ingress, 'ingress', hits)],
    [heading('Egress', entriesText(report.egress.length)), ...entryLines(report.egress, 'egress', hits)],
    [
      heading('Filters', countText(subnets.length, 'subnet')),
      ...(subnets.length === 0
        ? [indented(2, { text: 'no subnet: its entries filter nothing', style: 'faint' })]
        : subnets.map((subnet) => row(2, [], [`${named(subnet)}  ${subnet.cidrs.join(' ')}`]))),
    ],
  );
}

function entriesText(count: number): string {
  return count === 1 ? '1 entry' : `${count} entries`;
}

function eniHead(report: EniReport): Sheet {
  const addresses = report.addresses.map((own) =>
    own.publicAddress === null ? own.address : `${own.address} (public ${own.publicAddress})`,
  );
  const missing = report.subnet.isKnown ? '' : ', not in this world';
  return [
    line(
      { text: `Interface ${named(report)}`, style: 'strong' },
      report.instance === null ? '' : `  of ${report.instance}`,
    ),
    ...(report.description === '' ? [] : [line(report.description)]),
    ...fact('addresses', addresses.join(', ')),
    ...(report.prefixes.length === 0 ? [] : fact('prefixes', report.prefixes.join(', '))),
    ...fact('subnet', `${named(report.subnet)}${missing}, in ${named(report.vpc)}`),
    ...fact(
      'groups',
      report.groups.map((group) => `${named(group)}${group.isKnown ? '' : ', not in this world'}`).join('; ') || 'none',
    ),
    ...(report.type === 'interface' ? [] : fact('type', report.type)),
    ...(report.sourceDestCheck ? [] : fact('check', 'source/destination check is off: it may forward')),
  ];
}

function fact(name: string, text: string): Sheet {
  return [row(2, [padded(name, 14)], [text])];
}

function trackingLines(untracked: readonly UntrackedReport[]): Sheet {
  if (untracked.length === 0) return [indented(2, 'every flow is tracked: it outlives the rule that admitted it')];
  return [
    ...untracked.map((one) =>
      row(
        2,
        [],
        [
          `${one.direction} ${one.protocol} (${familyName(one.family)}) admitted by ${one.admittedBy.join(', ')}: not tracked, for ${one.openBy.join(', ')} opens every port the other way; such a flow ends when one of these rules goes`,
        ],
      ),
    ),
    indented(2, 'every other flow is tracked: it outlives the rule that admitted it'),
  ];
}

function tableHeading(table: {
  readonly id: string | null;
  readonly name: string | null;
  readonly isMain: boolean;
}): Sheet[number] {
  return heading(
    `Routes ${named({ id: table.id ?? 'unknown', name: table.name })}`,
    table.isMain ? "the VPC's main table" : undefined,
  );
}

function named({ id, name }: Named): string {
  return name === null || name === id ? id : `${name} (${id})`;
}
