// What the agent needs of the kernel, as its unit for systemd gives it: an ordinary user with CAP_NET_ADMIN and nothing else.
import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Enforcer } from '../../src/agent/enforcer.ts';
import { nftProgram } from '../../src/agent/nft-program.ts';
import { hostViewOf } from '../../src/core/policy/host-view.ts';
import { compactWorld } from '../compact.ts';
import { plantOf } from '../nft/legs.ts';
import { randomWorld } from '../property/generators.ts';
import { Namespace, whyNoKernel } from './namespace.ts';

const WHY_NOT = whyNoKernel(['nft', 'ip', 'setpriv']);

describe('the nft program', { skip: WHY_NOT ?? false }, () => {
  let namespace: Namespace;
  let folder: string;
  before(() => {
    namespace = new Namespace('capability');
    folder = mkdtempSync(join(tmpdir(), 'crenel-capability-'));
    chmodSync(folder, 0o755);
  });
  after(() => {
    namespace.close();
    rmSync(folder, { recursive: true });
  });

  /** `nft` as the user nobody, with these capabilities. */
  function asNobody(capabilities: string): string {
    const path = join(folder, `nft${capabilities}`);
    const sets = ['--inh-caps', '--ambient-caps', '--bounding-set'].map((set) => `${set}=${capabilities}`).join(' ');
    const user = '--reuid=65534 --regid=65534 --clear-groups --no-new-privs';
    writeFileSync(path, `#!/bin/sh\nexec setpriv ${user} ${sets} -- nft "$@"\n`, { mode: 0o755 });
    return path;
  }

  const world = compactWorld(randomWorld(1));
  const [wiring] = [...plantOf(world).wirings.values()];
  assert.ok(wiring !== undefined);
  const view = hostViewOf(world, wiring.enis.keys(), wiring.natGateways.values());

  test('does all that the agent asks of it as an ordinary user with CAP_NET_ADMIN alone', async () => {
    const program = nftProgram({ namespace: namespace.name, program: asNobody('-all,+net_admin') });
    const enforcer = new Enforcer(program, wiring);
    const enforced = await enforcer.enforce(view);
    assert.ok(enforced.ok && enforced.value.commands > 100);
    assert.ok((await enforcer.counts()).ok);
    const asRoot = await new Enforcer(nftProgram({ namespace: namespace.name }), wiring).verify();
    assert.ok(asRoot.ok && asRoot.value.commands.length === 0, 'root finds what should be there');
    namespace.run('nft', ['delete chain inet crenel spoof']);
    const repaired = await enforcer.verify();
    assert.ok(repaired.ok && repaired.value.commands.length > 0);
  });

  test('can do nothing without it, and says so', async () => {
    const held = namespace.run('nft', ['-s', 'list', 'ruleset']).stdout;
    const program = nftProgram({ namespace: namespace.name, program: asNobody('-all') });
    const listed = await program.list(['list', 'tables']);
    const enforced = await new Enforcer(program, wiring).enforce(view);
    for (const done of [listed, enforced]) {
      assert.ok(!done.ok);
      assert.match(done.error.message, /needs CAP_NET_ADMIN/);
    }
    assert.equal(namespace.run('nft', ['-s', 'list', 'ruleset']).stdout, held);
  });
});
