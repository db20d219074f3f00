// The page of a matrix, in the browser: it reads what stands in the document and asks nobody for anything.
// Plain JavaScript, because it goes into the page as it is; its types are checked all the same (tsconfig.json beside it).

/** @typedef {import('./page-data.ts').PageData} PageData */
/** @typedef {import('./page-data.ts').PageEnd} PageEnd */
/** @typedef {import('./page-data.ts').PageOpening} PageOpening */
/** @typedef {{ from: number, to: number, family: number, every: string, some: string, perhaps: string }} Cell */

const SIZE = 24;
const HEAD = { width: 190, height: 150 };
const MAX_NODES = 300;
/** More lines than this say nothing: then nodes stand in a ring, and only the lines of the chosen one are drawn. */
const MAX_LINES = 600;
/** More names than this hide each other: then the chosen node and those around it have theirs. */
const MAX_NAMES = 80;
/** Characters of a name on the map; all of it stands in its title. */
const MAX_NAME = 32;
/** Half the width and height of the map, without its margins. */
const MAP = { x: 500, y: 340 };
const MAX_OPENINGS = 200;
/** Interfaces of an opening that are listed; the filter looks at all of them. */
const MAX_INTERFACES = 50;
const SVG = 'http://www.w3.org/2000/svg';

/** @type {PageData} */
// oxlint-disable-next-line typescript/no-unsafe-assignment -- what makes the page writes it from a value of this type
const data = JSON.parse(byId('data').textContent);
/** Pages of what the internet reaches alone have no matrix. */
const isMatrix = data.ends.length > 0;
const cells = readCells();
/** Cells of each sender, by receiver. */
const rows = Map.groupBy(cells, (cell) => cell.from);
const pairs = new Map([...rows].map(([from, own]) => [from, Map.groupBy(own, (cell) => cell.to)]));

/** @type {{ filter: string, from: number | undefined, to: number | undefined }} */
const state = { filter: '', from: undefined, to: undefined };

