import type { Family } from '../core/net/address.ts';
import { fail, ok, type Result } from '../core/net/result.ts';
import { parseTraffic, type Traffic, type Transport, transportFitsFamily } from '../core/net/traffic.ts';
import { DEFAULT_WINDOW_SECONDS } from '../core/track/flow-log.ts';
import type { PacketStep, Probe, Scenario, ScenarioStep } from '../core/track/scenario.ts';
import type { TcpFlags } from '../core/track/tcp.ts';
import { FormatError, Value } from './fields.ts';
import { decodeChange } from './scenario-change.ts';

/** A scenario with the path of its world, relative to the document; undefined where the document names none. */
export type ScenarioDocument = { readonly scenario: Scenario; readonly worldPath: string | undefined };

const FLAGS = ['syn', 'syn-ack', 'ack', 'fin', 'rst'] as const satisfies readonly TcpFlags[];
const FATES = ['deliver', 'drop', 'unknown'] as const;
const FAMILIES = ['ipv4', 'ipv6'] as const satisfies readonly Family[];
const PROBE = ['at', 'as', 'bytes', 'expect'];
/** What a step does, and the fields that it may have beside the ones of every packet. */
const ACTIONS: Readonly<Record<string, readonly string[]>> = {
  send: [...PROBE, 'send'],
  reply: [...PROBE, 'reply', 'flags'],
  again: [...PROBE, 'again', 'flags'],
  icmpError: [...PROBE, 'icmpError'],
  change: ['at', 'change'],
  limit: ['at', 'limit'],
};
const MAX_STEPS = 100_000;
/** The largest IPv4 or IPv6 packet without jumbo options. */
const MAX_BYTES = 65_575;
/** About 30,000 years: times stay exact to the microsecond. */
const MAX_SECONDS = 1e12;

/**
 * Reads a scenario (docs/guide/scenarios.md). `file` names it in errors, which say where and what. Unknown fields are refused: a mistyped
 * one would quietly change what is tested.
 */
