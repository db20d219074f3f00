// A server, an agent and a namespace with two devices: all that may be killed, and somebody who watches.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { EC2Client } from '@aws-sdk/client-ec2';
import { nftProgram } from '../../src/agent/nft-program.ts';
import { parseAddress } from '../../src/core/net/address.ts';
import { type Packet, packetOf } from '../../src/core/net/packet.ts';
import { expectOk } from '../../src/core/net/result.ts';
import type { Transport } from '../../src/core/net/traffic.ts';
import { asId } from '../../src/core/model/ids.ts';
import type { World } from '../../src/core/model/world.ts';
import { type HostView, hostViewOf } from '../../src/core/policy/host-view.ts';
import { layout } from '../../src/nft/layout.ts';
import { type Listing, listingOf, parseListing } from '../../src/nft/listing.ts';
import { pastFrom } from '../../src/nft/past.ts';
import { NO_NUMBERS } from '../../src/nft/plan.ts';
import type { Wiring } from '../../src/nft/wiring.ts';
import { type Sent, Wire } from '../kernel/wire.ts';
import { normalForm } from '../nft/normal-form.ts';
import { type AgentProcess, startAgent } from './agent-process.ts';
import { buildVpc, clientOf, type VpcIds } from './changing-vpc.ts';
import type { Seen, Sending } from './judged.ts';
import { type Server, startServer } from './server-process.ts';

const [A, B] = ['10.0.1.10', '10.0.2.20'].map((text) => expectOk(parseAddress(text)));
export const MACS = { a: '02:00:00:00:00:0a', b: '02:00:00:00:00:0b' } as const;

/** What is probed: by rules that stay, by rules that come and go, by a NACL that does, and what nobody ever allows. */
const PROBED: readonly Pick<Extract<Transport, { kind: 'tcp' | 'udp' }>, 'kind' | 'destinationPort'>[] = [
  ...[5000, 5001, 5002, 5003, 5005, 6999].map((destinationPort) => ({ kind: 'tcp' as const, destinationPort })),
  ...[5000, 5004, 6050, 6999].map((destinationPort) => ({ kind: 'udp' as const, destinationPort })),
];

const PATIENCE_MS = 60_000;
/** An era is a number by the clock; which one does not matter to a form. */
const SOME_ERA = 50_000_000;

/** How the agent tells the kernel: by a program that passes netlink on and goes on running, or by one `nft` after another. */
export type Way = 'netlink' | 'nft';

/** All that comes back when it is killed. */
export class Stage {
  readonly wire: Wire;
  readonly folder: string = mkdtempSync(join(tmpdir(), 'crenel-kills-'));
  server!: Server;
  client!: EC2Client;
  agent!: AgentProcess;
  ids!: VpcIds;
  wiring!: Wiring;
  readonly #way: Way;
  #sent = 0;

  constructor(way: Way) {
    this.#way = way;
    this.wire = new Wire(`kill-${way}`, ['e0', 'e1']);
  }

  async open(): Promise<void> {
    // Programs start many times, and compile what they run once.
    process.env['NODE_COMPILE_CACHE'] = join(this.folder, 'compiled');
    await this.serve('0');
    await this.server.stop();
    await this.serve('0');
    this.ids = await buildVpc(this.client);
    this.wiring = {
      mode: 'forward',
      enis: new Map([
        [asId(this.ids.a), { device: 'e0', mac: MACS.a }],
        [asId(this.ids.b), { device: 'e1', mac: MACS.b }],
      ]),
      fabric: new Set(),
      stateful: new Set(),
      natGateways: new Map(),
    };
    this.enforce();
    await this.hears('is in force');
    await this.agent.end('SIGTERM');
    this.enforce();
  }

  async serve(port: string): Promise<void> {
    this.server = await startServer('--anonymous', '--data', this.folder, '--port', port);
    this.client = clientOf(this.server.url);
  }