/** @param {string} id @returns {HTMLElement} */
function byId(id) {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no ${id}`);
  return found;
}

/** @returns {readonly Cell[]} */
function readCells() {
  /** @param {number | undefined} at */
  const word = (at) => (at === undefined || at === 0 ? '' : (data.words[at - 1] ?? ''));
  return Array.from({ length: data.cells.length / 6 }, (_, at) => {
    const [from = 0, to = 0, family = 4, every, some, perhaps] = data.cells.slice(at * 6, at * 6 + 6);
    return { from, to, family, every: word(every), some: word(some), perhaps: word(perhaps) };
  });
}

/**
 * @param {string} name
 * @param {{ class?: string, text?: string, title?: string }} [with_]
 * @param {readonly Node[]} [children]
 */
function element(name, with_ = {}, children = []) {
  const made = document.createElement(name);
  if (with_.class !== undefined) made.className = with_.class;
  if (with_.text !== undefined) made.textContent = with_.text;
  if (with_.title !== undefined) made.title = with_.title;
  made.append(...children);
  return made;
}

/** Whether a text has what the filter asks for. @param {string} text */
function isWanted(text) {
  return text.toLowerCase().includes(state.filter.toLowerCase());
}

/** What the filter lets through: the ends that it means, and of the others those that reach them or are reached by them. */
function filtered() {
  const meant = new Set(
    [...data.ends.entries()].flatMap(([at, { name, id }]) => (isWanted(`${name} ${id}`) ? [at] : [])),
  );
  /** @param {number} from @param {number} to */
  const isMeant = (from, to) => meant.has(from) || meant.has(to);
  const down = [...pairs].flatMap(([from, own]) => ([...own.keys()].some((to) => isMeant(from, to)) ? [from] : []));
  const across = new Set([...pairs].flatMap(([from, own]) => [...own.keys()].filter((to) => isMeant(from, to))));
  return { meant, isMeant, down: down.toSorted((a, b) => a - b), across: [...across].toSorted((a, b) => a - b) };
}

let shown = filtered();

/** @param {readonly Cell[]} own @returns {'every' | 'some' | 'perhaps'} */
function strengthOf(own) {
  if (own.some((cell) => cell.every !== '')) return 'every';
  return own.some((cell) => cell.some !== '') ? 'some' : 'perhaps';
}

/** @param {readonly Cell[]} own */
function cellTexts(own) {
  return own.map(({ family, every, some, perhaps }) => {
    const parts = [every, some && `between some: ${some}`, perhaps && `perhaps: ${perhaps}`].filter(Boolean);
    return `${parts.join('; ')} (IPv${family})`;
  });
}

/** @param {number} at */
function endOf(at) {
  return data.ends[at] ?? { name: '', id: '', note: '', isOutside: false };
}

/** Why there is nothing to see, where there is nothing. @returns {readonly string[]} */
function whyEmpty() {
  if (shown.down.length > 0) return [];
  return [
    state.filter === '' ? 'nothing gets from one of these to another' : 'nothing here has what the filter asks for',
  ];
}

/** Draws the cells that can be seen, and no others: a table of a million cells stays quick. */
function drawTable() {
  const view = byId('table');
  byId('mapnote').textContent = whyEmpty().join('');
  const { across, down, isMeant } = shown;
  const space = element('div');
  space.style.cssText = `width:${HEAD.width + across.length * SIZE + 20}px;height:${HEAD.height + down.length * SIZE + 20}px`;
  const { scrollLeft, scrollTop } = view;
  const first = { row: Math.floor(scrollTop / SIZE), column: Math.floor(scrollLeft / SIZE) };
  const seenRows = down.slice(first.row, first.row + Math.ceil(view.clientHeight / SIZE) + 1);
  const seenColumns = across.slice(first.column, first.column + Math.ceil(view.clientWidth / SIZE) + 1);
  /** @type {HTMLElement[]} */
  const made = [];
  for (const [y, from] of seenRows.entries())
    for (const [x, to] of seenColumns.entries()) {
      const own = pairs.get(from)?.get(to);
      if (own === undefined || !isMeant(from, to)) continue;
      made.push(drawCell(own, HEAD.width + (first.column + x) * SIZE, HEAD.height + (first.row + y) * SIZE));
    }
  for (const [x, to] of seenColumns.entries())
    made.push(headOf(to, 'column', [HEAD.width + (first.column + x) * SIZE, scrollTop, SIZE, HEAD.height]));
  for (const [y, from] of seenRows.entries())
    made.push(headOf(from, 'row', [scrollLeft, HEAD.height + (first.row + y) * SIZE, HEAD.width, SIZE]));
  const corner = element('div', { class: 'corner', text: 'from ↓  to →' });
  place(corner, [scrollLeft, scrollTop, HEAD.width, HEAD.height]);
  view.replaceChildren(space, ...made, corner);
}

const SIGNS = { every: '●', some: '◐', perhaps: '?' };

/** @param {readonly Cell[]} own @param {number} x @param {number} y */
function drawCell(own, x, y) {
  const { from = 0, to = 0 } = own[0] ?? {};
  const strength = strengthOf(own);
  const title = `${endOf(from).name} → ${endOf(to).name}: ${cellTexts(own).join(', ')}`;
  const outside = endOf(from).isOutside ? ' outside' : '';
  const made = element('button', { class: `cell ${strength}${outside}`, text: SIGNS[strength], title });
  place(made, [x + 1, y + 1, SIZE - 2, SIZE - 2]);
  made.addEventListener('click', () => {
    choose(from, to);
  });
  return made;
}

/** @param {number} at @param {'row' | 'column'} kind @param {readonly [number, number, number, number]} box */
function headOf(at, kind, box) {
  const chosen = (kind === 'row' ? state.from : state.to) === at ? ' chosen' : '';
  const made = element('div', {
    class: `${kind}${chosen}`,
    text: endOf(at).name,
    title: `${endOf(at).name} ${endOf(at).note}`,
  });
  place(made, box);
  return made;
}

/** @param {HTMLElement} made @param {readonly [number, number, number, number]} box */
function place(made, [left, top, width, height]) {
  made.style.cssText = `left:${left}px;top:${top}px;width:${width}px;height:${height}px`;
}

/** @param {number | undefined} from @param {number | undefined} to */
function choose(from, to) {
  state.from = from;
  state.to = to;
  drawDetails();
  draw();
}

function drawDetails() {
  const { from, to } = state;
  if (from === undefined) {
    byId('details').replaceChildren(element('p', { class: 'faint', text: 'Choose a node or a cell.' }));
    return;
  }
  const out = [...(pairs.get(from) ?? [])].filter(([other]) => to === undefined || other === to);
  const into =
    to === undefined
      ? [...pairs].flatMap(([other, own]) => (own.has(from) ? [{ other, own: own.get(from) ?? [] }] : []))
      : [];
  /** @param {string} text @param {readonly Cell[]} own */
  const entry = (text, own) =>
    element('p', {}, [element('b', { text }), ...cellTexts(own).map((line) => element('div', { text: line }))]);
  byId('details').replaceChildren(
    element('h2', { text: to === undefined ? endOf(from).name : `${endOf(from).name} → ${endOf(to).name}` }),
    ...(to === undefined ? [from] : [from, to]).map((at) =>
      element('p', { class: 'faint', text: `${endOf(at).id} ${endOf(at).note}` }),
    ),
    ...out.map(([other, own]) => entry(`→ ${endOf(other).name}`, own)),
    ...into.map(({ other, own }) => entry(`← ${endOf(other).name}`, own)),
    ...(out.length + into.length === 0 ? [element('p', { text: 'Nothing gets to it or from it.' })] : []),
  );
}

/** @typedef {{ at: number, x: number, y: number }} Spot */

/** What is outside, and the nodes with the most lines, where there are too many to draw; the filter's own before those around them. */
function drawnNodes() {
  /** @type {Map<number, number>} */
  const counts = new Map();
  for (const [from, own] of pairs)
    for (const to of own.keys()) for (const at of [from, to]) counts.set(at, (counts.get(at) ?? 0) + 1);
  /** @param {number} at */
  const isFirst = (at) => endOf(at).isOutside || (state.filter !== '' && shown.meant.has(at));
  const all = [...new Set([...shown.down, ...shown.across])];
  // Where the filter's own would get lost among those around them, they stand alone.
  const near = state.filter !== '' && all.length > MAX_NAMES ? all.filter(isFirst) : all;
  /** @param {number} at */
  const weight = (at) => (counts.get(at) ?? 0) + (isFirst(at) ? 1e9 : 0);
  const most = near.toSorted((a, b) => weight(b) - weight(a)).slice(0, MAX_NODES);
  return { nodes: aroundRing(most.toSorted((a, b) => a - b)), hidden: all.length - most.length };
}

/** In order, but what is outside is apart, so that its names are. @param {readonly number[]} nodes */
function aroundRing(nodes) {
  const outside = nodes.filter((at) => endOf(at).isOutside);
  const inside = nodes.filter((at) => !endOf(at).isOutside);
  const half = Math.floor(inside.length / 2);
  return [...outside.slice(0, 1), ...inside.slice(0, half), ...outside.slice(1), ...inside.slice(half)];
}

/** @param {readonly number[]} nodes @returns {Map<number, Spot>} */
function ringOf(nodes) {
  return new Map(
    nodes.map((at, index) => {
      const turn = (index / Math.max(1, nodes.length)) * 2 * Math.PI;
      return [at, { at, x: Math.cos(turn) / 2, y: Math.sin(turn) / 2 }];
    }),
  );
}

/** What stretches values over a width around 0. @param {readonly number[]} values @param {number} half */
function scaleOf(values, half) {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  /** @param {number} value */
  return (value) => (most - least < 1e-6 ? 0 : ((value - least) / (most - least)) * 2 * half - half);
}

/** Spots that fill the map. @param {Map<number, Spot>} spots */
function fitted(spots) {
  const all = [...spots.values()];
  const [scaleX, scaleY] = [
    scaleOf(
      all.map(({ x }) => x),
      MAP.x,
    ),
    scaleOf(
      all.map(({ y }) => y),
      MAP.y,
    ),
  ];
  return new Map(all.map(({ at, x, y }) => [at, { at, x: scaleX(x), y: scaleY(y) }]));
}

/** Nodes push each other away and lines pull them together; from a circle, so that the same matrix looks the same every time. @param {readonly number[]} nodes @param {readonly (readonly [number, number])[]} lines */
function layOut(nodes, lines) {
  const ideal = 0.9 / Math.sqrt(Math.max(1, nodes.length));
  const spots = ringOf(nodes);
  const all = [...spots.values()];
  for (let heat = 0.12; heat > 0.001; heat *= 0.96) {
    /** @type {Map<number, { x: number, y: number }>} */
    const forces = new Map(all.map(({ at, x, y }) => [at, { x: -x * 0.6 * ideal, y: -y * 0.6 * ideal }]));
    for (const a of all)
      for (const b of all) {
        const [dx, dy] = [a.x - b.x, a.y - b.y];
        const square = Math.max(1e-6, dx * dx + dy * dy);
        const force = forces.get(a.at);
        if (a === b || force === undefined) continue;
        force.x += (dx / square) * ideal * ideal;
        force.y += (dy / square) * ideal * ideal;
      }
    for (const [from, to] of lines) pull(spots, forces, [from, to], ideal);
    for (const spot of all) {
      const force = forces.get(spot.at) ?? { x: 0, y: 0 };
      const strength = Math.max(1e-6, Math.hypot(force.x, force.y));
      spot.x += (force.x / strength) * Math.min(strength, heat);
      spot.y += (force.y / strength) * Math.min(strength, heat);
    }
  }
  return spots;
}

/** @param {Map<number, Spot>} spots @param {Map<number, { x: number, y: number }>} forces @param {readonly [number, number]} line @param {number} ideal */
function pull(spots, forces, [from, to], ideal) {
  const [a, b, forceA, forceB] = [spots.get(from), spots.get(to), forces.get(from), forces.get(to)];
  if (a === undefined || b === undefined || forceA === undefined || forceB === undefined || a === b) return;
  const [dx, dy] = [a.x - b.x, a.y - b.y];
  const length = Math.hypot(dx, dy) / ideal / 6;
  forceA.x -= dx * length;
  forceA.y -= dy * length;
  forceB.x += dx * length;
  forceB.y += dy * length;
}

/** @type {{ key: string, spots: Map<number, Spot> } | undefined} */
let laidOut;

function drawMap() {
  const { nodes, hidden } = drawnNodes();
  const isDrawn = new Set(nodes);
  const lines = [...pairs].flatMap(([from, own]) =>
    [...own.keys()]
      .filter((to) => isDrawn.has(from) && isDrawn.has(to) && from !== to && shown.isMeant(from, to))
      .map((to) => /** @type {const} */ ([from, to])),
  );
  const key = `${nodes.join()} ${lines.length}`;
  const isTooMany = lines.length > MAX_LINES;
  if (laidOut?.key !== key) laidOut = { key, spots: fitted(isTooMany ? ringOf(nodes) : layOut(nodes, lines)) };
  const { spots } = laidOut;
  const around = new Set(lines.flatMap((line) => (state.from !== undefined && line.includes(state.from) ? line : [])));
  const drawn = lines.filter((line) => (state.from === undefined ? !isTooMany : line.includes(state.from)));
  const svg = shape('svg', { viewBox: [-MAP.x - 90, -MAP.y - 40, MAP.x * 2 + 180, MAP.y * 2 + 70].join(' ') });
  svg.append(
    arrowheads(),
    ...drawn.map(([from, to]) => lineOf(spots, from, to)),
    ...nodes.map((at) =>
      nodeOf(spots, at, {
        around,
        isNamed: Math.min(nodes.length, around.has(at) ? around.size : nodes.length) <= MAX_NAMES,
        radius: nodes.length > MAX_NAMES ? 4 : 6,
      }),
    ),
  );
  const notes = [
    ...whyEmpty(),
    ...(hidden > 0 ? [`${grouped(hidden)} more are not drawn: the filter finds them`] : []),
    ...(isTooMany ? [`${grouped(lines.length)} lines: choose a node to see its own`] : []),
  ];
  byId('mapnote').textContent = notes.join('; ');
  byId('map').replaceChildren(svg);
}

/** A count as people read it. @param {number} count */
function grouped(count) {
  return count.toLocaleString('en-US');
}

/** Lines end in an arrowhead, of their own colour each. */
function arrowheads() {
  const defs = shape('defs', {});
  for (const kind of ['every', 'perhaps', 'outside']) {
    const marker = shape('marker', {
      id: `arrow-${kind}`,
      class: kind,
      viewBox: '0 0 10 10',
      refX: 18,
      refY: 5,
      markerWidth: 9,
      markerHeight: 9,
      markerUnits: 'userSpaceOnUse',
      orient: 'auto',
    });
    marker.append(shape('path', { d: 'M0 1 L10 5 L0 9 z' }));
    defs.append(marker);
  }
  return defs;
}

/** @param {string} name @param {Record<string, string | number>} attributes */
function shape(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  return made;
}

/** @param {Map<number, Spot>} spots @param {number} from @param {number} to */
function lineOf(spots, from, to) {
  const [a, b] = [spots.get(from), spots.get(to)];
  const strength = strengthOf(pairs.get(from)?.get(to) ?? []);
  const kind = strength === 'perhaps' ? 'perhaps' : endOf(from).isOutside ? 'outside' : 'every';
  return shape('line', {
    class: kind,
    x1: a?.x ?? 0,
    y1: a?.y ?? 0,
    x2: b?.x ?? 0,
    y2: b?.y ?? 0,
    'stroke-width': strength === 'every' ? 1.8 : 1,
    'marker-end': `url(#arrow-${kind})`,
  });
}

