// Sequence cases: packets and changes over time, through connection tracking, NAT and egress-only gateways.
import { describe, test } from 'node:test';
import { readCases } from './cases/read-cases.ts';
import { runSequence } from './cases/sequence-case.ts';

describe('conformance: track', () => {
  for (const one of readCases().filter((each) => each.kind === 'sequence'))
    test(`${one.file} ${one.name}: ${one.data.title}`, () => void runSequence(one));
});
