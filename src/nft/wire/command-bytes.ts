import type { Command } from '../command.ts';
import { type Chain, type CtTimeout, type Hook, type NftSet, type Rule, TIMEOUT_STATES } from '../ruleset.ts';
import { isRaw, rawPlace } from '../raw-fields.ts';
import { nameIn, placeOf, type TableFamily } from '../tables.ts';
import { ByteWriter } from './byte-writer.ts';
import { type ElementForm, writeElements } from './elements.ts';
import { type AnonymousSet, META, writeExpr } from './expressions.ts';
import { byteOrder, hostWord, keySize, partSize, standing, typeNumber } from './keys.ts';
import {
  BATCH_GENERATION,
  CHAIN,
  DESCRIPTION,
  ELEMENTS,
  FAMILIES,
  FLAG,
  HOOK,
  HOOKS,
  MESSAGE,
  NETWORKS,
  NFTABLES,
  OBJECT,
  POLICIES,
  RULE,
  SET,
  SET_FLAG,
  TABLE_ATTRIBUTE,
  TABLE_NAME,
  TIMEOUT,
  TIMEOUT_TYPE,
  TRANSPORTS,
  VERDICT_TYPE,
} from './protocol.ts';
import { ruleExprs } from './rule-expressions.ts';

/** What stands between the begin and the end of a batch: the kernel does all of it or none. `commands` by the sequence number of the first message of each, for what it refuses. */
export type Batch = {
  readonly bytes: Uint8Array;
  readonly commands: readonly (readonly [sequence: number, Command])[];
};

/** The batch that does commands; its bytes are those of the writer until that writes anything else. */
export function batchOf(commands: Iterable<Command>, writer: ByteWriter = new ByteWriter()): Batch {
  const batch = new BatchWriter(writer);
  for (const command of commands) batch.write(command);
  return batch.close();
}

/** What begins a batch. The kernel refuses the batch when anybody has changed any rules since `generation`. */
export function batchBegin(generation: number | undefined): Uint8Array {
  return frame(MESSAGE.batchBegin, (writer) => {
    if (generation !== undefined) writer.word32(BATCH_GENERATION, generation);
  });
}

/** What ends a batch: then it is done, or not. */
export function batchEnd(): Uint8Array {
  return frame(MESSAGE.batchEnd, () => undefined);
}

function frame(type: number, write: (writer: ByteWriter) => void): Uint8Array {
  const writer = new ByteWriter();
  writer.message({ type, flags: FLAG.request, sequence: BATCH_SEQUENCE }, { family: 0, resource: NFTABLES }, () =>
    write(writer),
  );
  return writer.take();
}

/** The generation that a commit leads to: numbers of four bytes, never 0. */
export function nextGeneration(generation: number): number {
  return generation >= 0xffff_ffff ? 1 : generation + 1;
}

/** The sequence number of the begin and the end of a batch. */
export const BATCH_SEQUENCE = 1;

/** What is done to an object. */
type Kind = { readonly type: number; readonly flags?: number };

class BatchWriter {
  readonly #writer: ByteWriter;
  readonly #commands: (readonly [number, Command])[] = [];
  #sequence: number = BATCH_SEQUENCE;
  #setId = 0;

  constructor(writer: ByteWriter) {
    writer.clear();
    this.#writer = writer;
  }