/** @param {Map<number, Spot>} spots @param {number} at @param {{ around: ReadonlySet<number>, isNamed: boolean, radius: number }} how */
function nodeOf(spots, at, { around, isNamed, radius }) {
  const { x = 0, y = 0 } = spots.get(at) ?? {};
  const end = endOf(at);
  const isAway = state.from !== undefined && at !== state.from && !around.has(at);
  const made = shape('g', { class: `${end.isOutside ? 'outside' : ''} ${isAway ? 'away' : ''}` });
  const title = shape('title', {});
  title.textContent = `${end.name} ${end.id}`;
  made.append(title, shape('circle', { cx: x, cy: y, r: radius }));
  if (isNamed || at === state.from || end.isOutside) {
    const label = shape('text', { x, y: y - 11, 'font-size': 13 });
    label.textContent = end.name.length > MAX_NAME ? `${end.name.slice(0, MAX_NAME - 1)}…` : end.name;
    made.append(label);
  }
  made.addEventListener('click', () => {
    choose(state.from === at && state.to === undefined ? undefined : at, undefined);
  });
  return made;
}

function drawInternet() {
  const found = data.openings.filter((one) =>
    isWanted([one.traffic, one.from, one.by, ...one.interfaces, ...one.rules].join(' ')),
  );
  const listed = found.slice(0, MAX_OPENINGS);
  const hidden = found.length - listed.length;
  const count = `${grouped(found.length)} opening${found.length === 1 ? '' : 's'} to the internet`;
  const all = data.openings.length;
  const text =
    all === 0
      ? 'The internet reaches nothing here.'
      : `${count}${found.length === all ? '' : `, of ${grouped(all)}, with what the filter asks for`}.`;
  byId('internet').replaceChildren(
    element('p', { text }),
    ...listed.map(openingOf),
    ...(hidden > 0 ? [element('p', { text: `and ${grouped(hidden)} more: the filter finds them` })] : []),
  );
}