export function parseScenario(file: string, text: string): Result<ScenarioDocument> {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch (error) {
    return fail(`${file}: not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  try {
    return ok(decodeDocument(new Value(raw, `${file}: `)));
  } catch (error) {
    if (error instanceof FormatError) return fail(error.message);
    throw error;
  }
}

function decodeDocument(document: Value): ScenarioDocument {
  document.only(['version', 'title', 'world', 'start', 'flowLogSeconds', 'relatedErrors', 'steps']);
  document.get('version').integer(1, 1);
  const steps = document.get('steps').list();
  if (steps.length === 0 || steps.length > MAX_STEPS) document.get('steps').fail(`expected 1 to ${MAX_STEPS} steps`);
  const world = document.get('world');
  return {
    worldPath: world.isPresent ? world.text() : undefined,
    scenario: {
      title: document.get('title').textOr(''),
      startSeconds: integerOr(document.get('start'), { from: 0, to: 1e11 }, 0),
      windowSeconds: integerOr(document.get('flowLogSeconds'), { from: 1, to: 86_400 }, DEFAULT_WINDOW_SECONDS),
      admitsRelated: document.get('relatedErrors').flagOr(false),
      steps: decodeSteps(steps),
    },
  };
}

function decodeSteps(values: readonly Value[]): readonly ScenarioStep[] {
  const names = new Set<string>();
  let before = 0;
  return values.map((value) => {
    const step = decodeStep(value);
    if (step.atSeconds < before) value.get('at').fail(`time goes back; the step before is at ${before}`);
    before = step.atSeconds;
    if ('of' in step && !names.has(step.of)) value.fail(`no earlier step is called ${JSON.stringify(step.of)}`);
    if ('as' in step) names.add(step.as);
    return step;
  });
}

function decodeStep(value: Value): ScenarioStep {
  const actions = Object.keys(ACTIONS).filter((name) => value.get(name).isPresent);
  const [action = ''] = actions;
  if (actions.length !== 1) value.fail(`expected one of ${Object.keys(ACTIONS).join(', ')}`);
  value.only(ACTIONS[action] ?? []);
  const atSeconds = value.get('at').number(0, MAX_SECONDS);
  const inner = value.get(action);
  if (action === 'change') return { atSeconds, kind: 'change', change: decodeChange(inner) };
  if (action === 'limit') {
    inner.only(['interface', 'connections']);
    const connections = inner.get('connections').integer(0, 1 << 20);
    return { atSeconds, kind: 'limit', interface: inner.get('interface').text(), connections };
  }
  return { atSeconds, ...decodeProbe(value), ...decodePacket(action, inner, value) };
}

function decodeProbe(value: Value): Probe {
  const [as, bytes, expect] = [value.get('as'), value.get('bytes'), value.get('expect')];
  return {
    ...(as.isPresent ? { as: as.text() } : {}),
    ...(bytes.isPresent ? { bytes: bytes.integer(20, MAX_BYTES) } : {}),
    ...(expect.isPresent ? { expect: expect.oneOf(FATES) } : {}),
  };
}

function decodePacket(action: string, inner: Value, step: Value): PacketStep {
  if (action === 'send') return decodeSend(inner);
  if (action === 'icmpError') {
    inner.only(['of', 'type', 'code']);
    const [type, code] = [inner.get('type').integer(0, 255), inner.get('code').integer(0, 255)];
    return { kind: 'icmp-error', of: inner.get('of').text(), type, code };
  }
  const flags = step.get('flags');
  const kind = action === 'reply' ? 'reply' : 'again';
  return { kind, of: inner.text(), ...(flags.isPresent ? { flags: flags.oneOf(FLAGS) } : {}) };
}

function decodeSend(value: Value): PacketStep {
  value.only(['from', 'to', 'traffic', 'sourcePort', 'flags', 'id', 'family']);
  const [flags, family] = [value.get('flags'), value.get('family')];
  const transport = decodeTransport(value);
  if (flags.isPresent && transport.kind !== 'tcp') flags.fail('only TCP has flags');
  if (value.get('id').isPresent && transport.kind !== 'icmp' && transport.kind !== 'icmpv6')
    value.get('id').fail('only ICMP has an id');
  if (family.isPresent && !transportFitsFamily(transport, family.oneOf(FAMILIES)))
    family.fail(`${transport.kind} does not exist in it`);
  return {
    kind: 'send',
    from: value.get('from').text(),
    to: value.get('to').text(),
    transport,
    ...(family.isPresent ? { family: family.oneOf(FAMILIES) } : {}),
    ...(flags.isPresent ? { flags: flags.oneOf(FLAGS) } : {}),
    ...(value.get('id').isPresent ? { echoId: value.get('id').integer(0, 65_535) } : {}),
  };
}

/** The port that clients send from where a scenario says none: one that every operating system may pick. */
const USUAL_SOURCE_PORT = 50_000;

function decodeTransport(value: Value): Transport {
  const text = value.get('traffic');
  const traffic = text.parsed(parseTraffic(text.text()));
  const transport = oneTransport(
    traffic,
    integerOr(value.get('sourcePort'), { from: 0, to: 65_535 }, USUAL_SOURCE_PORT),
  );
  if (transport === undefined)
    return text.fail('expected one packet: tcp/443, udp/53, icmp/8, icmpv6/128 or protocol/50');
  if (value.get('sourcePort').isPresent && !('sourcePort' in transport))
    value.get('sourcePort').fail('only TCP and UDP have ports');
  return transport;
}

function oneTransport(traffic: Traffic, sourcePort: number): Transport | undefined {
  switch (traffic.kind) {
    case 'tcp':
    case 'udp': {
      const { from, to } = traffic.ports;
      return from === to ? { kind: traffic.kind, sourcePort, destinationPort: from } : undefined;
    }
    case 'icmp':
    case 'icmpv6':
      return traffic.type === 'any'
        ? undefined
        : { kind: traffic.kind, type: traffic.type, code: traffic.code === 'any' ? 0 : traffic.code };
    case 'protocol':
      return traffic;
    case 'all':
      return undefined;
  }
}

function integerOr(value: Value, range: { readonly from: number; readonly to: number }, fallback: number): number {
  return value.isPresent ? value.integer(range.from, range.to) : fallback;
}
