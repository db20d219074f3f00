import { FormatError } from '../fields.ts';
import { elements, isObject, type JsonObject, member, textOf } from '../terraform/plan-json.ts';

/** Values that a person gives to the parameters of templates. */
export type Given = ReadonlyMap<string, string>;

/** Whether a parameter takes several values, with commas between them. */
export function takesList(parameter: unknown): boolean {
  return /^List<|^CommaDelimitedList$|::Value<List</.test(textOf(member(parameter, 'Type')) ?? '');
}

/** Refuses values that CloudFormation would refuse, as far as that can be told without AWS; patterns are left to it. Throws `FormatError`. */
export function checkGiven(parameters: JsonObject, given: Given, file: string): void {
  for (const [name, value] of given) {
    const parameter = member(parameters, name);
    if (!isObject(parameter)) continue;
    const why = faultOf(parameter, value);
    if (why !== undefined) throw new FormatError(`${file}: parameter ${name}: ${why}`);
  }
}

function faultOf(parameter: JsonObject, value: string): string | undefined {
  // What is kept secret is not printed, not even where it is wrong.
  const isSecret = String(member(parameter, 'NoEcho')) === 'true';
  const shown = (text: string): string => (isSecret ? 'the value' : JSON.stringify(text.slice(0, 60)));
  const type = textOf(member(parameter, 'Type')) ?? 'String';
  const allowed = elements(member(parameter, 'AllowedValues')).map(String);
  for (const one of takesList(parameter) ? value.split(',').map((part) => part.trim()) : [value]) {
    if (type.includes('Number') && !/^-?\d+(?:\.\d+)?$/.test(one)) return `${shown(one)} is no number`;
    if (allowed.length > 0 && !allowed.includes(one))
      return `${shown(one)} is none of ${allowed.slice(0, 20).join(', ')}`;
    const [least, most] = ['MinValue', 'MaxValue'].map((bound) => numberOf(parameter, bound));
    if (least !== undefined && Number(one) < least) return `${shown(one)} is less than ${least}`;
    if (most !== undefined && Number(one) > most) return `${shown(one)} is more than ${most}`;
    const [shortest, longest] = ['MinLength', 'MaxLength'].map((bound) => numberOf(parameter, bound));
    if (shortest !== undefined && one.length < shortest) return `${shown(one)} has less than ${shortest} characters`;
    if (longest !== undefined && one.length > longest) return `${shown(one)} has more than ${longest} characters`;
  }
  return undefined;
}

function numberOf(parameter: JsonObject, name: string): number | undefined {
  const raw = member(parameter, name);
  const number = typeof raw === 'string' && raw.trim() !== '' ? Number(raw) : raw;
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
}

/**
 * Values out of a file: a list of `ParameterKey` and `ParameterValue` as the AWS CLI takes it, `{"Parameters": {…}}` as CodePipeline does, or an object of
 * names and values. Undefined: it is none of these.
 */
export function givenIn(document: unknown): Given | undefined {
  if (Array.isArray(document)) {
    const rows = elements(document).map((row) => [textOf(member(row, 'ParameterKey')), member(row, 'ParameterValue')]);
    return mapOf(rows);
  }
  const named = member(document, 'Parameters');
  const values = isObject(named) ? named : document;
  return isObject(values) ? mapOf(Object.entries(values)) : undefined;
}

function mapOf(rows: readonly (readonly unknown[])[]): Given | undefined {
  const given = new Map<string, string>();
  for (const [name, value] of rows) {
    const isPlain = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
    if (typeof name !== 'string' || !isPlain || given.has(name)) return undefined;
    given.set(name, String(value));
  }
  return given;
}
