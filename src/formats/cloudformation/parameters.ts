import { FormatError } from '../fields.ts';
import { elements, isObject, type JsonObject, member, textOf } from '../terraform/plan-json.ts';
import { matchesWhole, stepsOfTemplate } from './pattern.ts';

/** Values that a person gives to the parameters of templates. */
export type Given = ReadonlyMap<string, string>;

/** Whether a parameter takes several values, with commas between them. */
export function takesList(parameter: unknown): boolean {
  return /^List<|^CommaDelimitedList$|::Value<List</.test(textOf(member(parameter, 'Type')) ?? '');
}

/** What CloudFormation itself gives to a template, and what such a value looks like (V:cfn-pseudo-parameters). */
const PSEUDO: ReadonlyMap<string, RegExp> = new Map([
  ['AWS::AccountId', /^\d{12}$/],
  ['AWS::Partition', /^aws(?:-[a-z]+)*$/],
  ['AWS::Region', /^[a-z]{2,10}(?:-[a-z]{1,20}){1,3}-\d{1,2}$/],
  ['AWS::StackId', /^arn:[\x21-\x7e]{1,2000}$/],
  ['AWS::StackName', /^[A-Za-z][A-Za-z0-9-]{0,127}$/],
  ['AWS::URLSuffix', /^[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,5}$/],
]);

/** Whether a template that has these parameters can be given a value for a name; of a name of AWS's the reader of a template has judged. */
export function isParameter(name: string, known: ReadonlySet<string>): boolean {
  return known.has(name) || PSEUDO.has(name);
}

/** What a pseudo parameter comes to where the Region is given and it is not itself; undefined: not told (V:cfn-pseudo-parameters). */
export function byRegion(name: string, given: Given): string | undefined {
  const region = given.get('AWS::Region') ?? '';
  const isChina = region.startsWith('cn-');
  if (name === 'AWS::Partition') return isChina ? 'aws-cn' : region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
  return name === 'AWS::URLSuffix' ? `amazonaws.com${isChina ? '.cn' : ''}` : undefined;
}

/** What CloudFormation would say of the values of parameters, as far as that can be told without AWS. */
export class Constraints {
  /** Parameters of which the pattern was not followed. */
  readonly unchecked: Set<string> = new Set();
  /** Parameters of which the default breaks their own constraints: without another value there is no stack. */
  readonly brokenDefaults: Set<string> = new Set();
  readonly #steps = stepsOfTemplate();

  /** Refuses given values that CloudFormation would refuse. Throws `FormatError`. */
  check(parameters: JsonObject, given: Given, file: string): void {
    for (const [name, value] of given) {
      const parameter = member(parameters, name);
      const why = isObject(parameter) ? this.faultOf(name, parameter, value) : pseudoFault(name, value);
      if (why !== undefined) throw new FormatError(`${file}: parameter ${name}: ${why}`);
    }
  }

  /** Why a parameter cannot have a value. */
  faultOf(name: string, parameter: JsonObject, value: string): string | undefined {
    // What is kept secret is not printed, not even where it is wrong.
    const isSecret = String(member(parameter, 'NoEcho')) === 'true';
    const words = textOf(member(parameter, 'ConstraintDescription'));
    for (const one of takesList(parameter) ? value.split(',').map((part) => part.trim()) : [value]) {
      const why = boundsFault(parameter, one) ?? this.#patternFault(name, parameter, one);
      if (why === undefined) continue;
      const shown = isSecret ? 'the value' : JSON.stringify(one.slice(0, 60));
      return `${shown} ${why}${words === undefined ? '' : ` (${words.slice(0, 200)})`}`;
    }
    return undefined;
  }

  #patternFault(name: string, parameter: JsonObject, one: string): string | undefined {
    const pattern = textOf(member(parameter, 'AllowedPattern'));
    if (pattern === undefined) return undefined;
    const matches = matchesWhole(pattern, one, this.#steps);
    if (matches === undefined) this.unchecked.add(name);
    return matches === false ? `does not match ${pattern.slice(0, 120)}` : undefined;
  }
}

function pseudoFault(name: string, value: string): string | undefined {
  const form = PSEUDO.get(name);
  if (form === undefined)
    return name.startsWith('AWS::') ? `it cannot be given; what can is ${[...PSEUDO.keys()].join(', ')}` : undefined;
  return form.test(value) ? undefined : `${JSON.stringify(value.slice(0, 60))} is none that it can have`;
}

function boundsFault(parameter: JsonObject, one: string): string | undefined {
  const type = textOf(member(parameter, 'Type')) ?? 'String';
  const allowed = elements(member(parameter, 'AllowedValues')).map(String);
  if (type.includes('Number') && !/^-?\d+(?:\.\d+)?$/.test(one)) return 'is no number';
  if (allowed.length > 0 && !allowed.includes(one)) return `is none of ${allowed.slice(0, 20).join(', ')}`;
  const [least, most] = ['MinValue', 'MaxValue'].map((bound) => numberOf(parameter, bound));
  if (least !== undefined && Number(one) < least) return `is less than ${least}`;
  if (most !== undefined && Number(one) > most) return `is more than ${most}`;
  const [shortest, longest] = ['MinLength', 'MaxLength'].map((bound) => numberOf(parameter, bound));
  if (shortest !== undefined && one.length < shortest) return `has less than ${shortest} characters`;
  if (longest !== undefined && one.length > longest) return `has more than ${longest} characters`;
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
