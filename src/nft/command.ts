import type { Chain, Content, CtTimeout, NftSet, Ruleset } from './ruleset.ts';
import { hasFamily, type TableFamily } from './tables.ts';

/** One step of a transaction: what is done to the table, however the kernel is told. */
export type Command =
  /** Makes a table. Where there is one, the one for packets is refused; the other one never is the only one. */
  | { readonly kind: 'create-table'; readonly family: TableFamily }
  | { readonly kind: 'delete-table'; readonly family: TableFamily }
  | { readonly kind: 'add-timeout'; readonly timeout: CtTimeout }
  | { readonly kind: 'delete-timeout'; readonly name: string }
  | { readonly kind: 'add-chain'; readonly chain: Chain }
  /** Takes all rules out of a chain. */
  | { readonly kind: 'flush-chain'; readonly name: string }
  | { readonly kind: 'delete-chain'; readonly name: string }
  /** Puts the rules of a chain at the end of it, which is there in name. Chains may make their rules as they are asked for. */
  | { readonly kind: 'add-rules'; readonly chain: Chain }
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
  yield { kind: 'create-table', family: 'inet' };
  if (hasFamily(ruleset.chains.keys(), 'arp')) yield { kind: 'create-table', family: 'arp' };
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
  for (const chain of ruleset.chains.values()) yield { kind: 'add-rules', chain };
}

/** How much work one command is beside one element. */
const COMMAND_WEIGHT = 10;

/**
 * The commands of a transaction in pieces of at most so many elements, or what is as much work, which the kernel does one after another; all
 * at once where they may not be cut.
 */
export function* piecesOf(
  { commands, isHidden }: Transaction,
  most: number,
): Generator<readonly Command[], void, undefined> {
  if (!isHidden || most === Infinity || commands.length === 0) {
    yield commands;
    return;
  }
  let piece: Command[] = [];
  let weight = 0;
  for (const command of commands)
    for (const part of cut(command, most)) {
      const own = weightOf(part);
      if (weight > 0 && weight + own > most) {
        yield piece;
        piece = [];
        weight = 0;
      }
      piece.push(part);
      weight += own;
    }
  yield piece;
}

function weightOf(command: Command): number {
  if (command.kind === 'add-rules') return command.chain.rules.length * COMMAND_WEIGHT;
  return 'content' in command ? elementCount(command.content) : COMMAND_WEIGHT;
}

function elementCount(content: Content): number {
  if (content.kind === 'dynamic') return 0;
  if (content.kind === 'texts') return content.elements.size;
  return content.words.length / wordsOf(content);
}

function wordsOf({ family }: Extract<Content, { kind: 'packed' }>): number {
  return family === 'ipv4' ? 1 : 4;
}

/** A command about many elements as several about fewer; rules are made, for as long as their piece is in the making. */
function cut(command: Command, most: number): readonly Command[] {
  if (command.kind === 'add-rules') {
    const { name, rules } = command.chain;
    return [{ ...command, chain: { name, rules } }];
  }
  if (!('content' in command) || elementCount(command.content) <= most) return [command];
  const { content } = command;
  const starts = Array.from({ length: Math.ceil(elementCount(content) / most) }, (_, index) => index * most);
  return starts.map((start) => ({ ...command, content: sliceOf(content, start, start + most) }));
}

function sliceOf(content: Content, start: number, end: number): Content {
  if (content.kind === 'dynamic') return content;
  if (content.kind === 'texts') return { kind: 'texts', elements: new Map([...content.elements].slice(start, end)) };
  const width = wordsOf(content);
  return { ...content, words: content.words.subarray(start * width, end * width) };
}
