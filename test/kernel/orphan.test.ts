// Programs that outlive the agent which started them: what it was killed in the middle of telling them is not done by half, and what they do too
// late is not done at all.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Enforcer } from '../../src/agent/enforcer.ts';
import { NftKernel } from '../../src/agent/nft-kernel.ts';
import { nftProgram } from '../../src/agent/nft-program.ts';
import { expectOk } from '../../src/core/net/result.ts';
import type { World } from '../../src/core/model/world.ts';
import { type HostView, hostViewOf } from '../../src/core/policy/host-view.ts';
import type { Wiring } from '../../src/nft/wiring.ts';
import { compactWorld } from '../compact.ts';
import { plantOf } from '../nft/legs.ts';
import { until } from '../server/listener.ts';
import { Namespace, whyNoKernel } from './namespace.ts';

const WHY_NOT = whyNoKernel();
const AGENT_PROGRAM = fileURLToPath(new URL('../../src/agent/nft-program.ts', import.meta.url));

describe('a program that outlives its agent', { skip: WHY_NOT ?? false }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'crenel-orphan-'));
  const [slow, go, began] = ['slow-nft', 'go', 'began'].map((name) => join(folder, name));
  assert.ok(slow !== undefined && go !== undefined && began !== undefined);
  let namespace: Namespace;
  before(() => {
    namespace = new Namespace('orphan');
    // It reads what it shall do only when it is let.
    const waits = `touch ${began}; while [ ! -e ${go} ]; do sleep 0.02; done`;
    writeFileSync(slow, `#!/bin/sh\ncase "$*" in *-f*) ${waits};; esac\nnft "$@"\n`);
    chmodSync(slow, 0o755);
  });
  after(() => {
    namespace.close();
    rmSync(folder, { recursive: true });
  });

  function table(): string {
    return namespace.run('nft', ['-s', 'list', 'ruleset']).stdout;
  }

  function reset(): void {
    namespace.run('nft', ['flush ruleset']);
    for (const path of [go, began]) rmSync(path ?? '', { force: true });
  }

  test('does all that the agent had to say or nothing, however long it is', async () => {
    reset();
    const { name } = namespace;
    const elements = `Array.from({ length: 40000 }, (_, n) => \`add element inet t s { 10.0.\${n >> 8}.\${n & 255} }\`)`;
    const script = `import { nftProgram } from ${JSON.stringify(AGENT_PROGRAM)};
      const program = nftProgram({ namespace: ${JSON.stringify(name)}, program: ${JSON.stringify(slow)} });
      await program.apply(['add table inet t', 'add set inet t s { type ipv4_addr; }', ...${elements}]);`;
    const agent = spawn(process.execPath, ['--input-type=module-typescript', '--eval', script], { stdio: 'inherit' });
    await until(() => existsSync(began));
    agent.kill('SIGKILL');
    await once(agent, 'close');
    writeFileSync(go, '');
    await until(() => addressesIn(table()) > 0);
    assert.equal(addressesIn(table()), 40_000);
  });

  test('changes nothing when another agent has come meanwhile', async () => {
    reset();
    const { wiring, views } = changes();
    const first = new Enforcer(new NftKernel(nftProgram({ namespace: namespace.name })), wiring);
    expectOk(await first.enforce(views.closed));
    const late = new Enforcer(new NftKernel(nftProgram({ namespace: namespace.name, program: slow })), wiring);
    const opening = late.enforce(views.open);
    await until(() => existsSync(began));
    // The one that is killed here would have opened a port; who comes after it knows of no such rule.
    const next = new Enforcer(new NftKernel(nftProgram({ namespace: namespace.name })), wiring);
    expectOk(await next.enforce(views.closed));
    const held = table();
    writeFileSync(go, '');
    const opened = await opening;
    assert.ok(!opened.ok, 'the late change is refused');
    assert.match(opened.error.message, /another program changed the rules/u);
    assert.equal(table(), held);
    assert.deepEqual(expectOk(await next.verify()).commands, []);
  });

  test('does not make a table a second time', async () => {
    reset();
    const { wiring, views } = changes();
    const late = new Enforcer(new NftKernel(nftProgram({ namespace: namespace.name, program: slow })), wiring);
    const opening = late.enforce(views.open);
    await until(() => existsSync(began));
    const next = new Enforcer(new NftKernel(nftProgram({ namespace: namespace.name })), wiring);
    expectOk(await next.enforce(views.closed));
    const held = table();
    writeFileSync(go, '');
    assert.ok(!(await opening).ok, 'the late change is refused');
    assert.equal(table(), held);
  });
});

function addressesIn(text: string): number {
  return (text.match(/10\.0\.\d+\.\d+/gu) ?? []).length;
}

function worldOf(ingress: readonly string[]): World {
  return compactWorld({
    vpcs: { V1: { cidrs: ['10.0.0.0/16'] } },
    subnets: { S1: { vpc: 'V1', cidrs: ['10.0.1.0/24'] } },
    groups: { A: { vpc: 'V1', ingress } },
    enis: { a: { subnet: 'S1', addresses: ['10.0.1.10'], groups: ['A'] } },
  });
}

/** A port that is closed, and open to somebody who may use another port already: no chain is made for it, the first transaction opens it. */
function changes(): { readonly wiring: Wiring; readonly views: Readonly<Record<'closed' | 'open', HostView>> } {
  const closed = worldOf(['tcp/22 10.0.0.0/8']);
  const [wiring] = [...plantOf(closed).wirings.values()];
  assert.ok(wiring !== undefined);
  const viewOf = (world: World): HostView => hostViewOf(world, wiring.enis.keys());
  return {
    wiring,
    views: { closed: viewOf(closed), open: viewOf(worldOf(['tcp/22 10.0.0.0/8', 'tcp/80 10.0.0.0/8'])) },
  };
}
