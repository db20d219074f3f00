// `crenel host` and `crenel status` against a server that lets hosts in over TLS.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { nodeIo } from '../../src/cli/node-io.ts';
import { runCli } from '../../src/cli/program.ts';
import { readToken } from '../../src/server/enrolment/token.ts';
import { type EnrolmentServer, enrolIn, enrolmentServer, folderOf } from '../server/enrolment-server.ts';
import { ADMIN } from '../server/sync-server.ts';

type Said = { readonly status: number; readonly out: string; readonly err: string };

async function crenelOf(t: TestContext, server: EnrolmentServer): Promise<(words: string) => Promise<Said>> {
  const ca = join(folderOf(t), 'ca.pem');
  writeFileSync(ca, server.authority.certificate);
  return await Promise.resolve(async (words: string) => {
    const said = { out: '', err: '' };
    const status = await runCli([...words.split(' '), '--endpoint', server.url, '--ca', ca], {
      ...nodeIo(),
      env: { AWS_ACCESS_KEY_ID: ADMIN.accessKeyId, AWS_SECRET_ACCESS_KEY: ADMIN.secretAccessKey },
      stdout: { write: (text) => (said.out += text) },
      stderr: { write: (text) => (said.err += text) },
    });
    return { status, ...said };
  });
}

