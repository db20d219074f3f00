import type { ExposedInterface, ExposureDocument, ExposuresDocument } from '../analysis/exposure.ts';
import type { RuleDocument } from '../analysis/part-documents.ts';
import { documentTraffic, endsText, ruleWords } from './diff-words.ts';
import { countText } from './pair-text.ts';
import { BLANK, indented, line, row, type Sheet, type Span } from './terminal.ts';

const MAX_OPENINGS = 60;
const MAX_INTERFACES = 6;
const MAX_RULES = 3;

/** What gets in from the internet, for people: an opening for each traffic and senders. */
export function exposureSheet(document: ExposuresDocument): Sheet {
  const { openings } = document;
  const shown = openings.slice(0, MAX_OPENINGS);
  const hidden = openings.length - shown.length;
  return [
    ...(['ipv4', 'ipv6'] as const).flatMap((family) => countLine(document, family)),
    ...shown.flatMap((one) => [BLANK, ...openingSheet(one)]),
    ...(hidden > 0
      ? [BLANK, line({ text: `and ${countText(hidden, 'more opening')}: --json has them all`, style: 'faint' })]
      : []),
  ];
}

function countLine({ addresses }: ExposuresDocument, family: 'ipv4' | 'ipv6'): Sheet {
  const { exposed, perhaps, all } = addresses[family];
  if (all === 0) return [];
  const name = family === 'ipv4' ? 'IPv4' : 'IPv6';
  const count: Span = {
    text: exposed === 0 ? 'none' : exposed.toLocaleString('en-US'),
    style: exposed === 0 ? 'good' : 'bad',
  };
  const doubt = perhaps === 0 ? '' : `; perhaps ${perhaps.toLocaleString('en-US')}${exposed === 0 ? '' : ' more'}`;
  return [line(`Reached from the internet over ${name}: `, count, ` of ${countAddresses(all)} of interfaces${doubt}.`)];
}

function openingSheet(opening: ExposureDocument): Sheet {
  const perhaps: readonly Span[] = opening.certainty === 'perhaps' ? [{ text: 'perhaps ', style: 'doubt' }] : [];
  const family = opening.family === 'ipv4' ? 'IPv4' : 'IPv6';
  const interfaces = opening.interfaces.slice(0, MAX_INTERFACES).map((one) => indented(4, interfaceText(one)));
  const more = opening.interfaces.length - interfaces.length;
  const rules = opening.rules.filter((rule) => rule.kind !== 'route').slice(0, MAX_RULES);
  return [
    row(0, perhaps, [
      { text: documentTraffic(opening.traffic, opening.family), style: 'strong' },
      ` from ${endsText([opening.from])}`,
      faint(`  (${family}, by ${opening.gateway ?? opening.path})`),
    ]),
    ...interfaces,
    ...(more > 0 ? [indented(4, `and ${countText(more, 'more interface')}`)] : []),
    ...rules.map((rule) => indented(4, faint(`let in by ${ruleOwnerText(rule)}`))),
    ...(opening.unknowns.length === 0
      ? []
      : [
          indented(4, {
            text: `depends on ${opening.unknowns.join(', ')}, which this world does not hold`,
            style: 'doubt',
          }),
        ]),
  ];
}

/** A rule, entry or route and what it is of: `sg-web sgr-1: ingress rule tcp/443 from 0.0.0.0/0`. */
export function ruleOwnerText(rule: RuleDocument): string {
  switch (rule.kind) {
    case 'rule':
      return `${rule.group} ${rule.id}: ${ruleWords(rule)}`;
    case 'entry':
    case 'default-entry':
      return `${rule.acl}: ${ruleWords(rule)}`;
    case 'route':
      return `${rule.routeTable}: ${ruleWords(rule)}`;
  }
}

/** `web-1 (i-0abc eni-0abc 10.0.1.10) as 198.51.100.10`: the last is how the internet knows it. */
export function interfaceText({ name, instance, eni, addresses, seenAs }: ExposedInterface): string {
  const ids = [...(instance === null ? [] : [instance]), eni, ...addresses].join(' ');
  const known = name === null ? ids : `${name} (${ids})`;
  return seenAs === null || addresses.includes(seenAs) ? known : `${known} as ${seenAs}`;
}

function countAddresses(count: number): string {
  return `${count.toLocaleString('en-US')} address${count === 1 ? '' : 'es'}`;
}

function faint(text: string): Span {
  return { text, style: 'faint' };
}
