import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseAddress } from '../net/address.ts';
import { expectOk } from '../net/result.ts';
import { asId } from '../model/ids.ts';
import { type NatPacket, NatTable } from './nat-table.ts';

const address = (text: string): NatPacket['source'] => expectOk(parseAddress(text));
const REMOTE = address('203.0.113.12');
const PUBLIC = address('198.51.100.5');

function out(inside: string, sourcePort: number, remotePort = 443): NatPacket {
  return {
    natId: asId('X1'),
    source: address(inside),
    destination: REMOTE,
    transport: { kind: 'udp', sourcePort, destinationPort: remotePort },
    flags: undefined,
    echoId: 0,
  };
}

function back(port: number, remotePort = 443): NatPacket {
  const transport = { kind: 'udp', sourcePort: remotePort, destinationPort: port } as const;
  return { ...out('10.0.0.1', 0), source: REMOTE, destination: PUBLIC, transport };
}

test('55,000 connections fit to one remote, one more does not, and another remote is not concerned', () => {
  const table = new NatTable(1 << 20);
  const ports = new Set<number>();
  for (let index = 0; index < 55_000; index += 1) {
    const mapping = table.outbound(out('10.0.0.1', index), 0);
    assert.ok(typeof mapping === 'object');
    ports.add(mapping.port);
  }
  assert.equal(ports.size, 55_000);
  assert.ok(Math.min(...ports) >= 1024);
  assert.equal(table.outbound(out('10.0.0.2', 5000), 0), 'nat-full');
  assert.equal(typeof table.outbound(out('10.0.0.2', 5000, 80), 0), 'object');
  assert.equal(typeof table.outbound(out('10.0.0.2', 5000), 350), 'object', 'idle ones make room');
});

test('low ports are lifted, taken ports are passed over', () => {
  const table = new NatTable(10);
  const first = table.outbound(out('10.0.0.1', 80), 0);
  const second = table.outbound(out('10.0.0.2', 1024), 0);
  assert.ok(typeof first === 'object' && typeof second === 'object');
  assert.deepEqual([first.port, second.port], [1024, 1025]);
  assert.deepEqual(table.inbound(back(1025), 1), second);
  assert.equal(table.inbound(back(1026), 1), undefined);
  assert.equal(table.inbound(back(1025, 444), 1), undefined, 'only the remote port that was addressed may answer');
});

test('a mapping lives 350 seconds from its last packet, whichever way that went', () => {
  const table = new NatTable(10);
  table.outbound(out('10.0.0.1', 2000), 0);
  assert.ok(table.inbound(back(2000), 349) !== undefined);
  assert.ok(table.inbound(back(2000), 698) !== undefined);
  assert.equal(table.inbound(back(2000), 1048), undefined);
});
