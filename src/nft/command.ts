import type { Chain, Content, CtTimeout, NftSet, Rule, Ruleset } from './ruleset.ts';

/** One step of a transaction: what is done to the table, however the kernel is told. */
export type Command =
  /** Makes the table; refused when there is one. */
  | { readonly kind: 'create-table' }
  | { readonly kind: 'delete-table' }
  | { readonly kind: 'add-timeout'; readonly timeout: CtTimeout }
  | { readonly kind: 'delete-timeout'; readonly name: string }
  | { readonly kind: 'add-chain'; readonly chain: Chain }
  /** Takes all rules out of a chain. */
  | { readonly kind: 'flush-chain'; readonly name: string }
  | { readonly kind: 'delete-chain'; readonly name: string }
  | { readonly kind: 'add-rule'; readonly chain: string; readonly rule: Rule }
  /** An empty set; what it holds comes by `add-elements`. */
  | { readonly kind: 'add-set'; readonly set: NftSet }
  | { readonly kind: 'delete-set'; readonly name: string; readonly isMap: boolean }
  /** Elements of a set, which is there in name: what it holds does not count here. */
  | { readonly kind: 'add-elements'; readonly set: NftSet; readonly content: Content }
  /** Keys alone count; data are left out. */
  | { readonly kind: 'delete-elements'; readonly set: NftSet; readonly content: Content };

/**
 * Commands that the kernel does together or not at all. `isHidden`: no packet is judged by anything but the old or the new rules whatever part
 * of them is done, so they may be done in several goes, in order. Mostly nothing leads to what they make or remove.
 */
export type Transaction = { readonly commands: readonly Command[]; readonly isHidden: boolean };

/** What makes a ruleset from nothing, in one transaction. */
export function* wholeCommands(ruleset: Ruleset): Generator<Command, void, undefined> {
  yield { kind: 'create-table' };
  for (const timeout of ruleset.timeouts.values()) yield { kind: 'add-timeout', timeout };
  for (const chain of ruleset.chains.values()) yield { kind: 'add-chain', chain };
  for (const set of ruleset.sets.values()) {
    yield { kind: 'add-set', set };
    const { content } = set;
    const isEmpty =
      content.kind === 'packed'
        ? content.words.length === 0
        : content.kind === 'dynamic' || content.elements.size === 0;
    if (!isEmpty) yield { kind: 'add-elements', set, content };
  }
  for (const { name, rules } of ruleset.chains.values())
    for (const rule of rules) yield { kind: 'add-rule', chain: name, rule };
}
