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
  const nameOf = (name: string): string => {
    const known = names.get(name);
    if (known !== undefined) return known;
    const chain = ruleset.chains.get(name);
    if (chain === undefined) throw new Error(`chain ${name} is not in the ruleset`);
    const rules = chain.rules.map((rule) => withNames(rule, nameOf));
    const own = chain.hook === undefined ? `${name}.${hashText(rules.map(ruleText).join('\n'))}` : name;
    names.set(name, own);
    sealed.set(own, { ...chain, name: own, rules });
    return own;
  };
  for (const name of ruleset.chains.keys()) nameOf(name);
  const sets = [...ruleset.sets].map(([name, set]): [string, NftSet] => [name, sealSet(set, nameOf)]);
  return { ruleset: { ...ruleset, chains: sealed, sets: new Map(sets) }, nameOf };
}

function sealSet(set: NftSet, nameOf: (chain: string) => string): NftSet {
  if (set.data !== 'verdict' || set.content.kind !== 'texts') return set;
  const elements = new Map([...set.content.elements].map(([key, data]) => [key, renamed(data, nameOf)] as const));
  const content: Content = { kind: 'texts', elements };
  return { ...set, content };
}

function withNames(rule: Rule, nameOf: (chain: string) => string): Rule {
  return rule.some(leads) ? rule.map((step) => stepWithNames(step, nameOf)) : rule;
}

function leads(step: Step): boolean {
  return step.kind === 'verdict' || (step.kind === 'verdict-map' && typeof step.map !== 'string');
}

function stepWithNames(step: Step, nameOf: (chain: string) => string): Step {
  if (step.kind === 'verdict') return { kind: 'verdict', verdict: renamed(step.verdict, nameOf) };
  if (step.kind !== 'verdict-map' || typeof step.map === 'string') return step;
  const map: Elements = step.map.map(([key, data]) => [key, renamed(data, nameOf)]);
  return { ...step, map };
}

function renamed(data: Value, nameOf: (chain: string) => string): Verdict {
  const [kind, chain] = data.split(' ');
  // Data of verdict maps are verdicts.
  return (chain === undefined ? data : `${kind ?? ''} ${nameOf(chain)}`) as Verdict;
}
