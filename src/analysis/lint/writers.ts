import type { Direction } from '../../core/model/security-group.ts';
import type { World } from '../../core/model/world.ts';
import { recordLabel } from '../names.ts';
import { resting } from './doubts.ts';
import { type Finding, finding } from './finding.ts';

/** Several resources of a configuration that write the rules of one group or the entries of one NACL, as the reader of a plan tells. */
export type WriterOverlap = {
  readonly kind: 'blocks' | 'same-rule' | 'kinds';
  readonly resource: string;
  readonly direction: Direction;
  readonly what?: string;
  readonly writers: readonly string[];
  readonly doubt?: string;
};

/** What resources of a configuration do to each other's work, told of the group or NACL that they write. */
export function writerFindings(world: World, overlaps: readonly WriterOverlap[]): readonly Finding[] {
  return overlaps.map((one) =>
    finding({
      rule: 'writers-overlap',
      severity: one.kind === 'kinds' ? 'warning' : 'error',
      resource: one.resource,
      label: recordLabel(world, one.resource),
      message: messageOf(one),
      reasons: one.writers.map((address) => `written by ${address}`),
      ...resting(one.doubt === undefined ? [] : [one.doubt]),
    }),
  );
}

function messageOf({ kind, direction, what, writers }: WriterOverlap): string {
  switch (kind) {
    case 'blocks':
      return `has ${direction} blocks of its own, and ${writers.length === 2 ? 'another resource writes' : `${writers.length - 1} other resources write`} there, too: each apply takes away what the other wrote, unless the blocks are under ignore_changes`;
    case 'same-rule':
      return `has a rule that ${writers.length} resources write, of which AWS refuses all but the first: ${what ?? ''}`;
    case 'kinds':
      return `has ${direction} rules of both kinds of resource, aws_security_group_rule and aws_vpc_security_group_${direction}_rule, which may take each other's for their own`;
  }
}
