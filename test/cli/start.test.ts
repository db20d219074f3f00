// A command starts with what it needs and no more, and what Node keeps of the sources lies where nobody else can write.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { COMMANDS } from '../../src/cli/command-list.ts';
import { nodeIo } from '../../src/cli/node-io.ts';

const BIN = fileURLToPath(new URL('../../bin/crenel.mjs', import.meta.url));

function folderFor(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'crenel-start-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Runs a command whose cache is to be in a folder. */
function runWith(cache: Readonly<Record<string, string>>): void {
  const env = { ...process.env, ...cache };
  delete env['NODE_COMPILE_CACHE'];
  const ran = spawnSync(process.execPath, [BIN, 'wait', '--help'], { encoding: 'utf8', env });
  assert.match(ran.stdout, /^Usage: crenel wait /u);
  assert.deepEqual([ran.status, ran.stderr], [0, '']);
}

test('each command has the name by which it is found', async () => {
  for (const [name, load] of COMMANDS) {
    const program = new Command();
    (await load())(program, { context: () => ({ io: nodeIo(), options: { color: false } }), finish: () => undefined });
    assert.deepEqual(
      program.commands.map((command) => command.name()),
      [name],
    );
    assert.deepEqual(program.commands[0]?.aliases(), []);
  }
});

test('what Node keeps of the sources is in a folder of the user alone', (t) => {
  const folder = folderFor(t);
  runWith({ XDG_CACHE_HOME: folder });
  runWith({ XDG_CACHE_HOME: folder });
  const kept = join(folder, 'crenel', 'node');
  assert.equal(statSync(kept).mode & 0o777, 0o700);
  assert.ok(readdirSync(kept).length > 0);
  // There is nowhere to keep it.
  runWith({ XDG_CACHE_HOME: '/dev/null', HOME: '/dev/null' });
});

/** What a command loads until it ends, and its exit status: URLs, and Node's own modules as `node:internal/url`. */
function loadedBy(t: TestContext, words: readonly string[]): { readonly status: number | null; loaded: string[] } {
  const list = join(folderFor(t), 'loaded');
  const env: NodeJS.ProcessEnv = { ...process.env, CRENEL_LIST_LOADED: list };
  delete env['AWS_CA_BUNDLE'];
  const preload = new URL('list-loaded.ts', import.meta.url).href;
  const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
  const { status, stderr } = spawnSync(process.execPath, ['--import', preload, main, ...words], {
    encoding: 'utf8',
    env,
  });
  assert.doesNotMatch(stderr, /bug/u);
  return { status, loaded: readFileSync(list, 'utf8').split('\n') };
}

const YAML = /\/node_modules\/yaml\//u;
const READERS = /\/src\/formats\/|\/node_modules\/yaml\//u;
/** Nobody listens there. */
const ENDPOINT = ['--endpoint', 'http://127.0.0.1:1'];

test('a command that reads JSON loads what reads documents, but for YAML', (t) => {
  const world = nodeIo().examplePath;
  const { status, loaded } = loadedBy(t, ['why', 'web-1', 'db-1', 'tcp/5432', '--world', world]);
  assert.equal(status, 1);
  assert.ok(loaded.some((url) => READERS.test(url)));
  assert.deepEqual(
    loaded.filter((url) => YAML.test(url)),
    [],
  );
});

test('help loads neither the server nor YAML', (t) => {
  const { status, loaded } = loadedBy(t, ['--help']);
  assert.equal(status, 0);
  assert.ok(loaded.some((url) => url.endsWith('/src/cli/commands/serve.ts')));
  assert.deepEqual(
    loaded.filter((url) => YAML.test(url) || /\/src\/server\/ec2\/|\/node_modules\/pino\//u.test(url)),
    [],
  );
});

test('a command that reads YAML loads what does', (t) => {
  const file = join(folderFor(t), 'template.yaml');
  writeFileSync(file, 'Resources:\n  Net: {Type: "AWS::EC2::VPC", Properties: {CidrBlock: 10.0.0.0/16}}\n');
  const { status, loaded } = loadedBy(t, ['export', '--world', file]);
  assert.equal(status, 0);
  assert.ok(loaded.some((url) => YAML.test(url)));
});

const WITHOUT_DOCUMENTS: readonly (readonly [status: number, ...words: string[]])[] = [
  [74, 'status', ...ENDPOINT],
  [74, 'wait', '--timeout', '0', ...ENDPOINT],
  [74, 'host', 'remove', 'rack-7', ...ENDPOINT],
  [74, 'backup', ...ENDPOINT],
  [0, 'exec', '--help'],
];
for (const [status, ...words] of WITHOUT_DOCUMENTS)
  test(`crenel ${words[0]} loads nothing that reads documents`, (t) => {
    const ran = loadedBy(t, words);
    assert.equal(ran.status, status);
    assert.deepEqual(
      ran.loaded.filter((url) => READERS.test(url)),
      [],
    );
  });

test('an agent loads neither what reads documents nor WebSockets, HTTP/2 and, before it speaks it, TLS', (t) => {
  // It cannot enforce anything there, and says so to its server, which is not there either.
  const attach = ['--attach', 'eni-0a=lo/02:00:00:00:00:01', '--netns', 'crenel-no-such-namespace'];
  const { status, loaded } = loadedBy(t, ['agent', ...ENDPOINT, ...attach, '--state', folderFor(t)]);
  assert.equal(status, 74);
  assert.ok(loaded.includes('node:http'));
  const never = new Set(['node:internal/deps/undici/undici', 'node:http2', 'node:zlib', 'node:tls', 'node:https']);
  assert.deepEqual(
    loaded.filter((url) => READERS.test(url) || never.has(url)),
    [],
  );
});

const UNSAFE: Readonly<Record<string, (base: string) => void>> = {
  'others may write above it': (base) => chmodSync(base, 0o777),
  'others may write to it': (base) => {
    mkdirSync(join(base, 'crenel', 'node'), { recursive: true });
    chmodSync(join(base, 'crenel', 'node'), 0o770);
  },
  'it leads elsewhere': (base) => {
    mkdirSync(join(base, 'theirs'));
    symlinkSync('theirs', join(base, 'crenel'));
  },
};
for (const [what, make] of Object.entries(UNSAFE))
  test(`nothing is read or kept where ${what}`, (t) => {
    const folder = folderFor(t);
    make(folder);
    runWith({ XDG_CACHE_HOME: folder });
    const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    assert.deepEqual(files, []);
  });
