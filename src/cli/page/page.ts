import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { ExposuresDocument } from '../../analysis/exposure.ts';
import type { MatrixDocument } from '../../analysis/matrix-document.ts';
import { documentTraffic, endsText } from '../diff-words.ts';
import { interfaceText, ruleOwnerText } from '../exposure-text.ts';
import { endNames } from '../matrix-text.ts';
import { printable } from '../terminal.ts';
import type { PageData, PageEnd, PageOpening } from './browser/page-data.ts';

/**
 * A matrix and what the internet reaches as one HTML file that needs nothing else: data, style and script stand in it, and its policy lets a
 * browser neither load nor send anything. Names from documents are data in it, never markup.
 */
export function pageHtml(matrix: MatrixDocument | undefined, exposures: ExposuresDocument): string {
  const style = readFileSync(new URL('browser/page.css', import.meta.url), 'utf8');
  const script = readFileSync(new URL('browser/page.js', import.meta.url), 'utf8');
  const policy = `default-src 'none'; style-src '${hashOf(style)}'; script-src '${hashOf(script)}'`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Crenel: who reaches whom</title>
<style>${style}</style>
</head>
<body>
<header>
<h1 id="title"></h1>
<nav role="tablist">
<button id="show-map" role="tab">Map</button>
<button id="show-table" role="tab">Table</button>
<button id="show-internet" role="tab">Internet</button>
</nav>
<input id="filter" type="search" placeholder="filter by name or id" aria-label="filter">
<span id="note" class="faint"></span>
<span id="mapnote" class="faint"></span>
</header>
<main>
<div id="map" class="view" hidden></div>
<div id="table" class="view" hidden></div>
<div id="internet" class="view" hidden></div>
<aside id="aside">
<div id="details"></div>
<p><span class="key every">●</span> gets from every interface of one to every interface of the other</p>
<p><span class="key some">◐</span> between some of them</p>
<p><span class="key perhaps">?</span> perhaps: what decides it is not known</p>
<p><span class="key from-outside">▢</span> from outside</p>
</aside>
</main>
<script type="application/json" id="data">${embedded(dataOf(matrix, exposures))}</script>
<script type="module">${script}</script>
</body>
</html>
`;
}

/** JSON that cannot end the element in which it stands. */
function embedded(data: PageData): string {
  return JSON.stringify(data).replaceAll('<', String.raw`\u003c`);
}

function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}

function dataOf(matrix: MatrixDocument | undefined, exposures: ExposuresDocument): PageData {
  const words = new Map<string, number>();
  const wordOf = (text: string | undefined): number => {
    if (text === undefined) return 0;
    const known = words.get(text) ?? words.size + 1;
    words.set(text, known);
    return known;
  };
  const cells = (matrix?.rows ?? []).flatMap(({ from, cells: own }) =>
    own.flatMap(({ to, family, every, some, perhaps }) => [
      from,
      to,
      family === 'ipv4' ? 4 : 6,
      ...[every, some, perhaps].map((part) => wordOf(part === null ? undefined : documentTraffic(part, family))),
    ]),
  );
  return {
    title: matrix === undefined ? 'What the internet reaches' : `Who reaches whom, by ${matrix.by}`,
    note: `revision ${exposures.revision}${unplacedNote(matrix)}`,
    ends: endNames(matrix?.ends ?? []).map((name, at) => endOf(name, matrix?.ends[at])),
    words: [...words.keys()],
    cells,
    openings: exposures.openings.map(openingOf),
  };
}

function unplacedNote(matrix: MatrixDocument | undefined): string {
  const count = matrix?.unplaced ?? 0;
  return count === 0
    ? ''
    : `; ${count} interface${count === 1 ? '' : 's'} may carry groups that are not known and are not counted there`;
}

function endOf(name: string, end: MatrixDocument['ends'][number] | undefined): PageEnd {
  const isOutside = end?.kind === 'outside';
  const count = `${end?.interfaces ?? 0} interface${end?.interfaces === 1 ? '' : 's'}`;
  return {
    name: printable(name),
    id: end?.id ?? '',
    note: isOutside ? '' : count,
    isOutside,
  };
}

function openingOf(one: ExposuresDocument['openings'][number]): PageOpening {
  return {
    family: one.family === 'ipv4' ? 4 : 6,
    isCertain: one.certainty === 'certain',
    traffic: documentTraffic(one.traffic, one.family),
    from: printable(endsText([one.from])),
    by: one.gateway ?? one.path,
    interfaces: one.interfaces.map((item) => printable(interfaceText(item))),
    rules: one.rules
      .filter((rule) => rule.kind !== 'route')
      .map((rule) => printable(`let in by ${ruleOwnerText(rule)}`)),
    unknowns: one.unknowns.map(printable),
  };
}
