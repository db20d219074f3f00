/** Values without members, as the wire has them. */
export type Scalar = 'string' | 'integer' | 'boolean' | 'timestamp' | 'blob';

/** A member of a structure: its name for handlers, in requests, and in answers; `required` ones must be in a request. */
export type Member = {
  readonly name: string;
  readonly query: string;
  readonly xml: string;
  readonly shape: ShapeRef;
  readonly required?: true;
};

/** A scalar, or the index of a shape in the table. */
export type ShapeRef = Scalar | number;

export type Shape =
  | { readonly kind: 'structure'; readonly members: readonly Member[] }
  | { readonly kind: 'list'; readonly of: ShapeRef; readonly item: string };

/** The shapes of what an operation takes and gives. */
export type Operation = { readonly input: number; readonly output: number };

/** One service of the wire: how its answers are named, and its operations. */
export type Service = {
  readonly namespace: string;
  readonly version: string;
  readonly operations: { readonly [name: string]: Operation };
};

/**
 * The shapes of the wire, taken from the SDK's own schemas by `tools/wire-table.ts`: no parameter or element name is written by hand.
 * INVARIANT: references point into `shapes`; a structure's required members come first, as the SDK has them.
 */
export type WireTable = {
  readonly source: readonly string[];
  readonly services: { readonly ec2: Service; readonly sts: Service };
  readonly shapes: readonly Shape[];
};
