// The agent's unit for systemd: one capability, a command that the program knows, and nothing that systemd would complain about.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { readProjectFile } from './architecture/project-files.ts';
import { MAIN } from './e2e/server-process.ts';

const unit = readProjectFile('packaging/systemd/crenel-agent.service');
/** `--offline` came with version 250. */
const version = /^systemd (\d+)/.exec(
  spawnSync('systemd-analyze', ['--version'], { encoding: 'utf8' }).stdout || '',
)?.[1];
const WHY_NOT = Number(version ?? 0) >= 250 ? false : 'needs systemd-analyze of systemd 250 or newer';

/** The values of a setting, in their order. */
function valuesOf(name: string): readonly string[] {
  return [...unit.matchAll(new RegExp(`^${name}=(.*)$`, 'gm'))].map(([, value = '']) => value);
}

test('the agent has CAP_NET_ADMIN and no other capability, is nobody in particular, and keeps its state for itself', () => {
  assert.deepEqual(valuesOf('CapabilityBoundingSet'), ['CAP_NET_ADMIN']);
  assert.deepEqual(valuesOf('AmbientCapabilities'), ['CAP_NET_ADMIN']);
  assert.deepEqual(valuesOf('DynamicUser'), ['yes']);
  assert.deepEqual(valuesOf('StateDirectoryMode'), ['0700']);
});

test('its command is one that the program knows, and the token is not in it', () => {
  const [command = ''] = valuesOf('ExecStart');
  const [program, ...words] = command.split(' ');
  assert.equal(program, '/usr/local/bin/crenel');
  const options = words.filter((word) => word.startsWith('--'));
  const example = /CRENEL_AGENT=(.*)$/m.exec(unit)?.[1]?.split(' ') ?? [];
  const { stdout } = spawnSync(process.execPath, [MAIN, 'agent', '--help'], { encoding: 'utf8' });
  for (const option of [...options, ...example.filter((word) => word.startsWith('--'))])
    assert.match(stdout, new RegExp(`^ +${option}\\b`, 'm'));
  assert.equal(words[words.indexOf('--enrol') + 1], `%d/${valuesOf('LoadCredential')[0]}`);
});

test('systemd understands it, and finds little that it leaves open', { skip: WHY_NOT }, (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'crenel-unit-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'crenel-agent.service');
  writeFileSync(path, unit.replaceAll('/usr/local/bin/crenel', '/bin/true'));
  const verified = spawnSync('systemd-analyze', ['verify', path], { encoding: 'utf8' });
  // It also tells what is wrong with other units of the machine.
  assert.doesNotMatch(verified.stderr, /crenel/);
  // Of 100; a unit without settings has 96, this one 19 by systemd 252. What is left is the network and CAP_NET_ADMIN.
  const rated = spawnSync('systemd-analyze', ['security', '--offline=true', '--threshold=30', path], {
    encoding: 'utf8',
  });
  assert.equal(rated.status, 0, rated.stdout);
});
