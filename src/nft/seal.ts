import { hashText } from './names.ts';
import { ruleText } from './render.ts';
import type { Chain, Content, Elements, Hook, NftSet, Rule, Ruleset, Step, Value, Verdict } from './ruleset.ts';
import { TextMap } from './text-map.ts';

/** A sealed ruleset, and what its chains are called now. */
export type Sealed = { readonly ruleset: Ruleset; readonly nameOf: (chain: string) => string };

/**
 * Names every chain but the base chains after what it holds, so that none is ever changed: another content is another chain. The kernel takes the
 * rules of a chain and the elements of a set from two generations when a packet meets a change halfway; a chain that lives on unchanged until
 * nobody is in it any more is the same in both.
 */
export function seal(ruleset: Ruleset): Sealed {
  const bySealed = new Map<string, SealedChain>();
  const byDraft = new Map<string, SealedChain>();
  const lists = new Map<string, readonly string[]>();
  const once = (led: readonly string[]): readonly string[] => {
    const key = led.join(' ');
    const list = lists.get(key) ?? led;
    lists.set(key, list);
    return list;
  };
  const chainOf = (name: string): SealedChain => {
    const known = byDraft.get(name);
    if (known !== undefined) return known;
    const chain = ruleset.chains.get(name);
    if (chain === undefined) throw new Error(`chain ${name} is not in the ruleset`);
    const made = sealedChain(chain, chainOf, once);
    byDraft.set(chain.name, made);
    bySealed.set(made.name, made);
    return made;
  };
  const nameOf = (name: string): string => chainOf(name).name;
  for (const name of ruleset.chains.keys()) chainOf(name);
  // Each text once: many keys lead to the same chain.
  const verdicts = new Map<Value, Verdict>();
  const verdictOf = (data: Value): Verdict => {
    const verdict = verdicts.get(data) ?? renamed(data, nameOf);
    verdicts.set(data, verdict);
    return verdict;
  };
  const sets = [...ruleset.sets].map(([name, set]): [string, NftSet] => [name, sealSet(set, verdictOf)]);
  return { ruleset: { ...ruleset, chains: bySealed, sets: new Map(sets) }, nameOf };
}

/**
 * A chain by its own name, the chains that it leads to by theirs. One that was sealed before and leads to the same is the same. `once`: such a list as it
 * stands elsewhere already, for thousands lead to the same.
 */
function sealedChain(
  chain: Chain,
  chainOf: (name: string) => SealedChain,
  once: (led: readonly string[]) => readonly string[],
): SealedChain {
  const known = SEALED.get(chain);
  if (known?.leadsTo(chainOf) === true) return known;
  const led = new Map<string, string>();
  const named = (name: string): string => {
    const { draft, name: own } = chainOf(name);
    // Names in rules are parts of texts, which would be held with them.
    led.set(draft.name, own);
    return own;
  };
  const text = chain.rules.map((rule) => ruleText(withNames(rule, named))).join('\n');
  const own = chain.hook === undefined ? [chain.name, hashText(text)].join('.') : chain.name;
  const sealed = new SealedChain(chain, own, once([...led].flat()));
  SEALED.set(chain, sealed);
  return sealed;
}

/**
 * A chain under its own name. Its rules are those of the draft with other names in them, so they are made when they are asked for: a host may have a
 * hundred thousand, and once they are in the kernel they are hardly ever looked at.
 */
class SealedChain implements Chain {
  readonly name: string;
  readonly hook?: Hook;
  readonly draft: Chain;
  /** Names of the chains that it leads to, in the draft and in the table, by turns. */
  readonly led: readonly string[];

  constructor(draft: Chain, name: string, led: readonly string[]) {
    this.name = name;
    if (draft.hook !== undefined) this.hook = draft.hook;
    this.draft = draft;
    this.led = led;
  }

  get rules(): readonly Rule[] {
    const names = new Map(
      Array.from({ length: this.led.length / 2 }, (_, at) => [this.led[2 * at], this.led[2 * at + 1]]),
    );
    return this.draft.rules.map((rule) => withNames(rule, (name) => names.get(name) ?? name));
  }

  leadsTo(chainOf: (name: string) => SealedChain): boolean {
    for (let at = 0; at < this.led.length; at += 2)
      if (chainOf(this.led[at] ?? '').name !== this.led[at + 1]) return false;
    return true;
  }
}

/** A chain as it was before it was sealed. */
export function draftOf(chain: Chain): Chain {
  return chain instanceof SealedChain ? chain.draft : chain;
}

/** A chain as it was sealed last, in whichever ruleset that was. */
export function sealedLast(draft: Chain): Chain | undefined {
  return SEALED.get(draft);
}

/** Memory of a pure function: a chain never changes. */
const SEALED = new WeakMap<Chain, SealedChain>();

function sealSet(set: NftSet, verdictOf: (data: Value) => Verdict): NftSet {
  if (set.data !== 'verdict' || set.content.kind !== 'texts') return set;
  const { elements: drafted } = set.content;
  const elements =
    drafted instanceof TextMap
      ? drafted.changed(verdictOf)
      : new Map([...drafted].map(([key, data]) => [key, verdictOf(data)] as const));
  const content: Content = { kind: 'texts', elements };
  return { ...set, content };
}

function withNames(rule: Rule, nameOf: (chain: string) => string): Rule {
  return rule.some(leads) ? rule.map((step) => (leads(step) ? stepWithNames(step, nameOf) : step)) : rule;
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
