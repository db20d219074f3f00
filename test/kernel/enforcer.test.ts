// The kernel follows views, survives what fails, and is put right when somebody else touched it.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Enforcer } from '../../src/agent/enforcer.ts';
import type { Kernel } from '../../src/agent/kernel.ts';
import { RELAYS } from '../../src/agent/netlink.ts';
import { NetlinkKernel } from '../../src/agent/netlink-kernel.ts';
import { NftKernel } from '../../src/agent/nft-kernel.ts';
import { type NftProgram, nftProgram } from '../../src/agent/nft-program.ts';
import { asId, type EniId } from '../../src/core/model/ids.ts';
import { fail, ok } from '../../src/core/net/result.ts';
import { type HostView, hostViewOf } from '../../src/core/policy/host-view.ts';
import type { Command } from '../../src/nft/command.ts';
import { NO_NUMBERS } from '../../src/nft/plan.ts';
import type { Rule } from '../../src/nft/ruleset.ts';
import type { Wiring } from '../../src/nft/wiring.ts';
import { compactWorld } from '../compact.ts';
import { plantOf } from '../nft/legs.ts';
import { randomWorld } from '../property/generators.ts';
import { Namespace, whyNoKernel } from './namespace.ts';

const WHY_NOT = whyNoKernel();

/** The first VPC of a random world, as a host sees it. */
function hostOf(seed: number): { readonly view: HostView; readonly wiring: Wiring } {
  const world = compactWorld(randomWorld(seed));
  const [wiring] = [...plantOf(world).wirings.values()];
  assert.ok(wiring !== undefined);
  return { wiring, view: hostViewOf(world, wiring.enis.keys(), wiring.natGateways.values()) };
}

const WAYS: readonly (readonly [string, (namespace: string) => Kernel])[] = [
  ['the nft program', (namespace) => new NftKernel(nftProgram({ namespace }))],
  ...RELAYS.map(
    (relay) =>
      [
        `netlink, which ${relay[0]} opens`,
        (namespace: string) => new NetlinkKernel({ namespace, relays: [relay] }),
      ] as const,
  ),
];

for (const [way, kernelOf] of WAYS)
  describe(`the enforcer by ${way}`, { skip: WHY_NOT ?? false }, () => enforces(kernelOf));

function enforces(kernelOf: (namespace: string) => Kernel): void {
  let namespace: Namespace;
  let kernel: Kernel;
  before(() => {
    namespace = new Namespace('enforcer');
    kernel = kernelOf(namespace.name);
  });
  after(() => {
    kernel.close();
    namespace.close();
  });

  test('writes a view once: whoever comes next finds nothing to do', async () => {
    const { view, wiring } = hostOf(1);
    const first = await new Enforcer(kernel, wiring).enforce(view);
    assert.ok(first.ok && first.value.commands > 100);
    const restarted = await new Enforcer(kernel, wiring).enforce(view);
    assert.ok(restarted.ok);
    assert.equal(restarted.value.commands, 0);
  });

  test('writes timeouts once that are those of nft itself', async () => {
    const compact = randomWorld(1);
    const timeouts = { tcpEstablished: 432_000, udpStream: 120, udp: 30 };
    const enis = Object.entries(compact.enis ?? {}).map(([name, eni]) => [name, { ...eni, timeouts }] as const);
    const world = compactWorld({ ...compact, enis: Object.fromEntries(enis) });
    const [wiring] = [...plantOf(world).wirings.values()];
    assert.ok(wiring !== undefined);
    const view = hostViewOf(world, wiring.enis.keys(), wiring.natGateways.values());
    const enforcer = new Enforcer(kernel, wiring);
    assert.ok((await enforcer.enforce(view)).ok);
    const verified = await enforcer.verify();
    assert.ok(verified.ok);
    assert.deepEqual(verified.value.commands, []);
  });

  test('reports what others changed, and repairs it', async () => {
    const { view, wiring } = hostOf(1);
    const enforcer = new Enforcer(kernel, wiring);
    assert.ok((await enforcer.enforce(view)).ok);
    const clean = await enforcer.verify();
    assert.ok(clean.ok && clean.value.commands.length === 0);
    namespace.run('nft', ['insert rule inet crenel ingress accept']);
    namespace.run('nft', ['delete chain inet crenel spoof']);
    const found = await enforcer.verify();
    assert.ok(found.ok && found.value.commands.length > 0);
    const again = await enforcer.verify();
    assert.ok(again.ok && again.value.commands.length === 0);
    namespace.run('nft', ['flush ruleset']);
    const gone = await enforcer.verify();
    assert.ok(gone.ok && gone.value.commands.length > 100);
  });

  test('a change that fails leaves the old rules whole, and the next one comes through', async () => {
    const [one, two] = [hostOf(2), hostOf(5)];
    let isBroken = false;
    const accepts: Rule = [{ kind: 'verdict', verdict: 'accept' }];
    const nowhere: Command = { kind: 'add-rules', chain: { name: 'nowhere', rules: [accepts] } };
    const flaky: Kernel = {
      ...partsOf(kernel),
      apply: async (commands) => await kernel.apply(isBroken ? [...commands, nowhere] : commands),
    };
    const enforcer = new Enforcer(flaky, one.wiring);
    assert.ok((await enforcer.enforce(one.view)).ok);
    const held = namespace.run('nft', ['-s', 'list', 'ruleset']).stdout;
    isBroken = true;
    const failed = await enforcer.enforce(two.view, two.wiring);
    assert.ok(!failed.ok && failed.error.kind === 'failed', 'the transaction is refused');
    assert.equal(namespace.run('nft', ['-s', 'list', 'ruleset']).stdout, held);
    assert.equal(enforcer.revision, one.view.revision);
    isBroken = false;
    assert.ok((await enforcer.enforce(two.view, two.wiring)).ok);
    assert.notEqual(namespace.run('nft', ['-s', 'list', 'ruleset']).stdout, held);
    const verified = await enforcer.verify();
    assert.ok(verified.ok && verified.value.commands.length === 0);
  });
}