  close(): Batch {
    return { bytes: this.#writer.written, commands: this.#commands };
  }

  write(command: Command): void {
    this.#commands.push([this.#sequence + 1, command]);
    const writer = this.#writer;
    switch (command.kind) {
      case 'create-table':
        this.#message(
          {
            type: MESSAGE.newTable,
            flags: FLAG.create | (command.family === 'inet' ? FLAG.exclusive : 0),
            family: command.family,
          },
          () => writer.text(TABLE_ATTRIBUTE.name, TABLE_NAME),
        );
        return;
      case 'delete-table':
        this.#message({ type: MESSAGE.deleteTable, family: command.family }, () =>
          writer.text(TABLE_ATTRIBUTE.name, TABLE_NAME),
        );
        return;
      case 'add-timeout':
        this.#addTimeout(command.timeout);
        return;
      case 'delete-timeout':
        this.#about(command.name, { type: MESSAGE.deleteObject }, (own) => this.#timeoutHead(own));
        return;
      case 'add-chain':
        this.#addChain(command.chain);
        return;
      case 'flush-chain':
        this.#about(command.name, { type: MESSAGE.deleteRule }, (own) => {
          writer.text(RULE.table, TABLE_NAME);
          writer.text(RULE.chain, own);
        });
        return;
      case 'delete-chain':
        this.#about(command.name, { type: MESSAGE.deleteChain }, (own) => {
          writer.text(CHAIN.table, TABLE_NAME);
          writer.text(CHAIN.name, own);
        });
        return;
      case 'add-rules':
        for (const rule of command.chain.rules) this.#addRule(command.chain.name, rule);
        return;
      case 'add-set':
        this.#addSet(command.set);
        return;
      case 'delete-set':
        this.#about(command.name, { type: MESSAGE.deleteSet }, (own) => {
          writer.text(SET.table, TABLE_NAME);
          writer.text(SET.name, own);
        });
        return;
      case 'add-elements':
      case 'delete-elements':
        this.#elements(command);
    }
  }

  #message({ type, flags = 0, family }: Kind & { readonly family: TableFamily }, write: () => void): void {
    this.#sequence += 1;
    const head = { type, flags: FLAG.request | flags, sequence: this.#sequence };
    this.#writer.message(head, { family: FAMILIES[family] }, write);
  }

  /** A message about an object, which is written by what the kernel calls it in its table. */
  #about(name: string, kind: Kind, write: (own: string) => void): void {
    const { family, own } = placeOf(name);
    this.#message({ ...kind, family }, () => write(own));
  }

  #timeoutHead(name: string): void {
    this.#writer.text(OBJECT.table, TABLE_NAME);
    this.#writer.text(OBJECT.name, name);
    this.#writer.word32(OBJECT.type, TIMEOUT_TYPE);
  }

  #addTimeout({ name, protocol, l3proto, policy }: CtTimeout): void {
    const writer = this.#writer;
    this.#about(name, { type: MESSAGE.newObject, flags: FLAG.create }, (own) => {
      this.#timeoutHead(own);
      writer.nest(OBJECT.data, () => {
        writer.word16(TIMEOUT.network, NETWORKS[l3proto]);
        writer.byte(TIMEOUT.transport, TRANSPORTS[protocol]);
        writer.nest(TIMEOUT.policy, () => {
          for (const [index, state] of TIMEOUT_STATES[protocol].entries())
            writer.word32(index + 1, policy[state.name] ?? state.seconds);
        });
      });
    });
  }

  #addChain({ name, hook }: Chain): void {
    const writer = this.#writer;
    this.#about(name, { type: MESSAGE.newChain, flags: FLAG.create }, (own) => {
      writer.text(CHAIN.table, TABLE_NAME);
      writer.text(CHAIN.name, own);
      if (hook === undefined) return;
      writer.text(CHAIN.type, 'filter');
      writer.word32(CHAIN.policy, POLICIES[hook.policy]);
      writer.nest(CHAIN.hook, () => {
        writer.word32(HOOK.number, hookNumber(name, hook));
        writer.word32(HOOK.priority, hook.priority);
      });
    });
  }

  #addRule(chain: string, rule: Rule): void {
    const writer = this.#writer;
    const exprs = ruleExprs(rule);
    const places = new Map<unknown, { readonly name: string; readonly id: number }>();
    for (const { values } of exprs)
      for (const [, value] of values)
        if (typeof value === 'object' && 'elements' in value)
          places.set(value, this.#addAnonymous(placeOf(chain).family, value));
    this.#about(chain, { type: MESSAGE.newRule, flags: FLAG.create | FLAG.append }, (own) => {
      writer.text(RULE.table, TABLE_NAME);
      writer.text(RULE.chain, own);
      writer.nest(RULE.expressions, () => {
        for (const expr of exprs) writeExpr(writer, expr, (set) => places.get(set) ?? { name: '', id: 0 });
      });
    });
  }

  /** A set that the kernel gives a name of its own. */
  #addAnonymous(family: TableFamily, set: AnonymousSet): { readonly name: string; readonly id: number } {
    const form = anonymousForm(set);
    this.#setId += 1;
    const place = { name: set.data === undefined ? '__set%d' : '__map%d', id: this.#setId };
    const named = { ...place, name: nameIn(family, place.name) };
    this.#newSet(named, {
      form,
      flags: SET_FLAG.anonymous | SET_FLAG.constant,
      size: form.isInterval ? undefined : set.elements.size,
    });
    this.#writeList(MESSAGE.newElements, named, { form, content: { kind: 'texts', elements: set.elements } });
    return place;
  }

  #addSet(set: NftSet): void {
    const { content } = set;
    this.#setId += 1;
    const isDynamic = content.kind === 'dynamic';
    const flags = isDynamic ? SET_FLAG.dynamic | (content.expires ? SET_FLAG.timeout : 0) : 0;
    this.#newSet(
      { name: set.name, id: this.#setId },
      {
        form: elementForm(set),
        flags,
        size: isDynamic ? content.size : undefined,
        counts: isDynamic && content.counts,
      },
    );
  }

  #newSet(
    { name, id }: { readonly name: string; readonly id: number },
    of: {
      readonly form: ElementForm;
      readonly flags: number;
      readonly size: number | undefined;
      readonly counts?: boolean;
    },
  ): void {
    const writer = this.#writer;
    const { types, data, isInterval } = of.form;
    const hasFields = isInterval && types.length > 1;
    const flags =
      of.flags |
      (isInterval ? SET_FLAG.interval : 0) |
      (data === undefined ? 0 : SET_FLAG.map) |
      (hasFields ? SET_FLAG.fields : 0);
    this.#about(name, { type: MESSAGE.newSet, flags: FLAG.create }, (own) => {
      writer.text(SET.table, TABLE_NAME);
      writer.text(SET.name, own);
      writer.word32(SET.flags, flags);
      writer.word32(SET.keyType, typeNumber(types));
      writer.word32(SET.keyLength, keySize(types));
      if (data !== undefined) {
        writer.word32(SET.dataType, data === 'verdict' ? VERDICT_TYPE : typeNumber(['mark']));
        writer.word32(SET.dataLength, data === 'verdict' ? 0 : partSize('mark'));
      }
      writer.word32(SET.id, id);
      if (of.size !== undefined || hasFields)
        writer.nest(SET.description, () => {
          if (of.size !== undefined) writer.word32(DESCRIPTION.size, of.size);
          if (!hasFields) return;
          writer.nest(DESCRIPTION.fields, () => {
            for (const type of types)
              writer.nest(DESCRIPTION.field, () => writer.word32(DESCRIPTION.fieldLength, partSize(type)));
          });
        });
      writer.bytes(SET.userData, orderNotes(of.form));
      if (of.counts === true)
        writer.nest(SET.expression, () => {
          writer.text(1, 'counter');
          writer.nest(2, () => undefined);
        });
    });
  }

  #elements({ kind, set, content }: Extract<Command, { kind: 'add-elements' | 'delete-elements' }>): void {
    const isNew = kind === 'add-elements';
    const form = elementForm(set);
    const type = isNew ? MESSAGE.newElements : MESSAGE.deleteElements;
    this.#writeList(type, { name: set.name, id: 0 }, { form: isNew ? form : { ...form, data: undefined }, content });
  }

  #writeList(
    type: number,
    { name, id }: { readonly name: string; readonly id: number },
    of: Parameters<typeof writeElements>[1],
  ): void {
    const writer = this.#writer;
    writeElements(writer, of, (writeList) =>
      this.#about(name, { type, flags: type === MESSAGE.newElements ? FLAG.create : 0 }, (own) => {
        writer.text(ELEMENTS.table, TABLE_NAME);
        writer.text(ELEMENTS.set, own);
        if (id > 0) writer.word32(ELEMENTS.setId, id);
        writer.nest(ELEMENTS.list, writeList);
      }),
    );
  }
}

