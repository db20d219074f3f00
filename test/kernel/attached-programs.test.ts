// BPF programs that have a device's packets first by tcx, of which neither ip nor tc tells: a host sees them all the same.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, before, describe, test, type TestContext } from 'node:test';
import { ASKERS, devicesWithPrograms } from '../../src/agent/attached-programs.ts';
import { looker } from '../../src/agent/devices.ts';
import { nftProgram } from '../../src/agent/nft-program.ts';
import { expectOk } from '../../src/core/net/result.ts';
import { Namespace, whyNoKernel } from './namespace.ts';

const WHY_NOT = whyNoKernel(['nft', 'ip', 'tc', 'python3']);

describe('programs attached by tcx', { skip: WHY_NOT ?? false }, () => {
  let namespace: Namespace;
  before(() => {
    namespace = new Namespace('tcx');
    for (const device of ['tap0', 'tap1'])
      namespace.run('ip', ['link', 'add', device, 'type', 'veth', 'peer', 'name', `p${device}`]);
  });
  after(() => namespace.close());

  /** Attaches a program to tap0 until its process ends; undefined on a kernel that has no tcx. */
  async function attached(t: TestContext): Promise<ChildProcess | undefined> {
    const script = new URL('attach-program.py', import.meta.url).pathname;
    const child = spawn('python3', [script, namespace.name, 'tap0'], { stdio: ['pipe', 'pipe', 'inherit'] });
    t.after(() => child.kill());
    const [said]: readonly unknown[] = (await once(child.stdout, 'data')) as readonly unknown[];
    if (String(said).startsWith('attached')) return child;
    t.skip(String(said));
    return undefined;
  }

  function indexOf(device: string): number {
    return Number(namespace.run('cat', [`/sys/class/net/${device}/ifindex`]).stdout);
  }

  test('are seen at their device alone, whoever asks, and gone when they go', async (t) => {
    const both = ['tap0', 'tap1'].map(indexOf);
    const ask = async (asker: readonly string[]): Promise<ReadonlySet<number>> =>
      expectOk(await devicesWithPrograms(both, (words) => ['ip', 'netns', 'exec', namespace.name, ...words], [asker]));
    const child = await attached(t);
    if (child === undefined) return;
    for (const asker of ASKERS) assert.deepEqual([...(await ask(asker))], [indexOf('tap0')], asker[0]);
    child.kill();
    await once(child, 'close');
    for (const asker of ASKERS) assert.deepEqual([...(await ask(asker))], [], asker[0]);
  });

  test('make a device one whose packets rules may not see', async (t) => {
    const looking = { namespace: namespace.name, program: nftProgram({ namespace: namespace.name }) };
    const look = looker({ ...looking, mode: 'tap', devices: ['tap0', 'tap1'] });
    assert.deepEqual([...expectOk(await look('everything')).detours], []);
    const child = await attached(t);
    if (child === undefined) return;
    const { detours, unknown } = expectOk(await look('everything'));
    assert.deepEqual([...detours.keys()], ['tap0']);
    assert.match(detours.get('tap0')?.join() ?? '', /BPF programs of tcx may hand its packets on before they meet/u);
    assert.deepEqual(unknown, []);
  });

  test('are not known where nobody can ask, and that is said', async () => {
    const asked = await devicesWithPrograms([1], (words) => words, [['crenel-no-such-program']]);
    assert.ok(!asked.ok);
    assert.match(asked.error, /neither perl nor python3/u);
    const odd = await devicesWithPrograms([1], () => ['echo', '1 -1']);
    assert.ok(!odd.ok);
    assert.match(odd.error, /error 1$/u);
    const none = await devicesWithPrograms([1], () => ['echo', 'something else']);
    assert.ok(!none.ok);
  });
});
