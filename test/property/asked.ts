import { eniOwns } from '../../src/core/model/eni.ts';
import type { World } from '../../src/core/model/world.ts';
import { evaluate, type Verdict } from '../../src/core/policy/evaluate.ts';
import { type PacketQuestion, packetQuestion } from '../cases/packet-question.ts';
import { type Compact, compactWorld } from '../compact.ts';
import { checks } from './checks.ts';
import { randomQuestions, randomWorld } from './generators.ts';
import { drawTrap, TRAP_NAMES } from './traps.ts';

/** A world and what to ask of it; `seed` makes it again. */
export type Asked = {
  readonly compact: Compact;
  readonly world: World;
  readonly questions: readonly PacketQuestion[];
  readonly seed: number;
};

/** What one law asks: so many worlds from a seed on, and so many questions of each. */
export type Plan = { readonly worlds: number; readonly questions: number; readonly first: number };

/** Every fourth world is a trap: there the laws are most likely to break. */
const TRAP_EVERY = 4;

/** The world of a seed with its questions. */
export function askOf(seed: number, questions: number): Asked {
  const drawn = drawSeed(seed, questions);
  return { ...drawn, world: compactWorld(drawn.compact), seed };
}

/** The worlds of a law. */
export function* asked({ worlds, questions, first }: Plan): Generator<Asked, void, undefined> {
  for (let seed = first; seed < first + checks(worlds); seed += 1) yield askOf(seed, questions);
}

/** What to print when a law breaks: `askOf` gives the world of the seed again. */
export function about({ seed }: Asked, question: PacketQuestion): string {
  return `seed ${seed}, ${JSON.stringify(question)}`;
}

/** The definition's verdict. */
export function judge(world: World, question: PacketQuestion): Verdict {
  const { origin, packet } = packetQuestion(world, question);
  return evaluate(world, origin, packet);
}

type CompactGroup = NonNullable<Compact['groups']>[string];

/** A compact world with the rules of its groups edited; an egress that is not given is written out first. */
export function editGroups(
  compact: Compact,
  edit: (group: Required<Pick<CompactGroup, 'ingress' | 'egress'>>, name: string) => Partial<CompactGroup>,
): Compact {
  const groups = Object.entries(compact.groups ?? {}).map(([name, group]) => {
    const { ingress = [], egress = ['all 0.0.0.0/0'] } = group;
    return [name, { ...group, ingress, egress, ...edit({ ingress, egress }, name) }] as const;
  });
  return { ...compact, groups: Object.fromEntries(groups) };
}

/** A compact world with the entries of its NACLs edited. */
export function editAcls(
  compact: Compact,
  edit: (entries: readonly string[], direction: 'ingress' | 'egress') => readonly string[],
): Compact {
  const acls = Object.entries(compact.acls ?? {}).map(([name, acl]) => {
    const { ingress = [], egress = [] } = acl;
    return [name, { ...acl, ingress: edit(ingress, 'ingress'), egress: edit(egress, 'egress') }] as const;
  });
  return { ...compact, acls: Object.fromEntries(acls) };
}

/** How two interfaces see each other on a path: each the other's own address, some other one, or the path is of another kind. */
export type Leg = 'direct' | 'indirect' | 'other';

/** `direct`: in one VPC, or over a peering within one Region. `indirect`: through NAT, the internet or across Regions; no appliance. */
export function legOf(compact: Compact, { path }: Verdict): Leg {
  const groups = path.forward.filter((gate) => gate.kind === 'groups');
  const [sender, receiver] = groups;
  if (path.end.kind !== 'eni' || sender === undefined || receiver === undefined || groups.length > 2) return 'other';
  const gateways = path.forward.filter((gate) => gate.stage === 'gateway').map((gate) => gate.resource);
  const isNear = gateways.every((id) => {
    const [one, other] = compact.peerings?.[id]?.regions ?? [];
    return compact.peerings?.[id] !== undefined && one === other;
  });
  if (!isNear) return 'indirect';
  return eniOwns(sender.eni, sender.source) && eniOwns(receiver.eni, receiver.destination) ? 'direct' : 'other';
}

function drawSeed(seed: number, count: number): Pick<Asked, 'compact' | 'questions'> {
  if (seed % TRAP_EVERY !== 0) {
    const compact = randomWorld(seed);
    return { compact, questions: randomQuestions(compact, seed + 7, count) };
  }
  const turn = seed / TRAP_EVERY;
  const { compact, questions } = drawTrap(TRAP_NAMES[turn % TRAP_NAMES.length] ?? '', turn);
  return { compact, questions: questions.slice(0, count) };
}
