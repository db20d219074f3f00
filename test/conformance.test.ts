import { describe, test } from 'node:test';
import { runFollowed } from './cases/followed-case.ts';
import { runModel } from './cases/model-case.ts';
import { readCases, readSkipped } from './cases/read-cases.ts';
import { ENGINES, runPacket, runReach, runReachPacket } from './cases/run-case.ts';

const CASES = readCases();

for (const engine of ENGINES) {
  describe(`conformance: ${engine.name}`, () => {
    for (const one of CASES.filter((each) => each.kind === 'packet'))
      test(`${one.file} ${one.name}: ${one.data.title}`, () => runPacket(engine, one));
  });
}

describe('conformance: classifier that followed the patch', () => {
  for (const one of CASES.filter((each) => each.kind === 'packet'))
    test(`${one.file} ${one.name}: ${one.data.title}`, () => runFollowed(one));
});

describe('conformance: reach', () => {
  for (const one of CASES.filter((each) => each.kind === 'reach'))
    test(`${one.file} ${one.name}: ${one.data.title}`, () => runReach(one));
  for (const one of CASES.filter((each) => each.kind === 'packet'))
    test(`${one.file} ${one.name}: its packet`, () => runReachPacket(one));
});

describe('conformance: model', () => {
  for (const one of CASES.filter((each) => each.kind === 'model'))
    test(`${one.file} ${one.name}: ${one.data.title}`, () => runModel(one));
});

describe('conformance: left out', () => {
  for (const { name, reason } of readSkipped()) void test.skip(`${name}: ${reason}`);
});
