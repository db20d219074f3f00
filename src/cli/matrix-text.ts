import type { MatrixCell, MatrixDocument } from '../analysis/matrix-document.ts';
import type { MatrixEnd } from '../analysis/matrix-ends.ts';
import { documentTraffic } from './diff-words.ts';
import { countText } from './pair-text.ts';
import { BLANK, line, padded, row, type Sheet, type Span, textWidth } from './terminal.ts';

const NAME_COLUMN = { least: 8, most: 28 } as const;
const MAX_IDLE = 12;

/** A matrix for people: sender by sender, to whom what gets through. */
export function matrixSheet(document: MatrixDocument): Sheet {
  const { ends, rows, page, by } = document;
  const busy = rows.filter(({ cells }) => cells.length > 0);
  const names = endNames(ends);
  const idle = rows.filter(({ cells }) => cells.length === 0).map(({ from }) => names[from] ?? '');
  const shown = idle.slice(0, MAX_IDLE).join(', ');
  const hidden = idle.length - Math.min(idle.length, MAX_IDLE);
  return [
    line(`Who reaches whom, by ${by}: what gets through from every interface of one to every interface of the other.`),
    ...(document.unplaced === 0
      ? []
      : [
          line({
            text: `${countText(document.unplaced, 'interface')} may carry groups that are not known: what is said of a group is said of its known interfaces.`,
            style: 'doubt',
          }),
        ]),
    ...busy.flatMap((one) => [BLANK, ...rowSheet(document, one, names)]),
    ...(idle.length === 0
      ? []
      : [BLANK, line(`Nothing gets out of ${shown}${hidden > 0 ? ` and ${countText(hidden, 'other')}` : ''}.`)]),
    ...(page.pages === 1
      ? []
      : [
          BLANK,
          line(
            faint(
              `page ${page.page} of ${page.pages}, ${page.size} of ${page.rows} rows each: --page has the others, --from one`,
            ),
          ),
        ]),
  ];
}

/** What a person calls each end; those of one name, as default groups have, are told apart by their ids. */
export function endNames(ends: readonly MatrixEnd[]): readonly string[] {
  const counts = Map.groupBy(ends, endName);
  return ends.map((end) => {
    const name = endName(end);
    return counts.get(name)?.length === 1 || end.kind === 'outside' ? name : `${name} (${end.id})`;
  });
}

function endName(end: MatrixEnd): string {
  if (end.kind === 'outside') return end.id === 'internet' ? 'internet' : 'networks elsewhere';
  return end.name ?? end.id;
}

/** The parts of a cell in words: `tcp/443; between some: tcp/22; perhaps: icmp`. */
export function cellText({ family, every, some, perhaps }: Omit<MatrixCell, 'to'>): string {
  return [
    ...(every === null ? [] : [documentTraffic(every, family)]),
    ...(some === null ? [] : [`between some: ${documentTraffic(some, family)}`]),
    ...(perhaps === null ? [] : [`perhaps: ${documentTraffic(perhaps, family)}`]),
  ].join('; ');
}

function rowSheet(
  { ends, families }: MatrixDocument,
  { from, cells }: MatrixDocument['rows'][number],
  called: readonly string[],
): Sheet {
  const names = cells.map(({ to }) => textWidth(called[to] ?? ''));
  const width = Math.min(NAME_COLUMN.most, Math.max(NAME_COLUMN.least, ...names));
  const byReceiver = Map.groupBy(cells, ({ to }) => to);
  return [
    line({ text: called[from] ?? '', style: 'strong' }, faint(endNote(ends[from], called[from]))),
    ...[...byReceiver].flatMap(([to, own]) => {
      const texts = Map.groupBy(own, cellText);
      return [...texts].map(([text, alike], at) => {
        const note = alike.length === families.length ? '' : `  (${alike.map(familyText).join(', ')})`;
        const style = alike.every(({ every, some }) => every === null && some === null) ? 'doubt' : undefined;
        const body: Span = style === undefined ? text : { text, style };
        return row(2, [padded(at === 0 ? `→ ${called[to] ?? ''}` : '', width + 4)], [body, faint(note)]);
      });
    }),
  ];
}

function endNote(end: MatrixEnd | undefined, called: string | undefined): string {
  if (end === undefined || end.kind === 'outside') return '';
  const id = called === end.name && end.name !== end.id ? `${end.id}, ` : '';
  return `  (${id}${countText(end.interfaces, 'interface')})`;
}

function familyText({ family }: MatrixCell): string {
  return family === 'ipv4' ? 'IPv4' : 'IPv6';
}

function faint(text: string): Span {
  return { text, style: 'faint' };
}