const tokenIn = (text: string): string => /crenel-enrol:\S*?(?=[\s"]|$)/m.exec(text)?.[0] ?? assert.fail(text);

test('a host is invited, let in, told what to hold, and removed; its state is told at each step', async (t) => {
  const server = await enrolmentServer(t);
  const crenel = await crenelOf(t, server);
  const added = await crenel(
    'host add rack-1 --attach eni-1=tap0/02:00:00:00:00:01 eni-2 --via https://crenel.example:4700',
  );
  assert.equal(added.status, 0, added.err);
  const token = tokenIn(added.out);
  assert.ok(readToken(token).ok);
  // The command can be copied as it stands: every line but the last goes on.
  const command = added.out.split('\n').filter((line) => line.startsWith('  '));
  assert.deepEqual(command, [
    '  crenel agent \\',
    '    --endpoint https://crenel.example:4700 \\',
    '    --attach eni-1=tap0/02:00:00:00:00:01 \\',
    '    --attach eni-2=DEVICE/MAC-OF-THE-GUEST \\',
    `    --enrol=${token}`,
  ]);
  assert.match(added.out, /^rack-1 may come in once, until 20/);
  assert.doesNotMatch(added.out, /this machine alone/);
  assert.match((await crenel('status')).out, /rack-1 +invited +until 20/);
  assert.ok((await enrolIn(folderOf(t), server, token)).ok);
  const status = await crenel('status');
  assert.match(
    status.out.replaceAll(/\s+/g, ' '),
    /rack-1 gone not heard of since the server began, certificate until 20/,
  );
  assert.equal(status.status, 1);
  assert.match((await crenel('host allow rack-1 --attach eni-3')).out, /^rack-1 may hold eni-3 from now on/);
  const document = JSON.parse((await crenel('status --json')).out) as { readonly hosts: readonly unknown[] };
  assert.match(JSON.stringify(document), /"holds":\{"enis":\["eni-3"\],"instances":\[\]\}/);
  const removed = await crenel('host remove rack-1');
  assert.match(removed.out, /nft delete table inet crenel/);
  assert.match((await crenel('status')).out, /rack-1 +removed +at 20/);
  assert.equal((await crenel('status')).status, 0);
  const again = await crenel('host remove rack-1');
  assert.equal(again.status, 66);
  assert.match(again.err, /^crenel: the host rack-1 was removed at 20/);
  for (const words of ['host remove rack-2', 'host allow rack-2 --attach eni-1']) {
    const unknown = await crenel(words);
    assert.deepEqual([unknown.status, unknown.out], [66, '']);
    assert.match(
      unknown.err.replaceAll(/\s+/g, ' '),
      /^crenel: no host rack-2 was let in or invited here; one that signs by an access key is kept out by/,
    );
  }
});

test('of a host that was invited alone nothing is in force, and nobody is told to take it away', async (t) => {
  const server = await enrolmentServer(t);
  const crenel = await crenelOf(t, server);
  await crenel('host add rack-1 --attach eni-1');
  const removed = (await crenel('host remove rack-1')).out.replaceAll(/\s+/g, ' ');
  assert.equal(removed, 'rack-1 was invited and did not come in: its token is void. ');
  const status = (await crenel('status')).out.replaceAll(/\s+/g, ' ');
  assert.match(status, /rack-1 removed at \S+Z, before it came in $/);
  assert.match(status, /instances are records only/);
  // One that was in and is invited again has what it heard last.
  assert.ok((await enrolIn(folderOf(t), server, tokenIn((await crenel('host add rack-1 --attach eni-1')).out))).ok);
  await crenel('host remove rack-1');
  await crenel('host add rack-1 --attach eni-1');
  const again = (await crenel('status')).out.replaceAll(/\s+/g, ' ');
  assert.match(again, /hosts that are gone or removed had in force may still be rack-1 invited until/);
  assert.match((await crenel('host remove rack-1')).out, /nft delete table inet crenel/);
  assert.match((await crenel('status')).out.replaceAll(/\s+/g, ' '), /rack-1 removed .* may still be in force there/);
});

test('for programs there are documents', async (t) => {
  const server = await enrolmentServer(t);
  const crenel = await crenelOf(t, server);
  const added = JSON.parse((await crenel('host add rack-1 --instance i-1 --expires 2d --json')).out) as {
    readonly token: string;
    readonly expiresAt: string;
    readonly command: readonly string[];
  };
  assert.deepEqual(added.command, [
    'crenel',
    'agent',
    '--endpoint',
    server.url,
    '--instance',
    'i-1',
    '--device',
    'DEVICE',
    '--enrol',
    added.token,
  ]);
  const hours = (Date.parse(added.expiresAt) - Date.now()) / 3_600_000;
  assert.ok(hours > 47.9 && hours <= 48);
  assert.deepEqual(JSON.parse((await crenel('host allow rack-1 --instance i-2 --json')).out), {
    host: 'rack-1',
    holds: { enis: [], instances: ['i-2'] },
  });
  assert.deepEqual(JSON.parse((await crenel('host remove rack-1 --json')).out), {
    host: 'rack-1',
    isRemoved: true,
    cameIn: false,
  });
});

test('whoever copies a command that leads nowhere is told so', async (t) => {
  const server = await enrolmentServer(t);
  const crenel = await crenelOf(t, server);
  const here = await crenel('host add rack-1 --attach eni-1');
  assert.match(here.out.replaceAll(/\s+/g, ' '), /is this machine alone: --via says how rack-1 reaches the server/);
});

test('what cannot be meant is refused before the server is asked', async (t) => {
  const server = await enrolmentServer(t);
  const crenel = await crenelOf(t, server);
  for (const [words, message] of [
    ['host add rack-1', /say what the host may hold/],
    ['host add rack_1 --attach eni-1', /the name of a host has/],
    ['host add rack-1 --attach vpc-1', /--attach vpc-1 is not as/],
    ['host add rack-1 --attach eni-1=tap0', /is not as/],
    ['host add rack-1 --attach eni-1=tap0;reboot/02:00:00:00:00:01', /is not as/],
    ['host add rack-1 --attach eni-1 --instance i-1', /exclude each other/],
    ['host add rack-1 --instance x', /wants the id of an instance/],
    ['host add rack-1 --attach eni-1 --expires 8d', /--expires wants a time from 1m to 7d/],
    ['host add rack-1 --attach eni-1 --expires soon', /--expires wants/],
    ['host add rack-1 --attach eni-1 --via http://crenel.example', /use https/],
    ['host allow rack-1', /say what the host may hold/],
  ] as const) {
    const { status, err } = await crenel(words);
    assert.equal(status, 64, words);
    assert.match(err.replaceAll(/\s+/g, ' '), message, words);
  }
  assert.deepEqual(server.hosts().hosts, []);
});

test('a file that vouches for nobody is named', async (t) => {
  const server = await enrolmentServer(t);
  const empty = join(folderOf(t), 'empty.pem');
  writeFileSync(empty, 'no certificate');
  const said = { err: '' };
  for (const [file, message] of [
    ['/nowhere/ca.pem', /--ca: \/nowhere\/ca\.pem does not exist/],
    [empty, /--ca: .*empty\.pem holds no certificates as PEM/],
  ] as const) {
    said.err = '';
    const status = await runCli(['status', '--endpoint', server.url, '--ca', file], {
      ...nodeIo(),
      env: {},
      stderr: { write: (text) => (said.err += text) },
    });
    assert.equal(status, 64);
    assert.match(said.err, message);
  }
});
