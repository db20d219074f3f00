import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ipv4, ipv6 } from '../core/net/address.ts';
import { asId } from '../core/model/ids.ts';
import type { FlowRecord } from '../core/track/flow-log.ts';
import { formatFlowRecord, formatNoData, parseFlowRecord } from './flow-log.ts';

const word = fc.nat({ max: 0xffff_ffff });
const addresses = fc.oneof(
  fc.tuple(word, word).map(([a, b]) => [ipv4(a), ipv4(b)] as const),
  fc.tuple(word, word, word, word).map(([a, b, c, d]) => [ipv6([a, b, c, d]), ipv6([d, c, b, a])] as const),
);
const record = fc
  .record({
    ownerId: fc.stringMatching(/^[0-9]{12}$/),
    eniId: fc.stringMatching(/^eni-[0-9a-f]{17}$/).map((id) => asId<FlowRecord['eniId']>(id)),
    addresses,
    ports: fc.tuple(fc.nat({ max: 65_535 }), fc.nat({ max: 65_535 })),
    protocol: fc.nat({ max: 255 }),
    packets: fc.nat(),
    bytes: fc.nat(),
    startSeconds: fc.nat(),
    endSeconds: fc.nat(),
    action: fc.constantFrom('ACCEPT' as const, 'REJECT' as const),
  })
  .map(({ addresses: [source, destination], ports: [sourcePort, destinationPort], ...rest }): FlowRecord => {
    return { ...rest, source, destination, sourcePort, destinationPort };
  });

test('a record is read as it was written', () => {
  fc.assert(
    fc.property(record, (one) => {
      assert.deepEqual(parseFlowRecord(formatFlowRecord(one)), { ok: true, value: one });
    }),
  );
});

test('a line as AWS documents it', () => {
  const line =
    '2 123456789010 eni-1235b8ca123456789 172.31.16.139 172.31.16.21 20641 22 6 20 4249 1418530010 1418530070 ACCEPT OK';
  const read = parseFlowRecord(line);
  assert.ok(read.ok);
  assert.equal(formatFlowRecord(read.value), line);
});

test('what is no record is an error that names the field, and never thrown', () => {
  const good = '2 1 eni-1 10.0.0.1 10.0.0.2 1 2 6 1 40 0 0 ACCEPT OK'.split(' ');
  const wrong: readonly (readonly [number, string, RegExp])[] = [
    [0, '3', /version/],
    [3, '10.0.0', /srcaddr/],
    [4, '::1', /families/],
    [5, '65536', /srcport/],
    [6, '-1', /dstport/],
    [7, '256', /protocol/],
    [8, '1e3', /packets/],
    [9, '99999999999999999999', /bytes/],
    [12, 'accept', /action/],
    [13, 'NODATA', /log-status/],
  ];
  for (const [index, text, message] of wrong) {
    const read = parseFlowRecord(good.with(index, text).join(' '));
    assert.ok(!read.ok && message.test(read.error), text);
  }
  assert.ok(!parseFlowRecord(formatNoData({ ownerId: '1', eniId: asId('eni-1'), startSeconds: 0, endSeconds: 60 })).ok);
  fc.assert(fc.property(fc.string(), (text) => !parseFlowRecord(text).ok));
});
