import type { Address } from '../net/address.ts';
import { transportProtocol } from '../net/traffic.ts';
import type { Eni } from '../model/eni.ts';
import type { EniId } from '../model/ids.ts';
import type { Direction } from '../model/security-group.ts';
import type { Decision } from '../policy/verdict.ts';
import type { Gate } from '../policy/path.ts';
import type { Passage } from './network.ts';

/** One line of a flow log in AWS's version 2: a tuple at an interface in one direction, within one window (V:flow-log-records). */
export type FlowRecord = {
  readonly ownerId: string;
  readonly eniId: EniId;
  /** On the interface's side its primary private IPv4 address, whichever the packet carried (V:flow-logs-limitations). */
  readonly source: Address;
  readonly destination: Address;
  /** 0 for protocols without ports. */
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly protocol: number;
  readonly packets: number;
  readonly bytes: number;
  readonly startSeconds: number;
  readonly endSeconds: number;
  readonly action: 'ACCEPT' | 'REJECT';
};

/** Both verdicts of an interface on one packet: its groups' and its subnet's NACL's, as AWS logs them together. */
type Visit = { readonly eni: Eni; readonly direction: Direction; readonly action: FlowRecord['action'] };

/** AWS's default window (V:flow-log-records). */
export const DEFAULT_WINDOW_SECONDS = 600;

/** Gathers what flow logs on every interface would hold. */
export class FlowLog {
  readonly #windowSeconds: number;
  readonly #records: Map<string, FlowRecord> = new Map();

  constructor(windowSeconds: number = DEFAULT_WINDOW_SECONDS) {
    this.#windowSeconds = windowSeconds;
  }

  /** Takes note of one packet. */
  observe(passage: Passage, bytes: number): void {
    for (const visit of visitsOf(passage)) this.#add(visit, passage, bytes);
  }

  /** All records, in the order of their first packets; those of one interface where one is named. */
  records(eniId?: EniId): readonly FlowRecord[] {
    const all = [...this.#records.values()];
    return eniId === undefined ? all : all.filter((record) => record.eniId === eniId);
  }

  #add({ eni, direction, action }: Visit, passage: Passage, bytes: number): void {
    const seconds = Math.floor(passage.sent.atSeconds);
    const record = recordOf({ eni, direction, action }, passage, { seconds, bytes });
    const key = [
      eni.id,
      direction,
      action,
      Math.floor(seconds / this.#windowSeconds),
      JSON.stringify([record.source, record.destination]),
      record.sourcePort,
      record.destinationPort,
      record.protocol,
    ].join(' ');
    const known = this.#records.get(key);
    this.#records.set(
      key,
      known === undefined
        ? record
        : { ...known, packets: known.packets + 1, bytes: known.bytes + bytes, endSeconds: seconds },
    );
  }
}

function recordOf(
  { eni, direction, action }: Visit,
  passage: Passage,
  { seconds, bytes }: { readonly seconds: number; readonly bytes: number },
): FlowRecord {
  const sighting = passage.met.get(eni.id)?.find((met) => met.gate.direction === direction)?.sighting;
  const { source, destination, transport } =
    sighting === undefined
      ? passage.sent.packet
      : direction === 'egress'
        ? { source: sighting.local, destination: sighting.remote, transport: sighting.transport }
        : { source: sighting.remote, destination: sighting.local, transport: sighting.transport };
  const ports = 'sourcePort' in transport ? transport : { sourcePort: 0, destinationPort: 0 };
  return {
    ownerId: eni.ownerId,
    eniId: eni.id,
    source: direction === 'egress' ? shownAddress(eni, source) : source,
    destination: direction === 'ingress' ? shownAddress(eni, destination) : destination,
    sourcePort: ports.sourcePort,
    destinationPort: ports.destinationPort,
    protocol: transportProtocol(transport),
    packets: 1,
    bytes,
    startSeconds: seconds,
    endSeconds: seconds,
    action,
  };
}

function shownAddress(eni: Eni, address: Address): Address {
  if (address.family === 'ipv6') return address;
  return eni.addresses.find((own) => own.isPrimary && own.address.family === 'ipv4')?.address ?? address;
}

/** The interfaces that judged the packet. What never came to a gate of groups is not logged there: exempt traffic, for one. */
function visitsOf({ way, gates }: Passage): readonly Visit[] {
  const decisions = new Map<Gate, Decision>(gates.map(({ gate, decision }) => [gate, decision]));
  return way.flatMap((gate, index): readonly Visit[] => {
    if (gate.kind !== 'groups') return [];
    const beside = way[gate.direction === 'egress' ? index + 1 : index - 1];
    const isAcl = beside?.stage === (gate.direction === 'egress' ? 'acl-egress' : 'acl-ingress');
    const both = [decisions.get(gate), ...(isAcl ? [decisions.get(beside)] : [])];
    const base = { eni: gate.eni, direction: gate.direction };
    if (both.some((decision) => decision?.outcome === 'deny')) return [{ ...base, action: 'REJECT' }];
    return both.every((decision) => decision?.outcome === 'pass') ? [{ ...base, action: 'ACCEPT' }] : [];
  });
}
