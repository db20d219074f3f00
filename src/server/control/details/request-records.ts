/**
 * A request that came with a ClientToken, and its answer: the same request again gets the same answer and does nothing. The id is
 * `action/token`.
 */
export type AnsweredToken = {
  readonly id: string;
  /** What else was asked: another request with the token is refused. */
  readonly inputText: string;
  readonly output: unknown;
  /** In how many parts the output stands, where it is too large for one record; it is then none here. */
  readonly parts?: number;
  /** Milliseconds since 1970. */
  readonly answeredAt: number;
};

/** A part of a large answer, as JSON text. The id is `action/token/number`, from 0. */
export type AnswerPart = { readonly id: string; readonly text: string; readonly answeredAt: number };

/** Kinds of record that are still shown for a while after their end, as AWS does with terminated instances. */
export type DepartingKind = 'instances' | 'natGateways' | 'peerings';

/** A record that has ended; its id is the record's. */
export type Departure = {
  readonly id: string;
  readonly kind: DepartingKind;
  /** Milliseconds since 1970. */
  readonly goneAt: number;
};
