import type { World } from '../core/model/world.ts';
import type { Answer } from './answer.ts';
import { cutsOf } from './edits/cuts.ts';
import { type EditsDocument, editsDocument } from './edits/edits-document.ts';
import { fixOf } from './edits/fixes.ts';

/** Edits for the pair that stands for what is refused, and for the one that stands for what gets through. `onProgress` hears how much is done, 0 to 1. */
export function editsOf(world: World, { groups, question }: Answer, onProgress: (done: number) => void): EditsDocument {
  const { traffic } = question;
  const refused = groups.find((group) => group.verdict === 'blocked');
  const allowed = groups.find((group) => group.verdict === 'allowed');
  const fix = refused === undefined ? undefined : fixOf(world, refused, { traffic, onProgress });
  const cuts = allowed === undefined ? undefined : cutsOf(world, allowed, { traffic, onProgress });
  return editsDocument({
    ...(refused === undefined || fix === undefined ? {} : { fix: { group: refused, fix } }),
    ...(allowed === undefined || cuts === undefined ? {} : { cuts: { group: allowed, cuts } }),
  });
}
