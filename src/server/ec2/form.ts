import { fail, ok, type Result } from '../../core/net/result.ts';

/** The parameters of a request as a tree: `Filter.1.Name=x` is the value of `Name` under `1` under `Filter`. */
export type FormTree = { value?: string; readonly children: Map<string, FormTree> };

/** What a request may not exceed. AWS publishes no number of parameters; its largest calls stay far below. */
export const FORM_LIMITS = { parameters: 20_000, depth: 16, keyLength: 1024 } as const;

/** Why a body is no form, with AWS's code for it. */
export type FormFault = {
  readonly code: 'MalformedQueryString' | 'InvalidParameterCombination';
  readonly message: string;
};

/**
 * Reads `application/x-www-form-urlencoded` text: the body of a POST, or the query of a GET. Bounded in number, depth and length of names;
 * the length of the whole is the listener's to bound.
 */
export function parseForm(text: string): Result<FormTree, FormFault> {
  const root: FormTree = { children: new Map() };
  let count = 0;
  for (let from = 0; from < text.length;) {
    const next = text.indexOf('&', from);
    const end = next < 0 ? text.length : next;
    if (end > from) {
      count += 1;
      if (count > FORM_LIMITS.parameters) return malformed(`more than ${FORM_LIMITS.parameters} parameters`);
      const fault = addPair(root, text.slice(from, end));
      if (fault !== undefined) return fail(fault);
    }
    from = end + 1;
  }
  return ok(root);
}

function addPair(root: FormTree, pair: string): FormFault | undefined {
  const equals = pair.indexOf('=');
  const key = decodePart(equals < 0 ? pair : pair.slice(0, equals));
  const value = decodePart(equals < 0 ? '' : pair.slice(equals + 1));
  if (key === undefined || value === undefined)
    return { code: 'MalformedQueryString', message: 'The query string contains a percent sign that starts no byte.' };
  const steps = key.split('.');
  if (key.length > FORM_LIMITS.keyLength || steps.length > FORM_LIMITS.depth)
    return { code: 'MalformedQueryString', message: `The parameter name ${shorten(key)} is too long or too deep.` };
  let node = root;
  for (const step of steps) {
    let child = node.children.get(step);
    if (child === undefined) {
      child = { children: new Map() };
      node.children.set(step, child);
    }
    node = child;
  }
  if (node.value !== undefined)
    return { code: 'InvalidParameterCombination', message: `The parameter ${shorten(key)} is given twice.` };
  node.value = value;
  return undefined;
}

/** Form encoding: plus is a blank. Undefined for what is no percent encoding of UTF-8. */
function decodePart(part: string): string | undefined {
  if (!part.includes('%')) return part.includes('+') ? part.replaceAll('+', ' ') : part;
  try {
    return decodeURIComponent(part.replaceAll('+', ' '));
  } catch {
    return undefined;
  }
}

function malformed(what: string): { readonly ok: false; readonly error: FormFault } {
  return fail({ code: 'MalformedQueryString', message: `The query string has ${what}.` });
}

function shorten(key: string): string {
  return key.length > 80 ? `${key.slice(0, 80)}…` : key;
}
