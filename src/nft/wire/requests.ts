import { placeOf, type TableFamily } from '../tables.ts';
import { ByteWriter } from './byte-writer.ts';
import { CHAIN, ELEMENTS, FAMILIES, FLAG, MESSAGE, OBJECT, RULE, SET, TABLE_NAME, TIMEOUT_TYPE } from './protocol.ts';

/** The sequence number of questions: those of a batch count from 1. */
export const QUESTION_SEQUENCE = 0;

/** Asks for the number of the newest generation of rules of all tables. */
export function askGeneration(): Uint8Array {
  return question({ type: MESSAGE.getGeneration, flags: 0, family: 'inet' }, () => undefined);
}

/** Asks for all sets of a table, the anonymous ones too. */
export function askSets(family: TableFamily): Uint8Array {
  return question({ type: MESSAGE.getSet, family }, (writer) => writer.text(SET.table, TABLE_NAME));
}

/** Asks for the elements of a set, by its name in rulesets. */
export function askElements(set: string): Uint8Array {
  const { family, own } = placeOf(set);
  return question({ type: MESSAGE.getElements, family }, (writer) => {
    writer.text(ELEMENTS.table, TABLE_NAME);
    writer.text(ELEMENTS.set, own);
  });
}

/** Asks for the chains of all tables of a family. */
export function askChains(family: TableFamily): Uint8Array {
  return question({ type: MESSAGE.getChain, family }, (writer) => writer.text(CHAIN.table, TABLE_NAME));
}

/** Asks for the rules of a table. */
export function askRules(family: TableFamily): Uint8Array {
  return question({ type: MESSAGE.getRule, family }, (writer) => writer.text(RULE.table, TABLE_NAME));
}

/** Asks for the rules of a chain, by its name in rulesets. */
export function askRulesOf(chain: string): Uint8Array {
  const { family, own } = placeOf(chain);
  return question({ type: MESSAGE.getRule, family }, (writer) => {
    writer.text(RULE.table, TABLE_NAME);
    writer.text(RULE.chain, own);
  });
}

/** Asks for the timeout policies of a table. */
export function askTimeouts(family: TableFamily): Uint8Array {
  return question({ type: MESSAGE.getObject, family }, (writer) => {
    writer.text(OBJECT.table, TABLE_NAME);
    writer.word32(OBJECT.type, TIMEOUT_TYPE);
  });
}

function question(
  { type, flags = FLAG.dump, family }: { readonly type: number; readonly flags?: number; readonly family: TableFamily },
  write: (writer: ByteWriter) => void,
): Uint8Array {
  const writer = new ByteWriter();
  const head = { type, flags: FLAG.request | flags, sequence: QUESTION_SEQUENCE };
  writer.message(head, { family: FAMILIES[family] }, () => write(writer));
  return writer.take();
}
