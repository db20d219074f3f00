import type { Registered } from '../agent/lab/register.ts';
import type { Seen } from '../agent/lab/traffic.ts';
import { countText } from './pair-text.ts';
import { BLANK, indented, line, row, type Sheet } from './terminal.ts';

/** The instances of a lab, and what to try. */
export function labSheet(instances: readonly Registered[]): Sheet {
  const [first] = instances;
  if (first === undefined) return [line('The lab is up, and no instance runs in it.')];
  const width = Math.max(0, ...instances.map(({ name }) => name.length)) + 2;
  return [
    line({
      text: `${countText(instances.length, 'instance')} ${instances.length === 1 ? 'is' : 'are'} up, each a network namespace`,
      style: 'strong',
    }),
    ...instances.map(({ name, id, addresses }) =>
      row(2, [name.padEnd(width)], [`${id === name ? '' : `${id}  `}${addresses.join(' ')}`]),
    ),
    BLANK,
    line('Try, in another terminal and as root:'),
    indented(2, `bin/crenel.mjs exec ${first.name} -- ip address`),
    indented(2, 'bin/crenel.mjs lab traffic'),
  ];
}

/** What probes saw, by pair: what got through, and in full where it is not what was expected. */
export function trafficSheet(seen: readonly Seen[]): Sheet {
  if (seen.length === 0) return [line('Nothing was sent: no instance runs in the lab.')];
  const pairs = Map.groupBy(seen, ({ from, to }) => `${from} → ${to}`);
  const width = Math.max(0, ...[...pairs.keys()].map((pair) => pair.length)) + 2;
  const wrong = seen.filter(isWrong);
  const unsure = seen.filter(({ expected }) => expected === 'unknown').length;
  const rows = [...pairs].map(([pair, own]) => {
    const through = own.filter((one) => one.seen === 'allow');
    const text = through.length === 0 ? 'nothing' : byFamily(through);
    return row(2, [pair.padEnd(width)], [{ text, style: through.length === 0 ? 'faint' : 'good' }]);
  });
  return [
    line({ text: 'What got through and was answered', style: 'strong' }),
    ...rows,
    BLANK,
    ...wrong.map((one) =>
      row(
        2,
        [{ text: '✗ ', style: 'bad' }],
        [`${one.from} → ${one.to} ${one.traffic} ${one.family}: expected ${one.expected}, seen ${one.seen}`],
      ),
    ),
    line(
      wrong.length === 0
        ? { text: `All ${seen.length.toLocaleString('en-US')} probes met what the rules say.`, style: 'good' }
        : {
            text: `${wrong.length.toLocaleString('en-US')} of ${seen.length.toLocaleString('en-US')} probes did not meet what the rules say.`,
            style: 'bad',
          },
      ...(unsure === 0 ? [] : [` Of ${unsure} the rules say unknown; they are not compared.`]),
    ),
  ];
}

/** Whether the network did something else than the definition says. */
export function isWrong({ expected, seen }: Seen): boolean {
  return expected !== 'unknown' && expected !== seen;
}

function byFamily(through: readonly Seen[]): string {
  const families = new Map<string, string[]>();
  for (const { traffic, family } of through) families.set(traffic, [...(families.get(traffic) ?? []), family]);
  return [...families]
    .map(([traffic, own]) => (own.length === 2 ? traffic : `${traffic} (${own[0] === 'ipv4' ? 'IPv4' : 'IPv6'})`))
    .join(', ');
}