/** The parts of a kernel, so that one of them can be another. */
function partsOf(kernel: Kernel): Kernel {
  return {
    reach: async () => await kernel.reach(),
    way: kernel.way,
    mostAtOnce: kernel.mostAtOnce,
    readsStrangers: kernel.readsStrangers,
    apply: async (commands) => await kernel.apply(commands),
    read: async (expect) => await kernel.read(expect),
    isUntouched: async () => await kernel.isUntouched(),
    counts: async (chains) => await kernel.counts(chains),
    close: () => kernel.close(),
  };
}

describe('a host that cannot enforce', () => {
  test('says so when nft is missing', async () => {
    const { view, wiring } = hostOf(1);
    const enforced = await new Enforcer(new NftKernel(nftProgram({ program: '/nowhere/nft' })), wiring).enforce(view);
    assert.ok(!enforced.ok && enforced.error.kind === 'cannot');
    assert.match(enforced.error.message, /not installed/u);
  });

  test('knows what can never be from what may be later', async () => {
    const { view, wiring } = hostOf(2);
    const silent: NftProgram = {
      apply: async () => await Promise.resolve(ok(undefined)),
      check: async () => await Promise.resolve(ok(undefined)),
      list: async () => await Promise.resolve(ok('')),
    };
    const [attachment] = wiring.enis.values();
    assert.ok(attachment !== undefined);
    const crossed = { ...wiring, enis: new Map([...wiring.enis, [asId<EniId>('eni-other'), attachment]]) };
    const kinds: string[] = [];
    for (const [at, numbers] of [
      [crossed, NO_NUMBERS],
      [wiring, { ...NO_NUMBERS, most: 1 }],
    ] as const) {
      const enforced = await new Enforcer(new NftKernel(silent), at, undefined, numbers).enforce(view);
      kinds.push(enforced.ok ? 'enforced' : `${enforced.error.kind}: ${enforced.error.message.slice(0, 15)}`);
    }
    assert.deepEqual(kinds, [
      `hopeless: ${`device ${attachment.device} stands`.slice(0, 15)}`,
      'hopeless: the groups of t',
    ]);
  });

  test('changes nothing before it has read what there is', async () => {
    const { view, wiring } = hostOf(1);
    const calls: string[] = [];
    const blind: NftProgram = {
      apply: async () => {
        calls.push('apply');
        return await Promise.resolve(fail({ kind: 'failed', message: 'no' }));
      },
      check: async () => await Promise.resolve(fail({ kind: 'failed', message: 'no' })),
      list: async () => await Promise.resolve(fail({ kind: 'failed', message: 'no listing' })),
    };
    assert.ok(!(await new Enforcer(new NftKernel(blind), wiring).enforce(view)).ok);
    assert.deepEqual(calls, []);
  });
});
