import type { Transport, Traffic } from '../../core/net/traffic.ts';
import type { World } from '../../core/model/world.ts';
import type { GateAnswer } from '../../core/policy/evaluate.ts';
import { remedies } from '../../core/policy/explain-remedy.ts';
import type { AnswerGroup } from '../answer.ts';
import { Trials } from '../pairs/trials.ts';
import { fixCandidates, type Meant, standsForMany } from './candidates.ts';
import { type WorldEdit, withEdits } from './edit.ts';
import { judgeIn, measure, type Measured } from './effect.ts';

/** A gate that refuses, with the edits that make it pass, the one that opens least first. None: no single call does. */
export type FixStep = { readonly blocker: GateAnswer; readonly choices: readonly FixChoice[] };

/** An edit, and exactly what it opens together with the first edit of every other step. */
export type FixChoice = { readonly edit: WorldEdit; readonly measured: Measured };

/**
 * What it takes to let a packet pass: one edit of every step. `outcome` of the packet then; where a step has no edit, or a doubt stays, it is not
 * `allow`, and what the edits would open is told all the same.
 */
export type Fix = {
  readonly steps: readonly FixStep[];
  readonly outcome: 'allow' | 'deny' | 'unknown';
  /** What the first edit of every step opens together. */
  readonly measured: Measured;
};

/** New gates may stand on a way that an edit opens, and gates behind those. */
const MAX_ROUNDS = 4;
/** Each choice costs a comparison of two worlds. */
const MAX_CHOICES = 6;

/** The fix for what a group of pairs is refused; undefined where nothing is. `onProgress` hears of shares of the work, 0 to 1. */
export function fixOf(
  world: World,
  group: AnswerGroup,
  asked: { readonly traffic: Traffic; readonly onProgress?: (done: number) => void },
): Fix | undefined {
  const { blocked, trip, family } = group;
  if (blocked === undefined || blocked.verdict.blockers.length === 0) return undefined;
  const found = findSteps(
    world,
    { trip, transport: blocked.transport, traffic: asked.traffic },
    { family, isAnyone: standsForMany(group) },
  );
  const total = found.reduce((sum, { edits }) => sum + edits.length, 1);
  const trials = new Trials(world);
  const known = new Map<string, Measured>();
  const measureWith = (edits: readonly WorldEdit[]): Measured => {
    const key = JSON.stringify(edits);
    const measured = known.get(key) ?? measure(trials, withEdits(world, edits), 'opens');
    known.set(key, measured);
    asked.onProgress?.(Math.min(1, known.size / total));
    return measured;
  };
  const outcomeWith = (edits: readonly WorldEdit[]): Fix['outcome'] =>
    judgeIn(withEdits(world, edits), trip, blocked.transport).outcome;
  const steps = ranked(found, { measureWith, outcomeWith });
  const best = steps.flatMap(({ choices }) => choices[0]?.edit ?? []);
  return {
    steps,
    outcome: outcomeWith(best),
    measured: measureWith(best),
  };
}

type Trying = {
  readonly measureWith: (edits: readonly WorldEdit[]) => Measured;
  readonly outcomeWith: (edits: readonly WorldEdit[]) => Fix['outcome'];
};

/**
 * The edits of each step, the one first that opens least together with the first ones of all other steps. A step gives up its first edit only for one with
 * which all open strictly less, so this ends. Left out are edits that lead elsewhere, as another route does, where the others do not help.
 */
function ranked(found: readonly Found[], { measureWith, outcomeWith }: Trying): readonly FixStep[] {
  const firsts = found.map(({ edits }) => edits[0]);
  const allWith = (at: number, edit: WorldEdit): readonly WorldEdit[] =>
    firsts.flatMap((first, place) => (place === at ? edit : (first ?? [])));
  const isHelpless = outcomeWith(firsts.flatMap((first) => first ?? [])) === 'deny';
  const helps = (at: number, edit: WorldEdit): boolean => isHelpless || outcomeWith(allWith(at, edit)) !== 'deny';
  const sizeAt = (at: number, edit: WorldEdit): number => measureWith(allWith(at, edit)).size;
  for (let isMoving = true; isMoving;) {
    isMoving = false;
    for (const [at, { edits }] of found.entries())
      for (const edit of edits) {
        const first = firsts[at];
        if (first === undefined || !helps(at, edit) || sizeAt(at, edit) >= sizeAt(at, first)) continue;
        firsts[at] = edit;
        isMoving = found.length > 1;
      }
  }
  return found.map(({ blocker, edits }, at) => {
    const first = firsts[at];
    const others = edits.filter((edit) => edit !== first && helps(at, edit));
    const choices = [...(first === undefined ? [] : [first]), ...others].map((edit) => ({
      edit,
      measured: measureWith(allWith(at, edit)),
    }));
    return { blocker, choices: choices.toSorted((a, b) => a.measured.size - b.measured.size) };
  });
}

type Found = { readonly blocker: GateAnswer; readonly edits: readonly WorldEdit[] };
type Packet = { readonly trip: AnswerGroup['trip']; readonly transport: Transport; readonly traffic: Traffic };

function findSteps(world: World, { trip, transport, traffic }: Packet, meant: Meant): readonly Found[] {
  const steps: Found[] = [];
  let now = world;
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const verdict = judgeIn(now, trip, transport);
    const open = verdict.blockers.filter((blocker) => !steps.some((step) => isSameGate(step.blocker, blocker)));
    if (open.length === 0) break;
    const remedyOf = remedies(now, verdict, { transport, asked: traffic });
    for (const blocker of open) {
      const remedy = remedyOf[verdict.blockers.indexOf(blocker)];
      if (remedy === undefined) continue;
      const edits = helpful(now, fixCandidates(now, blocker, remedy, meant), { blocker, trip, transport });
      steps.push({ blocker, edits });
      // The next step sees what this one takes, such as the number of an entry.
      now = withEdits(now, edits.slice(0, 1));
    }
  }
  return steps;
}

/** The edits with which the gate no longer refuses. */
function helpful(
  world: World,
  edits: readonly WorldEdit[],
  { blocker, trip, transport }: Omit<Packet, 'traffic'> & { readonly blocker: GateAnswer },
): readonly WorldEdit[] {
  return edits
    .filter((edit) => {
      const { blockers } = judgeIn(withEdits(world, [edit]), trip, transport);
      return !blockers.some((one) => isSameGate(one, blocker));
    })
    .slice(0, MAX_CHOICES);
}

function isSameGate(a: GateAnswer, b: GateAnswer): boolean {
  return gateKey(a) === gateKey(b);
}

function gateKey({ gate }: GateAnswer): string {
  const { way, stage, resource } = gate;
  return `${way} ${stage} ${resource} ${'direction' in gate ? gate.direction : ''}`;
}
