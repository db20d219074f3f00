import type { Family } from '../../core/net/address.ts';
import type { World } from '../../core/model/world.ts';
import { Bitsets } from './bitsets.ts';
import { classesOf } from './classes.ts';
import { Matrix } from './matrix.ts';
import { Rows } from './rows.ts';

/** The matrix of a family in one world. */
export type Matrices = (family: Family) => Matrix;

/** A world's matrices, each made when it is first asked for: what reads the same pairs for two answers makes their rows once. */
export function matricesOf(world: World): Matrices {
  const made = new Map<Family, Matrix>();
  return (family) => {
    let matrix = made.get(family);
    if (matrix === undefined) {
      const classes = classesOf([world], family);
      matrix = new Matrix(classes, 0, { rows: new Rows(new Bitsets(classes.list.length)) });
      made.set(family, matrix);
    }
    return matrix;
  };
}
