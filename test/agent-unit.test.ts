// The agent's units for systemd: one capability, a command that the program knows, and nothing that systemd would complain about.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { readProjectFile } from './architecture/project-files.ts';
import { MAIN } from './e2e/server-process.ts';

const AGENT = 'crenel-agent.service';
const RESTORE = 'crenel-restore.service';
const UNITS = new Map([AGENT, RESTORE].map((name) => [name, readProjectFile(`packaging/systemd/${name}`)]));
/** `--offline` came with version 250. */
const version = /^systemd (\d+)/.exec(
  spawnSync('systemd-analyze', ['--version'], { encoding: 'utf8' }).stdout || '',
)?.[1];
const WHY_NOT = Number(version ?? 0) >= 250 ? false : 'needs systemd-analyze of systemd 250 or newer';

/** The values of a setting, in their order. */
function valuesOf(unit: string, name: string): readonly string[] {
  return [...(UNITS.get(unit) ?? '').matchAll(new RegExp(`^${name}=(.*)$`, 'gm'))].map(([, value = '']) => value);
}

for (const unit of UNITS.keys()) {
  test(`${unit} has CAP_NET_ADMIN and no other capability, is nobody in particular, and keeps its state for itself`, () => {
    assert.deepEqual(valuesOf(unit, 'CapabilityBoundingSet'), ['CAP_NET_ADMIN']);
    assert.deepEqual(valuesOf(unit, 'AmbientCapabilities'), ['CAP_NET_ADMIN']);
    assert.deepEqual(valuesOf(unit, 'DynamicUser'), ['yes']);
    assert.deepEqual(valuesOf(unit, 'StateDirectory'), ['crenel-agent']);
    assert.deepEqual(valuesOf(unit, 'StateDirectoryMode'), ['0700']);
    assert.deepEqual(valuesOf(unit, 'CacheDirectory'), ['crenel-agent']);
    assert.deepEqual(valuesOf(unit, 'CacheDirectoryMode'), ['0700']);
  });

  test(`the command of ${unit} is one that the program knows`, () => {
    const [command = ''] = valuesOf(unit, 'ExecStart');
    const [program, ...words] = command.split(' ');
    assert.equal(program, '/usr/local/bin/crenel');
    const options = words.filter((word) => word.startsWith('--'));
    const example = /CRENEL_AGENT=(.*)$/m.exec(UNITS.get(AGENT) ?? '')?.[1]?.split(' ') ?? [];
    const { stdout } = spawnSync(process.execPath, [MAIN, 'agent', '--help'], { encoding: 'utf8' });
    for (const option of [...options, ...example.filter((word) => word.startsWith('--'))])
      assert.match(stdout, new RegExp(`^ +${option}\\b`, 'm'));
  });
}

test('the token is not in the command', () => {
  const words = (valuesOf(AGENT, 'ExecStart')[0] ?? '').split(' ');
  assert.equal(words[words.indexOf('--enrol') + 1], `%d/${valuesOf(AGENT, 'LoadCredential')[0]}`);
});

test('the rules of before come before the network, and after what empties the ruleset; the agent comes after both', () => {
  assert.deepEqual(valuesOf(RESTORE, 'Type'), ['oneshot']);
  assert.match(valuesOf(RESTORE, 'Before').join(' '), /\bnetwork-pre\.target\b.*\bcrenel-agent\.service\b/);
  assert.match(valuesOf(RESTORE, 'After').join(' '), /\bnftables\.service\b/);
  assert.match(valuesOf(AGENT, 'After').join(' '), /\bnetwork-online\.target\b.*\bcrenel-restore\.service\b/);
  // A dynamic user has the name of its unit where none is given: both must be the same, for the state is its own.
  assert.deepEqual(valuesOf(RESTORE, 'User'), ['crenel-agent']);
});

test('systemd understands them, and finds little that they leave open', { skip: WHY_NOT }, (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'crenel-unit-'));
  t.after(() => rmSync(folder, { recursive: true }));
  for (const [name, text] of UNITS)
    writeFileSync(join(folder, name), text.replaceAll('/usr/local/bin/crenel', '/bin/true'));
  for (const name of UNITS.keys()) {
    const path = join(folder, name);
    const verified = spawnSync('systemd-analyze', ['verify', path], { encoding: 'utf8' });
    // It also tells what is wrong with other units of the machine.
    assert.doesNotMatch(verified.stderr, /crenel/);
    // Of 100; a unit without settings has 96, these 19 by systemd 252. What is left is the network and CAP_NET_ADMIN.
    const rated = spawnSync('systemd-analyze', ['security', '--offline=true', '--threshold=30', path], {
      encoding: 'utf8',
    });
    assert.equal(rated.status, 0, rated.stdout);
  }
});
