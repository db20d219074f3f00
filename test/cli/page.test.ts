// The HTML page of a matrix: data stays data whatever names say, and a browser, where there is one, shows what the document says.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { test } from 'node:test';
import { exposures } from '../../src/analysis/exposure.ts';
import { matrixDocument } from '../../src/analysis/matrix-document.ts';
import { pageHtml } from '../../src/cli/page/page.ts';
import { compactWorld } from '../compact.ts';
import { run } from './run-cli.ts';
import { smallWorld } from './small-world.ts';

const HOSTILE = '</script><img src=x onerror=alert(1)>\u202Egpj';

const hostileWorld = compactWorld({
  vpcs: { 'vpc-1': { cidrs: ['10.0.0.0/16'] } },
  subnets: { 'subnet-1': { vpc: 'vpc-1', cidrs: ['10.0.1.0/24'] } },
  routeTables: { 'rtb-1': { vpc: 'vpc-1', main: true, routes: [] } },
  groups: { 'sg-1': { vpc: 'vpc-1', name: HOSTILE, ingress: ['tcp/22 10.0.0.0/8'], egress: ['all 0.0.0.0/0'] } },
  enis: {
    'eni-1': { subnet: 'subnet-1', groups: ['sg-1'], addresses: ['10.0.1.5'] },
    'eni-2': { subnet: 'subnet-1', groups: ['sg-1'], addresses: ['10.0.1.6'] },
  },
});

test('names are data and never markup; nothing is loaded or sent', () => {
  const html = pageOf(hostileWorld);
  assert.ok(!html.includes('<img'));
  assert.equal(html.match(/<\/script>/gu)?.length, 2);
  assert.match(
    html,
    /Content-Security-Policy" content="default-src 'none'; style-src 'sha256-[^']+'; script-src 'sha256-[^']+'"/u,
  );
  assert.doesNotMatch(html, /(?:src|href)=["']|https?:\/\/(?!www\.w3\.org\/2000\/svg)/u);
  const data = dataIn(html);
  assert.ok(data.includes(String.raw`\\u{202e}gpj`), 'what reorders text is shown as an escape');
});

test('--html prints the page with all rows, and what the internet reaches', async () => {
  const done = await run('matrix --html --size 1', { world: smallWorld });
  assert.equal(done.status, 0);
  assert.equal(done.stdout, pageOf(smallWorld));
  const alone = await run('exposure --html', { world: smallWorld });
  assert.equal(alone.status, 1);
  assert.equal(alone.stdout, pageHtml(undefined, exposures(smallWorld)));
});

test('an interface is in the page however many others are let in with it', () => {
  const names = Array.from({ length: 70 }, (_, at) => `eni-${at + 100}`);
  const world = compactWorld({
    vpcs: { 'vpc-1': { cidrs: ['10.0.0.0/16'] } },
    subnets: { 'subnet-1': { vpc: 'vpc-1', cidrs: ['10.0.1.0/24'] } },
    internetGateways: { 'igw-1': { vpc: 'vpc-1' } },
    routeTables: { 'rtb-1': { vpc: 'vpc-1', main: true, routes: ['0.0.0.0/0 igw:igw-1'] } },
    groups: { 'sg-1': { vpc: 'vpc-1', ingress: ['tcp/22 0.0.0.0/0'], egress: ['all 0.0.0.0/0'] } },
    enis: Object.fromEntries(
      names.map((name, at) => [
        name,
        {
          subnet: 'subnet-1',
          groups: ['sg-1'],
          addresses: [`10.0.1.${at + 10}`],
          public: { [`10.0.1.${at + 10}`]: `203.0.113.${at + 10}` },
        },
      ]),
    ),
  });
  const data = dataIn(pageHtml(undefined, exposures(world)));
  assert.deepEqual(
    names.filter((name) => !data.includes(name)),
    [],
  );
});

const browser = browserPath();

test('a browser shows it', { skip: browser === undefined ? 'there is no chromium' : false }, () => {
  for (const [view, words] of [
    ['table', ['db', 'networks elsewhere', 'db → extra: tcp/443 (IPv4)']],
    ['map', ['extra', 'internet']],
    ['internet', ['3 openings to the internet.', 'let in by sg-web sg-web.ingress.2: ingress rule tcp/22 from pl-1']],
  ] as const) {
    const shown = shownBy(browser ?? '', pageOf(smallWorld), view);
    for (const word of words) assert.ok(shown.includes(word), `${view}: ${word}`);
  }
  const table = shownBy(browser ?? '', pageOf(hostileWorld), 'table');
  assert.ok(table.includes('&lt;/script&gt;&lt;img') && !table.includes('<img'));
});

function pageOf(world: Parameters<typeof exposures>[0]): string {
  const document = matrixDocument(world, { by: 'group' });
  assert.ok(document.ok);
  return pageHtml(document.value, exposures(world, { families: document.value.families }));
}

function dataIn(html: string): string {
  return /<script type="application\/json" id="data">([^<]*)<\/script>/u.exec(html)?.[1] ?? assert.fail('no data');
}

function browserPath(): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return ['chromium', 'chromium-browser', 'google-chrome']
    .flatMap((name) => folders.map((folder) => join(folder, name)))
    .find((path) => existsSync(path));
}

/** The elements that a browser made of a page, as text. */
function shownBy(path: string, html: string, view: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'crenel-page-'));
  try {
    writeFileSync(join(folder, 'page.html'), html);
    // A test's own page: as root, Chromium does not start with its sandbox.
    const flags = ['--headless', '--no-sandbox', '--disable-gpu', `--user-data-dir=${join(folder, 'profile')}`];
    const done = spawnSync(
      path,
      [...flags, '--virtual-time-budget=4000', '--dump-dom', `file://${folder}/page.html#${view}`],
      {
        encoding: 'utf8',
        timeout: 60_000,
      },
    );
    const start = done.stdout.indexOf('<body');
    return done.stdout.slice(start, done.stdout.indexOf('<script', start));
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