/** @param {PageOpening} one */
function openingOf(one) {
  // Of those that the filter means, so that none is hidden behind others.
  const wanted = one.interfaces.filter(isWanted);
  const interfaces = wanted.length > 0 ? wanted : one.interfaces;
  const listed = interfaces.slice(0, MAX_INTERFACES);
  const more = one.interfaces.length - listed.length;
  const title = `${one.isCertain ? '' : 'perhaps '}${one.traffic} from ${one.from}`;
  return element('div', { class: 'opening' }, [
    element('h2', { text: title }),
    element('p', { class: 'faint', text: `IPv${one.family}, by ${one.by}` }),
    ...[...listed, ...(more > 0 ? [`and ${grouped(more)} more interfaces: the filter finds them`] : [])].map((text) =>
      element('p', { text }),
    ),
    ...one.rules.map((text) => element('p', { class: 'faint', text })),
    ...one.unknowns.map((text) => element('p', { class: 'faint', text: `depends on ${text}` })),
  ]);
}

const VIEWS = [
  { id: 'map', draw: drawMap },
  { id: 'table', draw: drawTable },
  { id: 'internet', draw: drawInternet },
];

function draw() {
  VIEWS.find(({ id }) => !byId(id).hidden)?.draw();
}

/** @param {string} id */
function show(id) {
  for (const view of VIEWS) {
    byId(view.id).hidden = view.id !== id;
    byId(`show-${view.id}`).setAttribute('aria-selected', String(view.id === id));
  }
  byId('mapnote').textContent = '';
  byId('aside').hidden = id === 'internet';
  draw();
}

function start() {
  byId('title').textContent = data.title;
  byId('note').textContent = data.note;
  const filter = byId('filter');
  filter.addEventListener('input', () => {
    state.filter = filter instanceof HTMLInputElement ? filter.value : '';
    shown = filtered();
    byId('table').scrollTo(0, 0);
    draw();
  });
  for (const { id } of VIEWS) {
    byId(`show-${id}`).addEventListener('click', () => {
      show(id);
    });
  }
  byId('table').addEventListener('scroll', drawTable);
  window.addEventListener('resize', draw);
  // Where a link names a view, that one; a matrix begins with its map.
  const named = VIEWS.find(({ id }) => `#${id}` === window.location.hash)?.id;
  for (const id of ['map', 'table']) byId(`show-${id}`).hidden = !isMatrix;
  drawDetails();
  show(isMatrix ? (named ?? 'map') : 'internet');
}

start();
