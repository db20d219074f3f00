import assert from 'node:assert/strict';
import { runFollowed } from './followed-case.ts';
import { runModel } from './model-case.ts';
import type { Case } from './read-cases.ts';
import { ENGINES, runPacket, runReach, runReachPacket } from './run-case.ts';
import { runSequence } from './sequence-case.ts';

/** Runs a case of any kind through all that can run it; throws at the first that differs from what it expects. */
export function runCase(one: Case): void {
  switch (one.kind) {
    case 'packet':
      for (const engine of ENGINES) runPacket(engine, one);
      runReachPacket(one);
      runFollowed(one);
      return;
    case 'reach':
      runReach(one);
      return;
    case 'model':
      runModel(one);
      return;
    case 'sequence':
      runSequence(one);
      return;
    default:
      assert.fail(`nothing runs cases of kind ${one.kind}`);
  }
}
