// What the agent needs of the kernel, as its unit for systemd gives it: an ordinary user with CAP_NET_ADMIN and nothing else.
import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Enforcer } from '../../src/agent/enforcer.ts';
import type { Kernel } from '../../src/agent/kernel.ts';
import { RELAYS } from '../../src/agent/netlink.ts';
import { NetlinkKernel } from '../../src/agent/netlink-kernel.ts';
import { NftKernel } from '../../src/agent/nft-kernel.ts';
import { nftProgram } from '../../src/agent/nft-program.ts';
import { hostViewOf } from '../../src/core/policy/host-view.ts';
import { compactWorld } from '../compact.ts';
import { plantOf } from '../nft/legs.ts';
import { randomWorld } from '../property/generators.ts';
import { Namespace, whyNoKernel } from './namespace.ts';

const WHY_NOT = whyNoKernel(['nft', 'ip', 'setpriv']);

const world = compactWorld(randomWorld(1));
const [wiring] = [...plantOf(world).wirings.values()];
assert.ok(wiring !== undefined);
const view = hostViewOf(world, wiring.enis.keys(), wiring.natGateways.values());
const WIRING = wiring;

/** What makes a command one of the user nobody, with these capabilities. */
function asNobody(capabilities: string): readonly string[] {
  const sets = ['--inh-caps', '--ambient-caps', '--bounding-set'].map((set) => `${set}=${capabilities}`);
  return ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', '--no-new-privs', ...sets, '--'];
}

type Way = (namespace: string, capabilities: string) => Kernel;

/** `nft` is found in a folder as a script that gives up all other rights first. */
function byNft(folder: string): Way {
  return (namespace, capabilities) => {
    const path = join(folder, `nft${capabilities}`);
    writeFileSync(path, `#!/bin/sh\nexec ${asNobody(capabilities).join(' ')} nft "$@"\n`, { mode: 0o755 });
    return new NftKernel(nftProgram({ namespace, program: path }));
  };
}

const byNetlink: Way = (namespace, capabilities) =>
  new NetlinkKernel({ namespace, relays: RELAYS.map((relay) => [...asNobody(capabilities), ...relay]) });

for (const way of ['the nft program', 'netlink'] as const)
  describe(`rules by ${way}`, { skip: WHY_NOT ?? false }, () => isEnough(way));

function isEnough(way: 'the nft program' | 'netlink'): void {
  let namespace: Namespace;
  let folder: string;
  let kernelOf: Way;
  before(() => {
    namespace = new Namespace('capability');
    folder = mkdtempSync(join(tmpdir(), 'crenel-capability-'));
    chmodSync(folder, 0o755);
    kernelOf = way === 'netlink' ? byNetlink : byNft(folder);
  });
  after(() => {
    namespace.close();
    rmSync(folder, { recursive: true });
  });

  test('are all that the agent wants as an ordinary user with CAP_NET_ADMIN alone', async () => {
    const enforcer = new Enforcer(kernelOf(namespace.name, '-all,+net_admin'), WIRING);
    const enforced = await enforcer.enforce(view);
    assert.ok(enforced.ok && enforced.value.commands > 100);
    assert.ok((await enforcer.counts()).ok);
    const asRoot = await new Enforcer(new NftKernel(nftProgram({ namespace: namespace.name })), WIRING).verify();
    assert.ok(asRoot.ok && asRoot.value.commands.length === 0, 'root finds what should be there');
    namespace.run('nft', ['delete chain inet crenel spoof']);
    const repaired = await enforcer.verify();
    assert.ok(repaired.ok && repaired.value.commands.length > 0);
    enforcer.close();
  });

  test('do not change without it, and that is said', async () => {
    const held = namespace.run('nft', ['-s', 'list', 'ruleset']).stdout;
    const kernel = kernelOf(namespace.name, '-all');
    const reached = await kernel.reach();
    const enforced = await new Enforcer(kernel, WIRING).enforce(view);
    for (const done of [reached, enforced]) {
      assert.ok(!done.ok && done.error.kind === 'cannot');
      assert.match(done.error.message, /needs CAP_NET_ADMIN/);
    }
    assert.equal(namespace.run('nft', ['-s', 'list', 'ruleset']).stdout, held);
    kernel.close();
  });
}
