import { fail, ok, type Result } from '../core/net/result.ts';
import type { Command } from '../nft/command.ts';
import { attributesOf, hostNumberOf, type Message, NETLINK, numberOf } from '../nft/wire/byte-reader.ts';
import { TURN } from '../nft/turn.ts';
import { type Batch, batchBegin, batchEnd } from '../nft/wire/command-bytes.ts';
import { FLAG, GENERATION_ID, MESSAGE } from '../nft/wire/protocol.ts';
import { askGeneration, QUESTION_SEQUENCE } from '../nft/wire/requests.ts';
import { Netlink, type NetlinkOptions } from './netlink.ts';

/** Errors of the kernel's that mean something here (asm-generic/errno.h). */
export const ERRORS = { permission: 1, missing: 2, interrupted: 85, unsupported: 95 } as const;

/** An error number of the kernel's, 0 where it said nothing, and what happened in words. */
export type TalkFault = { readonly error: number; readonly message: string };

/** What came of a batch: the first thing that the kernel refused, and the generation of rules afterwards. */
export type Sent = { readonly refused: TalkFault | undefined; readonly generation: number };

/** Questions and answers of nftables; speaks through a new program when the one before was stopped. */
export class NetlinkTalk {
  readonly #options: NetlinkOptions;
  #netlink: Netlink | undefined;

  constructor(options: NetlinkOptions) {
    this.#options = options;
  }

  /** The number of the newest generation of rules: every commit of anybody makes it one more. */
  async generation(): Promise<Result<number, TalkFault>> {
    let newest = 0;
    const asked = await this.ask(askGeneration(), ({ body }) => {
      newest = generationOf(body);
    });
    return asked.ok ? ok(newest) : asked;
  }

  /** Asks one question and hands over its answer: one message, or many and a last one that says so. */
  async ask(question: Uint8Array, take: (message: Message) => void): Promise<Result<void, TalkFault>> {
    const heard = { error: 0, isInterrupted: false };
    const asked = await this.#converse([[question]], (message) => {
      if (message.sequence !== QUESTION_SEQUENCE) return false;
      heard.isInterrupted ||= (message.flags & FLAG.interrupted) !== 0;
      if (message.type === NETLINK.error || message.type === NETLINK.done) {
        heard.error = errorOf(message.body);
        return true;
      }
      take(message);
      return message.type === MESSAGE.newGeneration;
    });
    if (!asked.ok) return fail({ error: 0, message: asked.error });
    if (heard.isInterrupted) return fail({ error: ERRORS.interrupted, message: 'rules changed while they were read' });
    const { error } = heard;
    return error === 0 ? ok(undefined) : fail({ error, message: `the kernel answers with error ${error}` });
  }

  /** Sends a batch. With a `generation`, it is refused as interrupted when anybody has changed any rules since. */
  async send(batch: Batch, generation: number | undefined): Promise<Result<Sent, TalkFault>> {
    let refused: TalkFault | undefined;
    let newest = 0;
    // What the kernel has to say of the batch comes before the answer to the question that follows.
    const heard = await this.#converse(
      [[batchBegin(generation), batch.bytes, batchEnd()], [askGeneration()]],
      ({ type, sequence, body }) => {
        if (type === NETLINK.error) {
          const error = errorOf(body);
          if (sequence === QUESTION_SEQUENCE || error === 0) return sequence === QUESTION_SEQUENCE;
          refused ??= { error, message: refusalText(batch, { sequence, error }) };
          return false;
        }
        if (type === MESSAGE.newGeneration) newest = generationOf(body);
        return type === MESSAGE.newGeneration;
      },
    );
    return heard.ok ? ok({ refused, generation: newest }) : fail({ error: 0, message: heard.error });
  }

  /** Ends the program. */
  close(): void {
    this.#netlink?.close();
    this.#netlink = undefined;
  }

  async #converse(pieces: Parameters<Netlink['ask']>[0], take: (message: Message) => boolean): Promise<Result<void>> {
    if (this.#netlink === undefined || this.#netlink.fault !== undefined) {
      const started = Netlink.start(this.#options);
      if (!started.ok) return started;
      this.#netlink = started.value;
    }
    return await this.#netlink.ask(pieces, take);
  }
}

function generationOf(body: Uint8Array): number {
  return numberOf(attributesOf(body).get(GENERATION_ID));
}

/** The number of an error: positive, or 0 for none. */
function errorOf(body: Uint8Array): number {
  return body.length < 4 ? 0 : -(hostNumberOf(body) | 0);
}

/** What the kernel refuses of a batch, for people. */
function refusalText({ commands }: Batch, of: { readonly sequence: number; readonly error: number }): string {
  const { sequence, error } = of;
  const [, command] = commands.findLast(([first]) => first <= sequence) ?? [];
  if (command === undefined) return `the kernel refuses the change with error ${error}`;
  return command.kind === 'delete-elements' && command.set.name === TURN.name
    ? 'another program changed the rules at the same time: they are read anew'
    : `the kernel refuses ${commandText(command)} with error ${error}`;
}

function commandText(command: Command): string {
  const what = command.kind.replace('-', ' ');
  switch (command.kind) {
    case 'create-table':
    case 'delete-table':
      return what;
    case 'add-timeout':
      return `${what} ${command.timeout.name}`;
    case 'add-chain':
      return `${what} ${command.chain.name}`;
    case 'add-rules':
      return `${what} in ${command.chain.name}`;
    case 'add-set':
    case 'add-elements':
    case 'delete-elements':
      return `${what} ${command.set.name}`;
    case 'delete-timeout':
    case 'flush-chain':
    case 'delete-chain':
    case 'delete-set':
      return `${what} ${command.name}`;
  }
}