/** Throws where the table of a chain has no such hook: no layout asks for it. */
function hookNumber(name: string, { hook }: Hook): number {
  const { family } = placeOf(name);
  const number = HOOKS[family][hook];
  if (number === undefined) throw new Error(`tables of the family ${family} have no hook ${hook}`);
  return number;
}

function elementForm({ key, data, isInterval }: NftSet): ElementForm {
  return { types: standing(key, isInterval), data, isInterval };
}

/** Notes that nft keeps with a set, so that its listings know in which order the bytes of keys and data stand. */
function orderNotes({ types, data }: ElementForm): Uint8Array {
  const [only] = types;
  const key = types.length > 1 || only === undefined ? 'mixed' : byteOrder(only);
  const notes = [
    note(KEY_ORDER, key),
    ...(data === undefined ? [] : [note(DATA_ORDER, data === 'mark' ? 'host' : 'mixed')]),
    ...(types.some(isRaw) ? [rawNotes(types)] : []),
  ];
  return Uint8Array.from(notes.flat());
}

const [KEY_ORDER, DATA_ORDER] = [0, 1];
const ORDERS = { mixed: 0, host: 1, network: 2 } as const;

function note(kind: number, order: keyof typeof ORDERS): readonly number[] {
  return wordNote(kind, ORDERS[order]);
}

function wordNote(kind: number, value: number): readonly number[] {
  return [kind, 4, ...hostWord(value)];
}

/** A note made of notes. */
function nestNote(kind: number, notes: readonly (readonly number[])[]): readonly number[] {
  const all = notes.flat();
  return [kind, all.length, ...all];
}

/** What a key is read from, where its types do not say it: by the numbers of nft's own expressions (its `include/expression.h`). */
function rawNotes(types: readonly string[]): readonly number[] {
  const [KEY_EXPRESSION, CONCATENATION, META_EXPRESSION, PAYLOAD, TRANSPORT] = [3, 13, 9, 7, 3];
  const parts = types.map((type, place) => {
    if (!isRaw(type)) return nestNote(place, [wordNote(0, META_EXPRESSION), nestNote(1, [wordNote(0, META.iifname)])]);
    const { offset, size } = rawPlace(type);
    const said = [0, 0, TRANSPORT, offset * 8, size * 8].map((value, kind) => wordNote(kind, value));
    return nestNote(place, [wordNote(0, PAYLOAD), nestNote(1, said)]);
  });
  return nestNote(KEY_EXPRESSION, [wordNote(0, CONCATENATION), nestNote(1, parts)]);
}

/** Anonymous sets hold ranges when one of their keys is one. */
function anonymousForm({ types, data, elements }: AnonymousSet): ElementForm {
  return { types, data, isInterval: [...elements.keys()].some(isRangeText) };
}

function isRangeText(text: string): boolean {
  return text.includes('/') || text.split(' . ').some((part) => !part.startsWith('"') && part.includes('-'));
}
