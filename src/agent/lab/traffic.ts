import { type ChildProcessByStdio, spawn, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { type Family, formatAddress, parseAddress } from '../../core/net/address.ts';
import { expectOk, fail, ok, type Result } from '../../core/net/result.ts';
import { formatTransport, type Transport } from '../../core/net/traffic.ts';
import type { Eni, EniAddress } from '../../core/model/eni.ts';
import type { InstanceId } from '../../core/model/ids.ts';
import { getRecord, listRecords, type World } from '../../core/model/world.ts';
import { evaluate } from '../../core/policy/evaluate.ts';
import type { Origin } from '../../core/policy/path.ts';
import { INTERNET_NAMESPACE } from './names.ts';
import type { LabPlan } from './plan-lab.ts';
import type { Order, Try } from './probe.ts';
import { runningEnis } from './router.ts';

/** One probe: what the definition says of it, and what the network did. */
export type Seen = {
  readonly from: string;
  readonly to: string;
  readonly family: Family;
  readonly traffic: string;
  readonly expected: 'allow' | 'deny' | 'unknown';
  readonly seen: 'allow' | 'deny';
};

/** A somebody of the internet, of the ranges that are kept for examples (RFC 5737, RFC 3849). */
const STRANGERS: Readonly<Record<Family, string>> = { ipv4: '203.0.113.200', ipv6: '2001:db8:ffff::200' };
const INTERNET = 'internet';
/** A port that no rule is likely to name. */
const OTHER_PORT = 4242;
const MOST_PORTS = 12;
/** So many probes are under way at once: a refused one takes its whole time. */
const AT_ONCE = 256;

type End = { readonly name: string; readonly namespace: string; readonly eni?: Eni };
type Probe = {
  readonly from: End;
  readonly to: End;
  readonly family: Family;
  readonly transport: Transport;
  readonly address: string;
};

/** Every probe between all pairs of instances and the internet, for ports that rules name and one other. */
export function probesOf(world: World, plan: LabPlan): readonly Probe[] {
  const ends = endsOf(world, plan);
  const transports = transportsOf(world);
  return ends.flatMap((from) =>
    ends.flatMap((to) =>
      from === to ? [] : (['ipv4', 'ipv6'] as const).flatMap((family) => pairProbes({ from, to, family }, transports)),
    ),
  );
}

function pairProbes(
  { from, to, family }: Pick<Probe, 'from' | 'to' | 'family'>,
  transports: readonly Transport[],
): readonly Probe[] {
  const own = to.eni === undefined ? undefined : firstOf(to.eni, family);
  if (from.eni !== undefined && firstOf(from.eni, family) === undefined) return [];
  // From outside an interface is known by its public address.
  const target = from.eni === undefined && family === 'ipv4' ? own?.public?.address : own?.address;
  const address = to.eni === undefined ? STRANGERS[family] : target === undefined ? undefined : formatAddress(target);
  if (address === undefined) return [];
  const icmp: Transport = { kind: family === 'ipv4' ? 'icmp' : 'icmpv6', type: family === 'ipv4' ? 8 : 128, code: 0 };
  return [...transports, icmp].map((transport) => ({ from, to, family, transport, address }));
}

function firstOf(eni: Eni, family: Family): EniAddress | undefined {
  return eni.addresses.find(({ address }) => address.family === family);
}

function endsOf(world: World, plan: LabPlan): readonly End[] {
  const primary = new Map<InstanceId, Eni>();
  for (const eni of runningEnis(world)) {
    const id = eni.attachment?.instanceId;
    if (id !== undefined && eni.attachment?.deviceIndex === 0) primary.set(id, eni);
  }
  const instances = [...plan.instances].flatMap(([id, namespace]): readonly End[] => {
    const eni = primary.get(id);
    const name = getRecord(world, 'instances', id)?.tags.find((tag) => tag.key === 'Name')?.value ?? id;
    return eni === undefined ? [] : [{ name, namespace, eni }];
  });
  return [...instances, { name: INTERNET, namespace: INTERNET_NAMESPACE }];
}

function transportsOf(world: World): readonly Transport[] {
  const ports = { tcp: new Set<number>(), udp: new Set<number>() };
  for (const group of listRecords(world, 'groups'))
    for (const { traffic } of group.rules)
      if (traffic.kind === 'tcp' || traffic.kind === 'udp') ports[traffic.kind].add(traffic.ports.from);
  return (['tcp', 'udp'] as const).flatMap((kind) =>
    [...new Set([...[...ports[kind]].filter((port) => port > 0).slice(0, MOST_PORTS), OTHER_PORT])]
      .toSorted((a, b) => a - b)
      .map((destinationPort) => ({
        kind,
        sourcePort: 50_000,
        destinationPort,
      })),
  );
}

/** What the definition says to a probe: delivered and answered, or not. */
export function expectedOf(world: World, { from, family, transport, address }: Probe): Seen['expected'] {
  const origin: Origin = from.eni === undefined ? { kind: 'internet' } : { kind: 'eni', eni: from.eni };
  const own = from.eni === undefined ? undefined : firstOf(from.eni, family);
  const source = own?.address ?? expectOk(parseAddress(STRANGERS[family]));
  const destination = expectOk(parseAddress(address));
  return evaluate(world, origin, { family, source, destination, transport }).outcome;
}

/**
 * Sends all probes and compares. `onProgress` hears how many are done. Fails where a probe could not be sent: what nobody tried was not refused.
 */
export async function runTraffic(
  world: World,
  plan: LabPlan,
  onProgress: (done: number, all: number) => void = () => undefined,
): Promise<Result<readonly Seen[]>> {
  if (spawnSync('ping', ['-V']).error !== undefined) return fail('probes need the program ping (package iputils-ping)');
  const probes = probesOf(world, plan);
  const ports = [
    ...new Set(probes.flatMap(({ transport }) => (transport.kind === 'udp' ? [transport.destinationPort] : []))),
  ];
  const names = new Map(probes.flatMap(({ from, to }) => [from, to]).map(({ namespace, name }) => [namespace, name]));
  const stations = new Map([...names.keys()].map((namespace) => [namespace, new Station(namespace)]));
  const fault = (): string | undefined => {
    const found = [...stations].find(([, station]) => station.ended !== undefined);
    return found && `probes at ${names.get(found[0])} cannot be sent: ${found[1].ended}`;
  };
  try {
    await Promise.all([...stations.values()].map(async (station) => await station.listen(ports)));
    const seen: Seen[] = [];
    for (let at = 0; at < probes.length; at += AT_ONCE) {
      const some = probes.slice(at, at + AT_ONCE);
      const answers = await Promise.all(
        some.map(async (probe, index) => await stations.get(probe.from.namespace)?.try(tryOf(probe, at + index + 1))),
      );
      const why = fault();
      if (why !== undefined) return fail(why);
      for (const [index, probe] of some.entries())
        seen.push({
          from: probe.from.name,
          to: probe.to.name,
          family: probe.family,
          traffic: formatTransport(probe.transport),
          expected: expectedOf(world, probe),
          seen: answers[index] === true ? 'allow' : 'deny',
        });
      onProgress(seen.length, probes.length);
    }
    return ok(seen);
  } finally {
    for (const station of stations.values()) station.close();
  }
}

function tryOf({ from, family, transport, address }: Probe, id: number): Try {
  const source = from.eni === undefined ? { source: STRANGERS[family] } : {};
  const kind = transport.kind === 'tcp' || transport.kind === 'udp' ? transport.kind : 'icmp';
  const port = 'destinationPort' in transport ? transport.destinationPort : 0;
  return { id, kind, family: family === 'ipv4' ? 4 : 6, address, port, ...source };
}

/** The longest complaint of a program that is passed on, in characters. */
const MOST_TEXT = 500;

/** The probe program in one namespace. */
class Station {
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #waiting: Map<number, (isSeen: boolean) => void> = new Map();
  #complaint = '';
  #ended: string | undefined;

  readonly #addresses: readonly string[];

  constructor(namespace: string) {
    this.#addresses = namespace === INTERNET_NAMESPACE ? Object.values(STRANGERS) : [];
    // The same file, compiled or not.
    const script = fileURLToPath(
      new URL(import.meta.url.endsWith('.ts') ? './probe.ts' : './probe.js', import.meta.url),
    );
    this.#child = spawn('ip', ['netns', 'exec', namespace, process.execPath, script], {
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#complaint = `${this.#complaint}${text}`.slice(0, MOST_TEXT);
    });
    this.#child.stdin.on('error', () => undefined);
    createInterface({ input: this.#child.stdout }).on('line', (line) => {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the lines are our own: the probe writes them
      const { id, isSeen } = JSON.parse(line) as { readonly id: number; readonly isSeen: boolean };
      this.#waiting.get(id)?.(isSeen);
      this.#waiting.delete(id);
    });
    this.#child.once('error', (error) => this.#end(error.message));
    this.#child.once('close', () => this.#end(this.#complaint.trim() || 'the program that sends them ended'));
  }

  /** Why it answers no more; undefined while it does. */
  get ended(): string | undefined {
    return this.#ended;
  }

  #end(why: string): void {
    this.#ended ??= why;
    for (const settle of this.#waiting.values()) settle(false);
    this.#waiting.clear();
  }

  async listen(ports: readonly number[]): Promise<boolean> {
    return await this.#order(0, { listen: ports, at: this.#addresses });
  }

  async try(one: Try): Promise<boolean> {
    return await this.#order(one.id, { try: one });
  }

  close(): void {
    this.#child.stdin.end();
  }

  async #order(id: number, order: Order): Promise<boolean> {
    if (this.#ended !== undefined) return false;
    return await new Promise((settle) => {
      this.#waiting.set(id, settle);
      this.#child.stdin.write(`${JSON.stringify(order)}\n`);
    });
  }
}