  enforce(endpoint: string = this.server.url): void {
    const attached = [`${this.ids.a}=e0/${MACS.a}`, `${this.ids.b}=e1/${MACS.b}`];
    const where = ['--host', 'h1', '--netns', this.wire.router.name, '--endpoint', endpoint];
    const way = this.#way === 'nft' ? ['--nft'] : [];
    this.agent = startAgent([...where, ...way, '--attach', ...attached], this.server.env);
  }

  async killServer(pause: number): Promise<void> {
    const { child, url } = this.server;
    const closed = new Promise((resolve) => {
      child.once('close', resolve);
    });
    child.kill('SIGKILL');
    await closed;
    await sleep(pause);
    await this.serve(new URL(url).port);
  }

  /** Waits until something holds, and not for ever. An agent that gave up because its first nft was killed is started again, as systemd does. */
  async soon(holds: () => boolean | Promise<boolean>): Promise<void> {
    const deadline = performance.now() + PATIENCE_MS;
    while (!(await holds())) {
      if ((this.agent.child.exitCode ?? 0) !== 0) this.enforce();
      if (performance.now() > deadline)
        throw new Error(
          `waited in vain for ${String(holds)}; the agent: ${this.agent.said().slice(-3000)}; the server: ${this.server.log().slice(-1000)}`,
        );
      await sleep(5);
    }
  }

  /** Waits until the agent has said something. */
  async hears(text: string): Promise<void> {
    await this.soon(() => this.agent.said().includes(text));
  }

  viewOf(world: World): HostView {
    return hostViewOf(world, this.wiring.enis.keys());
  }

  /** The form of the kernel's tables when they hold the rules of a world. */
  formOf(world: World): string {
    const numbering = { ...NO_NUMBERS, past: pastFrom(SOME_ERA) };
    return normalForm(listingOf(layout(this.viewOf(world), this.wiring, numbering).ruleset));
  }

  /** What the kernel holds in all its tables, at one moment. */
  async table(): Promise<Listing> {
    const text = expectOk(await nftProgram({ namespace: this.wire.router.name }).list(['list', 'ruleset']));
    return expectOk(parseListing(text)).listing;
  }

  /** One packet of each kind, each of a flow of its own. */
  async probe(): Promise<readonly Sending[]> {
    this.#sent += 1;
    assert.ok(A !== undefined && B !== undefined);
    const sourcePort = 1024 + this.#sent;
    const packets = PROBED.map((one): Packet => expectOk(packetOf(A, B, { ...one, sourcePort })));
    const from = performance.now();
    const seen = await this.wire.send(
      packets.map(({ source, destination, transport }): Sent => ({
        from: 'e0',
        to: 'e1',
        source,
        destination,
        transport,
        sourceMac: MACS.a,
        tcp: 'syn',
      })),
    );
    const to = performance.now();
    return packets.map((packet, index) => ({
      from,
      to,
      packet,
      sender: this.ids.a,
      arrived: (seen[index] ?? []).length > 0,
    }));
  }

  async close(): Promise<void> {
    await this.agent.end('SIGKILL');
    await this.server.stop();
    this.wire.close();
    rmSync(this.folder, { recursive: true });
  }
}

/** Reads tables and sends packets until it is stopped. */
export class Watch {
  readonly tables: Seen[] = [];
  readonly sendings: Sending[] = [];
  readonly #stage: Stage;
  readonly #running: Promise<unknown>;
  #looking: Promise<void> = Promise.resolve();
  #isOver = false;

  constructor(stage: Stage) {
    this.#stage = stage;
    this.#running = Promise.all([
      this.#again(async () => await this.look(), 150),
      this.#again(async () => void this.sendings.push(...(await stage.probe())), 10),
    ]);
  }

  /** Reads the table once; one at a time, for what is read later must not be older. */
  async look(): Promise<void> {
    this.#looking = this.#looking.then(async () => await this.#look());
    await this.#looking;
  }

  async #look(): Promise<void> {
    const from = performance.now();
    const form = normalForm(await this.#stage.table());
    this.tables.push({ from, to: performance.now(), form });
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await this.#running;
  }

  async #again(act: () => Promise<void>, pause: number): Promise<void> {
    while (!this.#isOver) {
      await act();
      await sleep(pause);
    }
  }
}
