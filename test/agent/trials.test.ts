import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { Enforcer } from '../../src/agent/enforcer.ts';
import { NftKernel } from '../../src/agent/nft-kernel.ts';
import type { NftProgram } from '../../src/agent/nft-program.ts';
import { startGuard } from '../../src/agent/guard.ts';
import { lockFolder, TrialFolder } from '../../src/agent/trial-folder.ts';
import { Trials } from '../../src/agent/trials.ts';
import { viewDigest } from '../../src/agent/view-digest.ts';
import { asId } from '../../src/core/model/ids.ts';
import { getRecord } from '../../src/core/model/world.ts';
import { expectOk, fail, ok, type Result } from '../../src/core/net/result.ts';
import { type HostView, hostViewOf } from '../../src/core/policy/host-view.ts';
import type { Wiring } from '../../src/nft/wiring.ts';
import { compactWorld } from '../compact.ts';
import { localWiring } from '../nft/ends.ts';
import { until } from '../server/listener.ts';

/** Views that differ in what they let in. */
function viewOf(port: number, revision = 1): HostView {
  const world = compactWorld({
    vpcs: { V1: { cidrs: ['10.0.0.0/16'] } },
    subnets: { S1: { vpc: 'V1', cidrs: ['10.0.1.0/24'] } },
    groups: { A: { vpc: 'V1', ingress: [`tcp/${port} 0.0.0.0/0`, 'tcp/9 group:A'] } },
    enis: { a: { subnet: 'S1', addresses: ['10.0.1.10'], groups: ['A'] } },
  });
  return { ...hostViewOf(world, [asId('a')]), revision };
}

function wiringOf({ world }: HostView): Wiring {
  const eni = getRecord(world, 'enis', asId('a'));
  assert.ok(eni !== undefined);
  return localWiring(eni);
}

const WIRING = wiringOf(viewOf(1));

let path: string;
beforeEach(() => {
  path = mkdtempSync(join(tmpdir(), 'crenel-trials-'));
});
afterEach(() => rmSync(path, { recursive: true, force: true }));

function onTrial(): readonly string[] {
  return readdirSync(path).filter((name) => name.startsWith('before-'));
}

function silent(): void {
  // Nobody reads what these tests log.
}

/** Trials over a kernel that takes everything; `answers` are what asking for the server gives, in order. */
function setUp(
  answers: readonly boolean[],
  nft: string = 'true',
): {
  readonly trials: Trials;
  readonly enforcer: Enforcer;
  readonly applied: string[][];
  readonly asked: () => number;
} {
  const applied: string[][] = [];
  let asked = 0;
  const reach = async (): Promise<Result<void>> => {
    const isReached = answers[asked];
    asked += 1;
    return await Promise.resolve(isReached === true ? ok(undefined) : fail('no answer'));
  };
  const folder = expectOk(TrialFolder.open(path));
  const trials = new Trials({ folder, nft: () => [nft], seconds: 5, reach, log: silent });
  const program: NftProgram = {
    apply: async (lines) => {
      applied.push([...lines]);
      return await Promise.resolve(ok(undefined));
    },
    check: async () => await Promise.resolve(ok(undefined)),
    list: async () => await Promise.resolve(ok('')),
  };
  const enforcer = new Enforcer(new NftKernel(program), WIRING);
  return { trials, enforcer, applied, asked: () => asked };
}

async function again({ trials, enforcer }: ReturnType<typeof setUp>, view: HostView): Promise<string> {
  const done = await trials.enforce(enforcer, view, WIRING);
  return done.ok ? 'confirmed' : done.error.again;
}

