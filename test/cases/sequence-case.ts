import assert from 'node:assert/strict';
import { formatAddress, parseAddress } from '../../src/core/net/address.ts';
import { expectOk } from '../../src/core/net/result.ts';
import { formatTransport } from '../../src/core/net/traffic.ts';
import { asId } from '../../src/core/model/ids.ts';
import { getRecord, type World } from '../../src/core/model/world.ts';
import { FlowLog } from '../../src/core/track/flow-log.ts';
import {
  DEFAULT_OPTIONS,
  Network,
  type NetworkOptions,
  type Passage,
  type Sent,
} from '../../src/core/track/network.ts';
import type { TcpFlags } from '../../src/core/track/tcp.ts';
import { type Compact, compactWorld, mergePatch } from '../compact.ts';
import { type PacketQuestion, packetQuestion } from './packet-question.ts';
import type { Case } from './read-cases.ts';

/** One step of a sequence case; which fields it has says what it does. */
export type CaseStep = {
  readonly at: number;
  readonly send?: PacketQuestion & { readonly flags?: TcpFlags; readonly id?: number };
  readonly reply?: string;
  readonly again?: string;
  readonly icmpError?: { readonly of: string; readonly type: number; readonly code: number; readonly from?: string };
  readonly flags?: TcpFlags;
  readonly as?: string;
  readonly change?: unknown;
  readonly conntrack?: { readonly eni: string; readonly capacity: number };
  readonly expect?: 'deliver' | 'drop' | 'unknown';
  readonly stage?: string;
  readonly reason?: string;
  readonly tracked?: { readonly [eni: string]: boolean };
};

const OUTCOMES = { allow: 'deliver', deny: 'drop', unknown: 'unknown' } as const;
const PACKET_BYTES = 40;

/** What a step did: another world, or a packet and what became of it. */
export type Played = { readonly atSeconds: number; readonly world: World; readonly passage?: Passage };

/** Plays a sequence case and holds every step to what the case expects of it; gives what the steps did. */
export function runSequence(one: Case): readonly Played[] {
  const { relatedErrors, natMappings } = one.data;
  const player = new Player(one.compact, {
    ...DEFAULT_OPTIONS,
    seed: 7,
    admitsRelated: relatedErrors ?? DEFAULT_OPTIONS.admitsRelated,
    maxMappings: natMappings ?? DEFAULT_OPTIONS.maxMappings,
  });
  const played = (one.data.steps as readonly CaseStep[]).map((step, index): Played => {
    const passage = player.play(step, `step ${index}`);
    return { atSeconds: step.at, world: player.world, ...(passage === undefined ? {} : { passage }) };
  });
  const log = one.data.flowLog;
  if (log !== undefined) assert.deepEqual(player.records(log.eni), log.records);
  return played;
}

class Player {
  #compact: Compact;
  readonly #network: Network;
  readonly #log: FlowLog = new FlowLog();
  readonly #passages: Map<string, Passage> = new Map();

  constructor(compact: Compact, options: NetworkOptions) {
    this.#compact = compact;
    this.#network = new Network(compactWorld(compact), options);
  }

  get world(): World {
    return this.#network.world;
  }

  /** What became of the packet of the step, if it sent one. */
  play(step: CaseStep, name: string): Passage | undefined {
    if (step.change !== undefined) {
      this.#compact = mergePatch(this.#compact, step.change) as Compact;
      this.#network.change(compactWorld(this.#compact));
      return undefined;
    }
    if (step.conntrack !== undefined) {
      const eni = getRecord(this.#network.world, 'enis', step.conntrack.eni);
      assert.ok(eni !== undefined, `${name}: no ENI ${step.conntrack.eni}`);
      this.#network.tracker.setCapacity(eni, step.conntrack.capacity);
      return undefined;
    }
    const passage = this.#passageOf(step, name);
    this.#log.observe(passage, PACKET_BYTES);
    if (step.as !== undefined) this.#passages.set(step.as, passage);
    this.#check(step, passage, name);
    return passage;
  }

  records(eni: string): readonly string[] {
    return this.#log
      .records(asId(eni))
      .map((record) =>
        [
          record.action,
          formatAddress(record.source),
          formatAddress(record.destination),
          record.sourcePort,
          record.destinationPort,
          record.protocol,
        ].join(' '),
      );
  }

  #passageOf(step: CaseStep, name: string): Passage {
    const atSeconds = step.at;
    if (step.send !== undefined) return this.#network.send(this.#sent(step, step.send));
    if (step.again !== undefined) {
      const { sent } = this.#known(step.again, name);
      const origin = this.#refreshed(sent.origin);
      return this.#network.send({ ...sent, origin, atSeconds, flags: step.flags ?? 'ack' });
    }
    if (step.reply !== undefined) {
      const first = this.#known(step.reply, name);
      const flags = step.flags ?? (first.sent.flags === 'syn' ? 'syn-ack' : 'ack');
      return this.#network.answer(first, { atSeconds, flags }) ?? assert.fail(`${name}: nothing answers ${step.reply}`);
    }
    return this.#error(step, name);
  }

  #error(step: CaseStep, name: string): Passage {
    const { of = '', type = 0, code = 0, from } = step.icmpError ?? {};
    const about = this.#known(of, name);
    const kind = about.arrived.family === 'ipv4' ? 'icmp' : 'icmpv6';
    const router = from?.startsWith('internet:') === true ? expectOk(parseAddress(from.slice(9))) : undefined;
    return (
      this.#network.error(about, {
        atSeconds: step.at,
        transport: { kind, type, code },
        ...(router === undefined ? {} : { router }),
      }) ?? assert.fail(`${name}: no one is there to send the error`)
    );
  }

  #sent(step: CaseStep, send: NonNullable<CaseStep['send']>): Sent {
    const { origin, packet } = packetQuestion(this.#network.world, send);
    assert.ok(origin.kind !== 'elsewhere');
    const flags = send.flags ?? 'syn';
    return { atSeconds: step.at, origin, packet, flags, ...(send.id === undefined ? {} : { echoId: send.id }) };
  }

  #refreshed(origin: Sent['origin']): Sent['origin'] {
    if (origin.kind === 'internet') return origin;
    const eni = getRecord(this.#network.world, 'enis', origin.eni.id);
    return eni === undefined ? origin : { kind: 'eni', eni };
  }

  #known(name: string, step: string): Passage {
    return this.#passages.get(name) ?? assert.fail(`${step}: no step is called ${name}`);
  }

  #check(step: CaseStep, passage: Passage, name: string): void {
    const last = passage.gates.at(-1);
    const reason = last === undefined || last.decision.outcome === 'pass' ? undefined : last.decision.reason;
    const said = `${name}: ${formatTransport(passage.sent.packet.transport)} at ${last?.gate.stage} ${reason ?? ''}`;
    if (step.expect !== undefined) assert.equal(OUTCOMES[passage.outcome], step.expect, said);
    if (step.stage !== undefined) assert.equal(last?.gate.stage, step.stage, said);
    if (step.reason !== undefined) assert.equal(reason, step.reason, said);
    for (const [eni, isTracked] of Object.entries(step.tracked ?? {})) {
      const sighting = passage.met.get(asId(eni))?.[0]?.sighting;
      assert.ok(sighting !== undefined, `${name}: the packet's way does not touch ${eni}`);
      const actual = this.#network.tracker.isTracked(asId(eni), sighting, step.at);
      assert.equal(actual, isTracked, `${name}: whether ${eni} tracks it`);
    }
  }
}
