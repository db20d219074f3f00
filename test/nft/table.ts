// A table as the kernel keeps it: commands change it, and a packet may meet a change halfway.
import type { Command, Transaction } from '../../src/nft/command.ts';
import { elementTexts } from '../../src/nft/render.ts';
import type { Chain, Content, CtTimeout, Hook, NftSet, Ruleset, Value } from '../../src/nft/ruleset.ts';
import { placeOf } from '../../src/nft/tables.ts';
import { type Frame, type Memory, trace } from '../../src/nft/trace.ts';

/** What a table holds after a transaction. Throws where the kernel refuses. */
export function afterCommands(held: Ruleset, { commands }: Transaction): Ruleset {
  const next: Draft = { chains: new Map(held.chains), sets: new Map(held.sets), timeouts: new Map(held.timeouts) };
  for (const command of commands) apply(next, command);
  return next;
}

type Draft = {
  readonly chains: Map<string, Chain>;
  readonly sets: Map<string, NftSet>;
  readonly timeouts: Map<string, CtTimeout>;
};

function apply(next: Draft, command: Command): void {
  switch (command.kind) {
    case 'create-table':
      break;
    case 'delete-table':
      for (const things of Object.values(next))
        for (const name of things.keys()) if (placeOf(name).family === command.family) things.delete(name);
      break;
    case 'add-timeout':
      next.timeouts.set(command.timeout.name, command.timeout);
      break;
    case 'delete-timeout':
      present(next.timeouts, command.name);
      next.timeouts.delete(command.name);
      break;
    case 'add-chain':
      if (!next.chains.has(command.chain.name)) next.chains.set(command.chain.name, { ...command.chain, rules: [] });
      break;
    case 'flush-chain':
      next.chains.set(command.name, { ...present(next.chains, command.name), rules: [] });
      break;
    case 'delete-chain':
      if (present(next.chains, command.name).rules.length > 0) throw new Error(`${command.name} has rules`);
      if (isLedTo(next, command.name)) throw new Error(`something leads to ${command.name}`);
      next.chains.delete(command.name);
      break;
    case 'add-rules': {
      const { name, rules } = command.chain;
      const chain = present(next.chains, name);
      next.chains.set(name, { ...chain, rules: [...chain.rules, ...rules] });
      break;
    }
    case 'add-set':
    case 'delete-set':
    case 'add-elements':
    case 'delete-elements':
      applyToSet(next, command);
  }
}

type OfSets = Extract<Command, { kind: 'add-set' | 'delete-set' | 'add-elements' | 'delete-elements' }>;

function applyToSet({ sets }: Draft, command: OfSets): void {
  if (command.kind === 'delete-set') {
    present(sets, command.name);
    sets.delete(command.name);
    return;
  }
  const { set } = command;
  if (command.kind === 'add-set') {
    if (!sets.has(set.name)) sets.set(set.name, set.content.kind === 'dynamic' ? set : withElements(set, new Map()));
    return;
  }
  const held = present(sets, set.name);
  const elements = new Map(elementsOf(held.content));
  for (const [key, data] of elementsOf(command.content)) {
    if (command.kind === 'add-elements') elements.set(key, data);
    else if (!elements.delete(key)) throw new Error(`${key} is not in ${set.name}`);
  }
  sets.set(set.name, withElements(held, elements));
}

function present<T>(map: ReadonlyMap<string, T>, name: string): T {
  const found = map.get(name);
  if (found === undefined) throw new Error(`${name} is not there`);
  return found;
}

function withElements(set: NftSet, elements: ReadonlyMap<Value, Value>): NftSet {
  return { ...set, content: { kind: 'texts', elements } };
}

function elementsOf(content: Content): ReadonlyMap<Value, Value> {
  if (content.kind === 'texts') return content.elements;
  return new Map([...elementTexts(content)].flat().map((text) => [text, '']));
}

function isLedTo({ chains, sets }: Draft, name: string): boolean {
  const leads = (verdict: Value): boolean => verdict === `goto ${name}` || verdict === `jump ${name}`;
  const inSets = [...sets.values()].some(
    (set) => set.data === 'verdict' && [...elementsOf(set.content).values()].some(leads),
  );
  const steps = [...chains.values()].flatMap(({ rules }) => rules.flat());
  return (
    inSets ||
    steps.some(
      (step) =>
        (step.kind === 'verdict' && leads(step.verdict)) ||
        (step.kind === 'verdict-map' && typeof step.map !== 'string' && step.map.some(([, data]) => leads(data))),
    )
  );
}

/** A packet at one base chain. */
export type AtBase = { readonly base: string; readonly frame: Frame; readonly memory: Memory };

/** What one base chain says. */
export function verdictAt({ chains, sets, timeouts }: Ruleset, { base, frame, memory }: AtBase): string {
  const own = chains.get(base);
  if (own?.hook === undefined) return 'accept';
  return trace({ chains: onlyBase(chains, base), sets, timeouts }, own.hook.hook, { frame, memory }).verdict;
}

/** Memory of a pure function: chains never change. */
const ALONE = new WeakMap<Ruleset['chains'], Map<string, Ruleset['chains']>>();

function onlyBase(chains: Ruleset['chains'], base: string): Ruleset['chains'] {
  const known = ALONE.get(chains) ?? new Map<string, Ruleset['chains']>();
  ALONE.set(chains, known);
  const alone =
    known.get(base) ?? new Map([...chains].filter(([name, { hook }]) => name === base || hook === undefined));
  known.set(base, alone);
  return alone;
}

/**
 * All that one base chain may say to a packet that meets a transaction halfway: rules are those of before from the first to the last, sets are
 * those of before up to some lookup and those of after from then on. That is how Linux reads them: rules by the generation in which the packet
 * came to the base chain, elements by the one of the moment.
 */
export function halfwayVerdicts(before: Ruleset, after: Ruleset, at: AtBase): ReadonlySet<string> {
  const verdicts = new Set<string>();
  // A lookup of a set that did not change says the same before and after.
  for (let place = 0; ; place += 1) {
    const sets = new TurningSets(before.sets, after.sets, place);
    verdicts.add(verdictAt({ ...before, sets }, at));
    if (sets.asked <= place) return verdicts;
  }
}

/** Sets of before, until so many lookups of sets that changed were made. */
class TurningSets extends Map<string, NftSet> {
  readonly #after: ReadonlyMap<string, NftSet>;
  readonly #turnsAt: number;
  asked = 0;

  constructor(before: ReadonlyMap<string, NftSet>, after: ReadonlyMap<string, NftSet>, turnsAt: number) {
    super(before);
    this.#after = after;
    this.#turnsAt = turnsAt;
  }

  override get(name: string): NftSet | undefined {
    const [old, next] = [super.get(name), this.#after.get(name)];
    if (old === next) return old;
    this.asked += 1;
    // What nobody leads to any more may be gone by then: whoever still asks finds nothing.
    return this.asked > this.#turnsAt
      ? (next ?? { ...(old as NftSet), content: { kind: 'texts', elements: new Map() } })
      : old;
  }
}

/** The hooks that a ruleset has. */
export function basesOf({ chains }: Ruleset): readonly { readonly name: string; readonly hook: Hook }[] {
  return [...chains.values()].flatMap(({ name, hook }) => (hook === undefined ? [] : [{ name, hook }]));
}
