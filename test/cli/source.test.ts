// Which of world and server a command asks where options and variables name both.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeIo } from '../../src/cli/node-io.ts';
import { runCli } from '../../src/cli/program.ts';
import { fail, ok } from '../../src/core/net/result.ts';

type Env = { readonly CRENEL_WORLD?: string; readonly CRENEL_ENDPOINT?: string; readonly AWS_ENDPOINT_URL?: string };
const NAMES: ReadonlySet<string> = new Set(['CRENEL_WORLD', 'CRENEL_ENDPOINT', 'AWS_ENDPOINT_URL']);

/** What a command line asks, or the end of what it says instead. Commander reads the variables of the process. */
async function askedBy(words: string, env: Env): Promise<string> {
  const before = process.env;
  process.env = { ...Object.fromEntries(Object.entries(before).filter(([name]) => !NAMES.has(name))), ...env };
  let asked = '';
  const said = { err: '' };
  const io = {
    ...nodeIo(),
    readWorld: async (path: string) => await Promise.resolve(note(`world ${path}`)),
    readServer: async (url: string) => await Promise.resolve(note(`server ${url}`)),
    readText: async () => await Promise.resolve(ok('version: 1\nignore: []\n')),
    stderr: { write: (text: string) => (said.err += text) },
  };
  function note(what: string): ReturnType<typeof fail<{ readonly kind: 'io'; readonly message: string }>> {
    asked = what;
    return fail({ kind: 'io', message: 'asked' });
  }
  const status = await runCli(words.split(' '), io);
  process.env = before;
  return asked === '' ? `${status} ${said.err.replaceAll(/\s+/gu, ' ').trim()}` : asked;
}

const [HERE, THERE] = ['http://127.0.0.1:9', 'http://127.0.0.2:9'];
const CASES: readonly (readonly [words: string, env: Env, asked: RegExp])[] = [
  ['matrix', { CRENEL_WORLD: 'w' }, /^world w$/],
  ['matrix', { CRENEL_ENDPOINT: HERE }, /^server http:\/\/127.0.0.1:9$/],
  ['matrix --world v', { CRENEL_WORLD: 'w' }, /^world v$/],
  ['matrix --world v', { CRENEL_ENDPOINT: HERE }, /^world v$/],
  ['matrix --world v', { CRENEL_WORLD: 'w', CRENEL_ENDPOINT: HERE }, /^world v$/],
  [`matrix --endpoint ${THERE}`, { CRENEL_WORLD: 'w' }, /^server http:\/\/127.0.0.2:9$/],
  [`matrix --endpoint ${THERE}`, { CRENEL_WORLD: 'w', CRENEL_ENDPOINT: HERE }, /^server http:\/\/127.0.0.2:9$/],
  [`lint --ignore - --endpoint ${THERE}`, { CRENEL_WORLD: '-' }, /^server/],
  ['matrix', { CRENEL_WORLD: 'w', CRENEL_ENDPOINT: '' }, /^world w$/],
  ['matrix', { CRENEL_WORLD: '', CRENEL_ENDPOINT: HERE }, /^server/],
  ['matrix', { CRENEL_WORLD: '', CRENEL_ENDPOINT: '' }, /^64 .*no world: give --world/],
  [
    'matrix',
    { CRENEL_WORLD: 'w', CRENEL_ENDPOINT: HERE },
    /^64 crenel: CRENEL_WORLD and CRENEL_ENDPOINT are both set: give --world or --endpoint, or unset one/,
  ],
  [`matrix --world v --endpoint ${THERE}`, {}, /^64 crenel: --world and --endpoint exclude each other/],
  // What asks nothing but a server asks it whatever world is named.
  ['status --world v', { CRENEL_ENDPOINT: HERE, AWS_ENDPOINT_URL: THERE }, /^74 crenel: cannot ask \S*127.0.0.1:9/],
];

for (const [words, env, asked] of CASES)
  test(`crenel ${words} with ${JSON.stringify(env)}`, async () => {
    assert.match(await askedBy(words, env), asked);
  });
