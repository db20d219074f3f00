// Flows through a world and what changes under them: what connection tracking is asked to remember.
import type { Network, Passage } from '../../src/core/track/network.ts';
import type { GateAnswer } from '../../src/core/policy/evaluate.ts';
import { type Decision, unknown } from '../../src/core/policy/verdict.ts';
import { packetQuestion } from '../cases/packet-question.ts';
import type { Compact } from '../compact.ts';
import { randomQuestions } from '../property/generators.ts';
import { EXTENSIONS } from './probes.ts';

/** A change of a world's rules; everything else stays. */
export type Edit = (compact: Compact, seed: number) => Compact;

export const EDITS: readonly (readonly [string, Edit])[] = [
  ['all rules go', (compact) => editGroups(compact, (group) => ({ ...group, ingress: [], egress: [] }))],
  ['incoming rules go', (compact) => editGroups(compact, (group) => ({ ...group, ingress: [] }))],
  ['outgoing rules go', (compact) => editGroups(compact, (group) => ({ ...group, egress: [] }))],
  [
    'every second rule goes',
    (compact, seed) =>
      editGroups(compact, (group) => ({
        ...group,
        ingress: (group.ingress ?? []).filter((_, at) => (at + seed) % 2 === 0),
      })),
  ],
  [
    'everything is opened',
    (compact) =>
      editGroups(compact, (group) => ({
        ...group,
        ingress: ['all 0.0.0.0/0', 'all ::/0'],
        egress: ['all 0.0.0.0/0', 'all ::/0'],
      })),
  ],
  [
    'every second interface is attached anew',
    (compact, seed) => ({
      ...compact,
      instances: { ...compact.instances, 'i-anew': {} },
      enis: Object.fromEntries(
        Object.entries(compact.enis ?? {}).map(([name, eni], at) => [
          name,
          (at + seed) % 2 === 0 ? { ...eni, instance: 'i-anew', device: at } : eni,
        ]),
      ),
    }),
  ],
  [
    'NACLs close',
    (compact) => ({
      ...compact,
      acls: Object.fromEntries(
        Object.entries(compact.acls ?? {}).map(([name, acl]) => [name, { ...acl, ingress: [], egress: [] }]),
      ),
    }),
  ],
];

type Group = NonNullable<Compact['groups']>[string];

function editGroups(compact: Compact, edit: (group: Group) => Group): Compact {
  const groups = Object.entries(compact.groups ?? {}).map(
    ([name, group]) => [name, { ...group, ...edit(group) }] as const,
  );
  return { ...compact, groups: Object.fromEntries(groups) };
}

/** A flow that was sent: its first packet, and the answer if there was one. */
export type Flow = {
  readonly first: Passage;
  readonly answer: Passage | undefined;
  readonly echoId: number;
  readonly about: string;
};

/** Flows of random questions, sent through a network and answered. Those of which `isApart` is true are left out. */
export function flowsOf(
  network: Network,
  { compact, seed, isApart }: { readonly compact: Compact; readonly seed: number; readonly isApart: Apart },
): readonly Flow[] {
  return randomQuestions(compact, seed, 16).flatMap((question, index): readonly Flow[] => {
    const { origin, packet } = packetQuestion(network.world, question);
    const isExtension =
      packet.family === 'ipv6' && packet.transport.kind === 'protocol' && EXTENSIONS.has(packet.transport.protocol);
    if (origin.kind === 'elsewhere' || isExtension) return [];
    const echoId = index + 1;
    const first = network.send({ atSeconds: 0, origin, packet, flags: 'syn', echoId });
    if (isApart(first)) return [];
    const answer = first.outcome === 'allow' ? network.answer(first, { atSeconds: 0, flags: 'syn-ack' }) : undefined;
    return [{ first, answer, echoId, about: JSON.stringify(question) }];
  });
}

/** What is said of gates that a packet never came to. */
const UNASKED: Decision = unknown('unknown-group', []);

/** All gates of a packet's way: where a packet that is refused would have gone has to be known to see that it does not come. */
export function wholeWay({ gates, way }: Passage): readonly GateAnswer[] {
  const rest = way.slice(gates.length);
  return [...gates, ...rest.map((gate) => ({ gate, decision: gate.kind === 'settled' ? gate.decision : UNASKED }))];
}

/** Whether the packet of a way never came to a gate. */
export function isUnasked({ decision }: GateAnswer): boolean {
  return decision === UNASKED;
}

/** Whether a flow is one that the kernel under test does not see as the definition does. */
export type Apart = (first: Passage) => boolean;
