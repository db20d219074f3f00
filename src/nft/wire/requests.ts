import { ByteWriter } from './byte-writer.ts';
import { CHAIN, ELEMENTS, FLAG, INET, MESSAGE, OBJECT, RULE, SET, TABLE_NAME, TIMEOUT_TYPE } from './protocol.ts';

/** The sequence number of questions: those of a batch count from 1. */
export const QUESTION_SEQUENCE = 0;

/** Asks for the number of the newest generation of rules of all tables. */
export function askGeneration(): Uint8Array {
  return question(MESSAGE.getGeneration, 0, () => undefined);
}

/** Asks for all sets of the table, the anonymous ones too. */
export function askSets(): Uint8Array {
  return question(MESSAGE.getSet, FLAG.dump, (writer) => writer.text(SET.table, TABLE_NAME));
}

/** Asks for the elements of a set. */
export function askElements(set: string): Uint8Array {
  return question(MESSAGE.getElements, FLAG.dump, (writer) => {
    writer.text(ELEMENTS.table, TABLE_NAME);
    writer.text(ELEMENTS.set, set);
  });
}

/** Asks for the chains of all tables of the family. */
export function askChains(): Uint8Array {
  return question(MESSAGE.getChain, FLAG.dump, (writer) => writer.text(CHAIN.table, TABLE_NAME));
}

/** Asks for the rules of the table, or of one chain of it. */
export function askRules(chain?: string): Uint8Array {
  return question(MESSAGE.getRule, FLAG.dump, (writer) => {
    writer.text(RULE.table, TABLE_NAME);
    if (chain !== undefined) writer.text(RULE.chain, chain);
  });
}

/** Asks for the timeout policies of the table. */
export function askTimeouts(): Uint8Array {
  return question(MESSAGE.getObject, FLAG.dump, (writer) => {
    writer.text(OBJECT.table, TABLE_NAME);
    writer.word32(OBJECT.type, TIMEOUT_TYPE);
  });
}

function question(type: number, flags: number, write: (writer: ByteWriter) => void): Uint8Array {
  const writer = new ByteWriter();
  const head = { type, flags: FLAG.request | flags, sequence: QUESTION_SEQUENCE };
  writer.message(head, { family: INET }, () => write(writer));
  return writer.take();
}
