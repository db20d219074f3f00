// An agent in a process of its own, for `enforce.bench.ts`: it says when the kernel took what, by lines of JSON. Its devices are names: no packet is sent.
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { readFileSync } from 'node:fs';
import { Agent } from '../src/agent/agent.ts';
import { Enforcer } from '../src/agent/enforcer.ts';
import { giveBack } from '../src/agent/give-back.ts';
import type { Kernel } from '../src/agent/kernel.ts';
import { NetlinkKernel } from '../src/agent/netlink-kernel.ts';
import { asId, type EniId } from '../src/core/model/ids.ts';
import { listRecords } from '../src/core/model/world.ts';
import { ipv4 } from '../src/core/net/address.ts';
import { expectOk, ok } from '../src/core/net/result.ts';
import type { HostView } from '../src/core/policy/host-view.ts';
import { packMembers } from '../src/core/policy/members.ts';
import type { Attachment, Wiring } from '../src/nft/wiring.ts';
import { decodeMessage, encodeLine } from '../src/server/sync/codec.ts';
import { Outbox } from '../src/server/sync/outbox.ts';
import { ViewBuilder } from '../src/server/sync/view-builder.ts';
import { generateWorld } from './world.ts';

const [way = '', namespace = '', ...rest] = process.argv.slice(2);

/** Wall time in milliseconds that another process of this machine can compare with its own. */
function now(): number {
  return performance.timeOrigin + performance.now();
}

function say(what: Readonly<Record<string, unknown>>): void {
  const { user, system } = process.cpuUsage();
  const cpuMs = (user + system) / 1000;
  process.stdout.write(`${JSON.stringify({ ...what, at: now(), cpuMs, rss: process.memoryUsage().rss })}\n`);
}

function attachmentsOf(ids: readonly string[]): ReadonlyMap<EniId, Attachment> {
  return new Map(
    ids.map((id, at) => {
      const bytes = [at >> 16, at >> 8, at].map((byte) => (byte & 255).toString(16).padStart(2, '0'));
      return [asId<EniId>(id), { device: `d${at}`, mac: `02:00:00:${bytes.join(':')}` }];
    }),
  );
}

async function opened(): Promise<Kernel> {
  const kernel = new NetlinkKernel({ namespace });
  expectOk(await kernel.reach());
  return kernel;
}

/** Follows a server, for the interfaces whose ids a file has. */
async function follow([
  endpoint = '',
  idsPath = '',
  accessKeyId = '',
  secretAccessKey = '',
]: readonly string[]): Promise<void> {
  const kernel = await opened();
  const apply = kernel.apply.bind(kernel);
  const said: Kernel = Object.assign(kernel, {
    apply: async (...args: Parameters<Kernel['apply']>) => {
      const done = await apply(...args);
      say({ did: done.ok ? 'commit' : 'fail', commands: args[0].length });
      return done;
    },
  });
  const ids = readFileSync(idsPath, 'utf8').trim().split('\n');
  const enis = attachmentsOf(ids);
  const links = [...enis.values()].map(({ device }, at) => ({
    name: device,
    index: at + 10,
    kind: 'veth',
    hasProgram: false,
  }));
  const agent = new Agent({
    link: { endpoint: new URL(endpoint), region: 'eu-west-1', credentials: { accessKeyId, secretAccessKey } },
    host: 'bench',
    attaching: { mode: 'tap', enis, fabric: new Set() },
    kernel: said,
    connections: async () => await Promise.resolve(ok([])),
    look: async () => await Promise.resolve(ok({ links, detours: new Map(), unknown: [] })),
    log: (level, message) => {
      if (level === 'error') process.stderr.write(`${message}\n`);
      const revision = /^revision (\d+) is in force/.exec(message)?.[1];
      if (revision !== undefined) say({ did: 'in force', revision: Number(revision) });
    },
  });
  process.on('SIGUSR2', () => {
    giveBack();
    say({ did: 'rest' });
  });
  agent.start();
  await sleep(2 ** 30);
}

/** What an agent knows of a generated world whose interfaces are all here: as it reads it, line by line, so that it holds what it would hold. */
function heard(size: Parameters<typeof generateWorld>[0]): {
  readonly view: HostView;
  readonly ids: readonly EniId[];
} {
  const world = generateWorld(size);
  const ids = [...listRecords(world, 'enis')].map(({ id }) => id);
  const builder = new ViewBuilder();
  for (const message of new Outbox({ enis: ids, instances: [] }, 'bench').next({ world, revision: 1 }) ?? [])
    expectOk(builder.take(expectOk(decodeMessage(encodeLine(message).trimEnd()))));
  return { view: builder.view ?? assert.fail('the world was told'), ids };
}

/** Rules of 10,000 interfaces whose groups have so many members that sets hold as many elements as asked, into an empty kernel. */
async function cold([enis = '', groups = '', members = '']: readonly string[]): Promise<void> {
  const { view, ids } = heard({ enis: Number(enis), groups: Number(groups), subnets: 100 });
  const wiring: Wiring = {
    mode: 'forward',
    enis: attachmentsOf(ids),
    fabric: new Set(),
    stateful: new Set(),
    natGateways: new Map(),
  };
  const own = (at: number): readonly ReturnType<typeof ipv4>[] =>
    Array.from({ length: Number(members) }, (_, index) => ipv4(0x0b00_0000 + at * Number(members) + index));
  const wide = new Map([...view.members.keys()].map((id, at) => [id, packMembers(own(at), [])]));
  const enforcer = new Enforcer(await opened(), wiring);
  const before = now();
  expectOk(await enforcer.enforce({ ...view, members: wide }));
  say({
    did: 'cold',
    ms: now() - before,
    elements: wide.size * Number(members),
    most: process.resourceUsage().maxRSS * 1024,
  });
  giveBack();
  say({ did: 'rest' });
  enforcer.close();
}

await (way === 'follow' ? follow(rest) : cold(rest));
