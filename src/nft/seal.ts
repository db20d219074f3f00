import { hashText } from './names.ts';
import { ruleText } from './render.ts';
import type { Chain, Content, Elements, NftSet, Rule, Ruleset, Step, Value, Verdict } from './ruleset.ts';

/** A sealed ruleset, and what its chains are called now. */
export type Sealed = { readonly ruleset: Ruleset; readonly nameOf: (chain: string) => string };

/**
 * Names every chain but the base chains after what it holds, so that none is ever changed: another content is another chain. The kernel takes the
 * rules of a chain and the elements of a set from two generations when a packet meets a change halfway; a chain that lives on unchanged until
 * nobody is in it any more is the same in both.
 */
export function seal(ruleset: Ruleset): Sealed {
  const sealed = new Map<string, Chain>();
  const names = new Map<string, string>();
  // Each step once: most rules end in the same way.
  const steps = new Map<Step, Step>();
  const nameOf = (name: string): string => {
    const known = names.get(name);
    if (known !== undefined) return known;
    const chain = ruleset.chains.get(name);
    if (chain === undefined) throw new Error(`chain ${name} is not in the ruleset`);
    const made = sealedChain(chain, nameOf, steps);
    names.set(name, made.name);
    sealed.set(made.name, made);
    return made.name;
  };
  for (const name of ruleset.chains.keys()) nameOf(name);
  const sets = [...ruleset.sets].map(([name, set]): [string, NftSet] => [name, sealSet(set, nameOf)]);
  return { ruleset: { ...ruleset, chains: sealed, sets: new Map(sets) }, nameOf };
}

/** A chain by its own name, the chains that it leads to by theirs. One that was sealed before and leads to the same is the same. */
function sealedChain(chain: Chain, nameOf: (chain: string) => string, steps: Map<Step, Step>): Chain {
  const known = SEALED.get(chain);
  if (known?.led.every((name, at) => nameOf(name) === known.names[at]) === true) return known.sealed;
  const led = new Map<string, string>();
  const named = (name: string): string => {
    const own = nameOf(name);
    led.set(name, own);
    return own;
  };
  const rules = chain.rules.map((rule) => withNames(rule, named, steps));
  const own = chain.hook === undefined ? `${chain.name}.${hashText(rules.map(ruleText).join('\n'))}` : chain.name;
  const sealed = { ...chain, name: own, rules };
  SEALED.set(chain, { led: [...led.keys()], names: [...led.values()], sealed });
  return sealed;
}

/** Memory of a pure function: a chain never changes. */
const SEALED = new WeakMap<
  Chain,
  { readonly led: readonly string[]; readonly names: readonly string[]; readonly sealed: Chain }
>();

function sealSet(set: NftSet, nameOf: (chain: string) => string): NftSet {
  if (set.data !== 'verdict' || set.content.kind !== 'texts') return set;
  const elements = new Map([...set.content.elements].map(([key, data]) => [key, renamed(data, nameOf)] as const));
  const content: Content = { kind: 'texts', elements };
  return { ...set, content };
}

function withNames(rule: Rule, nameOf: (chain: string) => string, steps: Map<Step, Step>): Rule {
  return rule.some(leads) ? rule.map((step) => (leads(step) ? stepWithNames(step, nameOf, steps) : step)) : rule;
}

function leads(step: Step): boolean {
  return step.kind === 'verdict' || (step.kind === 'verdict-map' && typeof step.map !== 'string');
}

function stepWithNames(step: Step, nameOf: (chain: string) => string, steps: Map<Step, Step>): Step {
  if (step.kind === 'verdict') {
    const verdict = renamed(step.verdict, nameOf);
    const known = steps.get(step) ?? { kind: 'verdict', verdict };
    steps.set(step, known);
    return known;
  }
  if (step.kind !== 'verdict-map' || typeof step.map === 'string') return step;
  const map: Elements = step.map.map(([key, data]) => [key, renamed(data, nameOf)]);
  return { ...step, map };
}

function renamed(data: Value, nameOf: (chain: string) => string): Verdict {
  const [kind, chain] = data.split(' ');
  // Data of verdict maps are verdicts.
  return (chain === undefined ? data : `${kind ?? ''} ${nameOf(chain)}`) as Verdict;
}
