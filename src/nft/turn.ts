import type { Command } from './command.ts';
import type { NftSet, Value } from './ruleset.ts';

/**
 * The set that says whose turn it is to change the table: a number that every transaction takes out and puts the next one in. The kernel refuses
 * to take out what is not there, and with it the whole transaction: one that was planned on what the table held before somebody else changed
 * it, as of a program that outlived its agent, never comes through.
 */
export const TURN: NftSet = {
  name: 'turn',
  key: ['mark'],
  isInterval: false,
  content: { kind: 'dynamic', size: 16, expires: false, counts: false },
};

/** What the set held when the table was read; empty where there is no table or no such set. */
export type Turn = readonly Value[];

/** The commands of a transaction that comes through only while it is this turn, and the turn after it. */
export function inTurn(
  commands: readonly Command[],
  turn: Turn,
): { readonly commands: readonly Command[]; readonly next: Turn } {
  const next = String((Math.max(0, ...turn.map(Number)) % MAX_MARK) + 1);
  const taken: readonly Command[] =
    turn.length === 0 ? [] : [{ kind: 'delete-elements', set: TURN, content: numbers(turn) }];
  return {
    commands: [...taken, ...commands, { kind: 'add-elements', set: TURN, content: numbers([next]) }],
    next: [next],
  };
}

const MAX_MARK = 2 ** 32 - 1;

function numbers(turn: Turn): Extract<NftSet['content'], { kind: 'texts' }> {
  return { kind: 'texts', elements: new Map(turn.map((one) => [one, ''])) };
}
