// Cuts TypeScript into words, strings and symbols: enough to see imports and names without a compiler, since text in comments and
// strings must not count as code.

export type Token = {
  readonly kind: 'word' | 'string' | 'symbol';
  /** For a string its content without quotes. */
  readonly text: string;
  readonly line: number;
};

export type ImportedModule = {
  readonly specifier: string;
  readonly line: number;
  /** How it is written: `import … from`, `import type … from`, `export … from`, `import '…'` or `import('…')`. */
  readonly form: 'import' | 'type' | 'reexport' | 'bare' | 'dynamic';
};

const SPACE = /(?:\s|\/\/[^\n]*|\/\*[\s\S]*?\*\/)+/uy;
const WORD = /[\p{L}\p{N}_$#]+/uy;
const QUOTED = /'(?:[^'\\\n]|\\[\s\S])*'|"(?:[^"\\\n]|\\[\s\S])*"/uy;
const TEMPLATE_PART = /(?:[^`\\$]|\\[\s\S]|\$(?!\{))*(?:`|\$\{)/uy;
const REGEX = /\/(?:[^\\/[\n]|\\[^\n]|\[(?:[^\]\\\n]|\\[^\n])*\])+\/[a-z]*/uy;

/** Words after which a slash begins a regular expression, though other words would make it a division. */
const BEFORE_VALUE = new Set(
  'return typeof case in of do else delete void throw new await yield instanceof extends'.split(' '),
);

function matchAt(pattern: RegExp, source: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(source)?.[0];
}

function endsValue(token: Token | undefined): boolean {
  if (token === undefined) return false;
  if (token.kind === 'word') return !BEFORE_VALUE.has(token.text);
  return token.kind === 'string' || [')', ']', '}'].includes(token.text);
}

/** The tokens of a source text. A template counts as strings with the code between them; a regular expression as a string. */
export function tokenize(source: string): readonly Token[] {
  const tokens: Token[] = [];
  /** For each template that is open around here: how many braces its current `${…}` has open. */
  const templates: number[] = [];
  let at = 0;
  let line = 1;

  function take(kind: Token['kind'] | undefined, raw: string, text: string): void {
    if (kind !== undefined) tokens.push({ kind, text, line });
    line += raw.split('\n').length - 1;
    at += raw.length;
  }

  function takeTemplate(opening: string): void {
    const part = matchAt(TEMPLATE_PART, source, at + opening.length);
    if (part === undefined) throw new Error(`line ${line}: a template has no end`);
    take('string', opening + part, part.slice(0, part.endsWith('`') ? -1 : -2));
    if (part.endsWith('${')) templates.push(0);
  }

  function takeSymbol(symbol: string): void {
    const open = templates.pop();
    if (open !== undefined && (symbol !== '}' || open > 0)) {
      templates.push(open + (symbol === '{' ? 1 : 0) - (symbol === '}' ? 1 : 0));
    }
    if (symbol === '}' && open === 0) takeTemplate('}');
    else take('symbol', symbol, symbol);
  }

  while (at < source.length) {
    const space = matchAt(SPACE, source, at);
    const word = matchAt(WORD, source, at);
    const quoted = matchAt(QUOTED, source, at);
    const symbol = source.charAt(at);
    const regex = symbol === '/' && !endsValue(tokens.at(-1)) ? matchAt(REGEX, source, at) : undefined;
    if (space !== undefined) take(undefined, space, '');
    else if (word !== undefined) take('word', word, word);
    else if (quoted !== undefined) take('string', quoted, quoted.slice(1, -1));
    else if (regex !== undefined) take('string', regex, regex);
    else if (symbol === '`') takeTemplate('`');
    else takeSymbol(symbol);
  }
  return tokens;
}

/** What may stand between `import` or `export` and `from`. */
function belongsToClause(token: Token | undefined): token is Token {
  if (token === undefined) return false;
  if (token.kind === 'word') return !['import', 'export', 'const', 'let', 'class', 'function'].includes(token.text);
  return token.kind === 'string' || ['{', '}', ',', '*'].includes(token.text);
}

function specifierOf(tokens: readonly Token[], keyword: number): Token | undefined {
  for (let index = keyword + 1; belongsToClause(tokens[index]); index += 1) {
    const next = tokens[index + 1];
    if (tokens[index]?.text === 'from' && next?.kind === 'string') return next;
  }
  return undefined;
}

function importAt(tokens: readonly Token[], index: number): ImportedModule | undefined {
  const token = tokens[index];
  if (token?.kind !== 'word' || !['import', 'export'].includes(token.text) || tokens[index - 1]?.text === '.')
    return undefined;
  const [next, afterNext] = tokens.slice(index + 1, index + 3);
  const found = (specifier: Token | undefined, form: ImportedModule['form']): ImportedModule | undefined =>
    specifier && { specifier: specifier.text, line: token.line, form };
  if (token.text === 'export') return found(specifierOf(tokens, index), 'reexport');
  if (next?.kind === 'string') return found(next, 'bare');
  if (next?.text === '(') return afterNext?.kind === 'string' ? found(afterNext, 'dynamic') : undefined;
  // `import type from 'x'` would import a value of that name.
  const isType = next?.text === 'type' && afterNext?.text !== 'from';
  return found(specifierOf(tokens, index), isType ? 'type' : 'import');
}

/** Every module that a file names, for values and for types alike. */
export function importedModules(tokens: readonly Token[]): readonly ImportedModule[] {
  return tokens.flatMap((_, index) => importAt(tokens, index) ?? []);
}

/** Objects whose every use reaches outside the program, and functions that do so by being called. */
const OUTSIDE_OBJECTS = new Set(['process', 'console', 'performance', 'globalThis', 'crypto']);
const OUTSIDE_FUNCTIONS = new Set(['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask', 'fetch', 'require']);

function outsideAt(tokens: readonly Token[], index: number): string | undefined {
  const texts = tokens.slice(index, index + 4).map((token) => (token.kind === 'string' ? '' : token.text));
  const [first = '', second = '', third = '', fourth = ''] = texts;
  if (tokens[index - 1]?.text === '.') return undefined;
  if (first === 'Date' && second === '.' && third === 'now') return 'Date.now';
  if (first === 'Math' && second === '.' && third === 'random') return 'Math.random';
  if (first === 'new' && second === 'Date' && (third !== '(' || fourth === ')')) return 'new Date()';
  if (OUTSIDE_OBJECTS.has(first) && ['.', '['].includes(second)) return first;
  if (OUTSIDE_FUNCTIONS.has(first) && second === '(') return first;
  return undefined;
}

/** The clock, chance, process and network as a file uses them by their global names, e.g. `Date.now (line 3)`. */
export function outsideWorld(tokens: readonly Token[]): readonly string[] {
  return tokens.flatMap((token, index) => {
    const name = outsideAt(tokens, index);
    return name === undefined ? [] : [`${name} (line ${token.line})`];
  });
}
