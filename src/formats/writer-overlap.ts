import type { Direction } from '../core/model/security-group.ts';

/** Several resources of a configuration that write the rules of one group, or the entries of one NACL, and undo each other's work. */
export type WriterOverlap = {
  /**
   * `blocks`: blocks of the resource itself, which take away what others write, and resources of their own; `same-rule`: several resources for
   * the same rule, of which AWS refuses the second; `kinds`: rules of the old kind, with several peers each, and of the new one.
   */
  readonly kind: 'blocks' | 'same-rule' | 'kinds';
  /** The group or NACL, by id, and the address of its resource where it is one. */
  readonly resource: string;
  readonly direction: Direction;
  /** What is written twice, for `same-rule`. */
  readonly what?: string;
  /** Addresses of the resources that write. */
  readonly writers: readonly string[];
  /** Set where it is not known whether one of them writes there: what would have to be known. */
  readonly doubt?: string;
};