describe('trials', () => {
  test('confirm rules with which the server is reached, and leave nothing behind', async () => {
    const one = setUp([true]);
    assert.equal(await again(one, viewOf(1)), 'confirmed');
    assert.ok(one.applied.length > 0);
    assert.deepEqual(onTrial(), []);
    assert.equal(one.enforcer.revision, 1);
  });

  test('do not try what changes nothing', async () => {
    const one = setUp([true]);
    await again(one, viewOf(1));
    assert.equal(await again(one, viewOf(1, 2)), 'confirmed');
    assert.equal(one.asked(), 1);
  });

  test('take rules back with which the server is not reached, and try them once more after a while', async () => {
    const one = setUp([false, true]);
    assert.equal(await again(one, viewOf(1)), 'later');
    assert.deepEqual(onTrial(), []);
    const count = one.applied.length;
    assert.equal(await again(one, viewOf(1, 2)), 'later', 'a newer revision that says the same');
    assert.equal(one.applied.length, count);
    assert.equal(one.asked(), 2);
  });

  test('go back to the rules before, and not further', async () => {
    const one = setUp([true, false, true]);
    await again(one, viewOf(1, 1));
    assert.equal(await again(one, viewOf(2, 2)), 'later');
    assert.equal(one.enforcer.revision, 1);
  });

  test('blame no rules for a server that is not reached without them either, and wait for it', async () => {
    const one = setUp([false, false, false, true, true]);
    assert.equal(await again(one, viewOf(1)), 'soon');
    const count = one.applied.length;
    assert.equal(await again(one, viewOf(1)), 'soon');
    assert.equal(one.applied.length, count, 'nothing is tried while it is away');
    assert.equal(await again(one, viewOf(1)), 'confirmed');
  });

  test('are given up for the same rules after the second time, across starts, until others come or an end on purpose', async () => {
    const first = setUp([false, true]);
    await again(first, viewOf(1));
    const second = setUp([false, true, true]);
    assert.equal(await again(second, viewOf(1)), 'never');
    assert.equal(await again(second, viewOf(1, 9)), 'never');
    assert.equal(await again(second, viewOf(2)), 'confirmed');
    const third = setUp([true]);
    assert.equal(await again(third, viewOf(1)), 'never');
    third.trials.stop();
    assert.equal(await again(third, viewOf(2)), 'never', 'who ends tries nothing');
    assert.equal(await again(setUp([true]), viewOf(1)), 'confirmed');
  });

  test('come slower after three in a row that failed, whichever they are', async () => {
    const one = setUp([false, true, false, true, false, true]);
    for (const port of [1, 2, 3]) assert.equal(await again(one, viewOf(port)), 'later');
    const count = one.applied.length;
    assert.equal(await again(one, viewOf(4)), 'later');
    assert.equal(one.applied.length, count);
  });

  test('change nothing where nft does not take what would undo it', async () => {
    const one = setUp([true], 'false');
    const done = await one.trials.enforce(one.enforcer, viewOf(1), WIRING);
    assert.ok(!done.ok && done.error.again === 'soon');
    assert.match(done.error.message, /nft does not take what would take them back/u);
    assert.deepEqual([one.applied, onTrial()], [[], []]);
  });

  test('of an earlier run are taken back first, the oldest, and count against the rules', async () => {
    const folder = expectOk(TrialFolder.open(path));
    const digest = viewDigest(viewOf(1));
    expectOk(folder.begin(digest, ['add table inet crenel']));
    const broken = setUp([true], 'false');
    const held = await broken.trials.enforce(broken.enforcer, viewOf(1), WIRING);
    assert.ok(!held.ok && /the rules before cannot be put back/u.test(held.error.message));
    assert.deepEqual([broken.applied, onTrial().length], [[], 1], 'nothing else happens before');
    const one = setUp([false, true]);
    assert.equal(await again(one, viewOf(1)), 'never', 'killed once, taken back once');
    assert.deepEqual(onTrial(), []);
  });
});

describe('the folder of trials', () => {
  test('holds what it was given, whole, and forgets what was half written', () => {
    writeFileSync(join(path, 'before-0123456789abcdef-0123456789ab.nft.new'), 'half');
    writeFileSync(join(path, 'taken-back.json'), '{"a": "b", "c": 2, ');
    const folder = expectOk(TrialFolder.open(path));
    assert.deepEqual(expectOk(folder.unconfirmed()), []);
    assert.equal(folder.strikes().size, 0);
    const lines = Array.from({ length: 20_000 }, (_, index) => `line ${index}`);
    const file = expectOk(folder.begin('0123456789abcdef', lines));
    assert.equal(readFileSync(file, 'utf8'), `${lines.join('\n')}\n`);
    assert.deepEqual(expectOk(folder.unconfirmed()), [{ file, digest: '0123456789abcdef' }]);
    expectOk(folder.end(file));
    assert.deepEqual(readdirSync(path), ['taken-back.json']);
    expectOk(folder.keepStrikes(new Map(Array.from({ length: 40 }, (_, index) => [`d${index}`, 1]))));
    assert.deepEqual([...folder.strikes().keys()].slice(0, 2), ['d8', 'd9']);
  });

  test('that cannot be used is refused with its name', () => {
    const opened = TrialFolder.open(join(path, 'x\0y'));
    assert.ok(!opened.ok && opened.error.includes('cannot be used'));
  });

  test('belongs to one agent at a time', async () => {
    expectOk(await lockFolder(path));
    const second = await lockFolder(path);
    assert.ok(!second.ok && second.error.includes('another agent'));
  });
});

describe('a guard', () => {
  test('does what it is told when its time comes and the file is still there', async () => {
    const [file, mark] = [join(path, 'file'), join(path, 'mark')];
    writeFileSync(file, '');
    expectOk(await startGuard(['touch', mark], { file, seconds: 0 }));
    await until(() => existsSync(mark));
  });

  test('does nothing when the file is gone or it is called off', async () => {
    const [file, mark, end] = [join(path, 'file'), join(path, 'mark'), join(path, 'end')];
    expectOk(await startGuard(['touch', mark], { file, seconds: 0 }));
    writeFileSync(end, '');
    const guard = expectOk(await startGuard(['touch', mark], { file: end, seconds: 1 }));
    guard.callOff();
    expectOk(await startGuard(['touch', file], { file: end, seconds: 1.2 }));
    await until(() => existsSync(file));
    assert.ok(!existsSync(mark));
  });
});

test('a digest is of what a view says, not of its revision', () => {
  assert.equal(viewDigest(viewOf(1, 1)), viewDigest(viewOf(1, 2)));
  assert.notEqual(viewDigest(viewOf(1)), viewDigest(viewOf(2)));
  const members = { ipv4: Uint32Array.of(1, 2), ipv6: new Uint32Array(), prefixes: [] };
  const of = (more: typeof members): HostView => ({ ...viewOf(1), members: new Map([[asId('A'), more]]) });
  assert.equal(viewDigest(of(members)), viewDigest(of({ ...members })));
  assert.notEqual(viewDigest(of(members)), viewDigest(of({ ...members, ipv4: Uint32Array.of(1, 3) })));
});
