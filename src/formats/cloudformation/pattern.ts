import { isInLine, type Node, readPattern, Unfollowed } from './pattern-syntax.ts';

/** Longest pattern and value that are looked at. */
const MAX_LENGTH = 4096;
/** Steps that all patterns of a template may take together: far more than sensible ones take, some tenths of a second at most. */
const MAX_STEPS = 1_000_000;

/** What is left of the steps. */
export type Steps = { left: number };

/**
 * Whether a pattern of Java's matches a whole text, as CloudFormation asks of `AllowedPattern`. Undefined: the pattern has what is not followed here
 * (references to groups, looking back, named classes, flags, possessive repetition), or takes too many steps. All positions that a part of the pattern can
 * lead to are looked at together, so that steps grow with a power of the length, whatever the pattern; beyond a bound there is no answer.
 */
export function matchesWhole(pattern: string, text: string, steps: Steps = stepsOfTemplate()): boolean | undefined {
  if (pattern.length > MAX_LENGTH || text.length > MAX_LENGTH) return undefined;
  // Reading takes steps too.
  steps.left -= pattern.length + text.length;
  if (steps.left < 0) return undefined;
  try {
    const node = readPattern(pattern);
    const walk = new Walk(text, steps);
    return walk.ends(node, new Set([0])).has(walk.length);
  } catch (error) {
    if (error instanceof Unfollowed) return undefined;
    throw error;
  }
}

/** The steps that the patterns of one template may take. */
export function stepsOfTemplate(): Steps {
  return { left: MAX_STEPS };
}

/** Follows the parts of a pattern over one text: from positions to positions. */
class Walk {
  readonly #codes: readonly number[];
  readonly #steps: Steps;

  constructor(text: string, steps: Steps) {
    this.#steps = steps;
    this.#codes = Array.from(text, (character) => character.codePointAt(0) ?? 0);
  }

  get length(): number {
    return this.#codes.length;
  }

  ends(node: Node, starts: ReadonlySet<number>): ReadonlySet<number> {
    this.#steps.left -= starts.size + 1;
    if (this.#steps.left < 0) throw new Unfollowed();
    switch (node.kind) {
      case 'one':
        return new Set(
          [...starts].filter((at) => at < this.length && node.has(this.#codes[at] ?? 0)).map((at) => at + 1),
        );
      case 'all':
        return node.parts.reduce((from, part) => (from.size === 0 ? from : this.ends(part, from)), starts);
      case 'any':
        return new Set(node.options.flatMap((option) => [...this.ends(option, starts)]));
      case 'times':
        return this.#times(node, starts);
      case 'edge':
        return new Set([...starts].filter((at) => (node.isEnd ? this.#isEnd(at) : at === 0)));
      case 'ahead':
        return new Set([...starts].filter((at) => this.ends(node.node, new Set([at])).size > 0 !== node.isNot));
    }
  }

  #times({ node, least, most }: Extract<Node, { kind: 'times' }>, starts: ReadonlySet<number>): ReadonlySet<number> {
    let from = starts;
    for (let times = 0; times < least && from.size > 0; times += 1) from = this.ends(node, from);
    const reached = new Set(from);
    for (let times = least; times < most && from.size > 0; times += 1) {
      from = new Set([...this.ends(node, from)].filter((at) => !reached.has(at)));
      for (const at of from) reached.add(at);
    }
    return reached;
  }

  /** Java's `$`: at the end, and before a line break that ends the text. */
  #isEnd(at: number): boolean {
    return at === this.length || (at === this.length - 1 && !isInLine(this.#codes[at] ?? 0));
  }
}
