import { fail, ok, type Result } from '../../core/net/result.ts';
import { formOf, type Loose, memberOf, parseValue, plainName, shapeOf } from './cli-values.ts';
import { decodeInput, type Input } from './decode.ts';
import type { FormTree } from './form.ts';
import { isReading } from './reading.ts';
import type { Member, Shape } from './wire-shape.ts';
import { WIRE_TABLE } from './wire-table.ts';

/** A call of EC2 that changes something: an action of the server, and its input by the wire table. */
export type Ec2Call = { readonly action: string; readonly input: Input };

/** Why words are no such call, and which commands may have been meant. */
export type CallFault = { readonly message: string; readonly candidates: readonly string[] };

/** What words of a call may not exceed. */
const MAX_WORDS = 2000;

/** Options that `aws` takes with every command, and that say nothing of the call: with a value, and without. */
const GLOBAL_OPTIONS: ReadonlyMap<string, boolean> = new Map([
  ['--region', true],
  ['--profile', true],
  ['--output', true],
  ['--query', true],
  ['--endpoint-url', true],
  ['--no-cli-pager', false],
  ['--dry-run', false],
  ['--no-dry-run', false],
]);

type Options = ReadonlyMap<string, readonly string[]>;

/**
 * Reads a call as it is written for the AWS CLI: `authorize-security-group-ingress --group-id sg-1 --protocol tcp --port 22 --cidr 10.0.0.0/8`,
 * with or without `aws ec2` before it. Options are the members of the action's input; structures are JSON or shorthand. The options that the
 * CLI has beside them are there for rules and entries of network ACLs.
 */
export function parseCliCall(words: readonly string[]): Result<Ec2Call, CallFault> {
  if (words.length > MAX_WORDS) return wrong(`a call has at most ${MAX_WORDS} words`);
  const rest = withoutService(words);
  const [command = '', ...given] = rest;
  const action = Object.keys(WIRE_TABLE.services.ec2.operations).find((name) => plainName(name) === plainName(command));
  if (action === undefined) return unknownCommand(command);
  if (isReading(action)) return wrong(`${command} changes nothing`);
  const options = optionsOf(given);
  if (!options.ok) return wrong(options.error);
  const form = formFor(action, options.value);
  if (!form.ok) return wrong(`${command}: ${form.error}`);
  const input = decodeInput(WIRE_TABLE, WIRE_TABLE.services.ec2.operations[action]?.input ?? 0, form.value);
  return input.ok ? ok({ action, input: input.value }) : wrong(`${command}: ${input.error.message}`);
}

function withoutService(words: readonly string[]): readonly string[] {
  const rest = words[0] === 'aws' ? words.slice(1) : words;
  return rest[0] === 'ec2' ? rest.slice(1) : rest;
}

/** The commands of the AWS CLI that change something, as it writes them. */
function commandNames(): readonly string[] {
  return Object.keys(WIRE_TABLE.services.ec2.operations)
    .filter((name) => !isReading(name))
    .map((name) => name.replaceAll(/(?<=[a-z0-9])(?=[A-Z])/g, '-').toLowerCase());
}

function unknownCommand(command: string): { readonly ok: false; readonly error: CallFault } {
  const message =
    command === '' || command.startsWith('-')
      ? 'a call begins with its command, as authorize-security-group-ingress'
      : `there is no command ${JSON.stringify(command)} of EC2 that this program knows`;
  return fail({ message, candidates: commandNames() });
}

function wrong(message: string): { readonly ok: false; readonly error: CallFault } {
  return fail({ message, candidates: [] });
}

/** The options with their words. What begins with two dashes is an option; `--name=value` is one with its word. */
function optionsOf(words: readonly string[]): Result<Options> {
  const options = new Map<string, string[]>();
  let current: string[] | undefined;
  let isSkipped = false;
  for (const word of words) {
    if (!word.startsWith('--')) {
      if (isSkipped) isSkipped = false;
      else if (current === undefined) return fail(`${JSON.stringify(word)} belongs to no option`);
      else current.push(word);
      continue;
    }
    const equals = word.indexOf('=');
    const name = equals < 0 ? word : word.slice(0, equals);
    const takesValue = GLOBAL_OPTIONS.get(name);
    isSkipped = takesValue === true && equals < 0;
    if (takesValue !== undefined) {
      current = undefined;
      continue;
    }
    if (options.has(name)) return fail(`${name} is given twice`);
    current = equals < 0 ? [] : [word.slice(equals + 1)];
    options.set(name, current);
  }
  return ok(options);
}

function formFor(action: string, options: Options): Result<FormTree> {
  const shape = shapeOf(WIRE_TABLE, WIRE_TABLE.services.ec2.operations[action]?.input ?? 0);
  if (shape.kind === 'list') return fail('it takes no options');
  const children = new Map<string, FormTree>();
  const special = specialOptions(action, options);
  if (!special.ok) return special;
  const all: readonly (readonly [Member, Result<Loose>, string])[] = [...options].flatMap(([option, words]) => {
    if (special.value.used.has(option)) return [];
    const found = optionMember(shape, option);
    return found === undefined
      ? []
      : [[found.member, valueOf(found.member, option, words, found.isNo), option] as const];
  });
  const known = new Set([...special.value.used, ...all.map(([, , option]) => option)]);
  const stranger = [...options.keys()].find((option) => !known.has(option));
  if (stranger !== undefined) return fail(`it has no option ${stranger}`);
  for (const [name, value] of special.value.members) {
    const member = memberOf(shape, name);
    if (member === undefined) return fail(`it has no ${name}`);
    const form = formOf(WIRE_TABLE, member.shape, value, member.name);
    if (!form.ok) return form;
    children.set(member.query, form.value);
  }
  for (const [member, value, option] of all) {
    if (children.has(member.query)) return fail(`${option} says what another option says already`);
    if (!value.ok) return fail(`${option}: ${value.error}`);
    const form = formOf(WIRE_TABLE, member.shape, value.value, option);
    if (!form.ok) return form;
    children.set(member.query, form.value);
  }
  return ok({ children });
}

function optionMember(
  shape: Extract<Shape, { kind: 'structure' }>,
  option: string,
): { readonly member: Member; readonly isNo: boolean } | undefined {
  const member = memberOf(shape, option);
  if (member !== undefined) return { member, isNo: false };
  const other = option.startsWith('--no-') ? memberOf(shape, option.slice(5)) : undefined;
  return other === undefined ? undefined : { member: other, isNo: true };
}

/** The value of an option: a flag has no word, a list has as many as there are, everything else one. */
function valueOf(member: Member, option: string, words: readonly string[], isNo: boolean): Result<Loose> {
  const [word] = words;
  if (words.some((one) => /^(?:file|fileb):\/\//.test(one))) return fail('files are not read: give the value itself');
  if (isFlag(member)) return words.length === 0 ? ok(flagValue(member, !isNo)) : flagWord(member, words);
  if (isNo) return fail(`${option.slice(5)} is no switch`);
  if (word === undefined) return fail('it has no value');
  if (typeof member.shape !== 'number') return words.length === 1 ? ok(word) : fail('it takes one value');
  const shape = shapeOf(WIRE_TABLE, member.shape);
  const isPlain = shape.kind === 'list' && typeof shape.of !== 'number' && !word.startsWith('[');
  if (isPlain) return ok(words);
  if (words.length === 1) return parseValue(word);
  if (shape.kind !== 'list') return fail('it takes one value');
  const items: Loose[] = [];
  for (const one of words) {
    const item = parseValue(one);
    if (!item.ok) return item;
    items.push(item.value);
  }
  return ok(items);
}

function isFlag({ shape }: Member): boolean {
  return shape === 'boolean' || holdsFlag(shape);
}

/** A structure around one boolean, as AttributeBooleanValue: the CLI makes a switch of it. */
function holdsFlag(ref: Member['shape']): boolean {
  if (typeof ref !== 'number') return false;
  const shape = shapeOf(WIRE_TABLE, ref);
  return shape.kind === 'structure' && shape.members.length === 1 && shape.members[0]?.shape === 'boolean';
}

function flagValue({ shape }: Member, isOn: boolean): Loose {
  return holdsFlag(shape) ? new Map([['Value', String(isOn)]]) : String(isOn);
}

function flagWord({ shape }: Member, words: readonly string[]): Result<Loose> {
  const [word = ''] = words;
  if (words.length > 1) return fail('it takes one value');
  return holdsFlag(shape) && word.includes('=') ? parseValue(word) : ok(flagLoose(shape, word));
}

function flagLoose(shape: Member['shape'], word: string): Loose {
  return holdsFlag(shape) ? new Map([['Value', word]]) : word;
}

/** What the AWS CLI writes by options of its own: members by name, and the options that were read so. */
type Special = { readonly members: ReadonlyMap<string, Loose>; readonly used: ReadonlySet<string> };

function specialOptions(action: string, options: Options): Result<Special> {
  if (/^(?:Authorize|Revoke)SecurityGroup(?:Ingress|Egress)$/.test(action)) return permissionOptions(options);
  if (/^(?:Create|Replace|Delete)NetworkAclEntry$/.test(action)) return entryOptions(options);
  return ok({ members: new Map(), used: new Set() });
}

const PERMISSION_OPTIONS = ['--protocol', '--port', '--cidr', '--source-group', '--group-owner'] as const;

/** One rule by simple options, which the CLI makes a permission of. */
function permissionOptions(options: Options): Result<Special> {
  const used = PERMISSION_OPTIONS.filter((name) => options.has(name));
  if (used.length === 0) return ok({ members: new Map(), used: new Set() });
  if (options.has('--ip-permissions')) return fail(`${used[0] ?? ''} cannot stand beside --ip-permissions`);
  const long = used.find((name) => options.get(name)?.length !== 1);
  if (long !== undefined) return fail(`${long} takes one value`);
  const of = (name: (typeof PERMISSION_OPTIONS)[number]): string | undefined => options.get(name)?.[0];
  const [protocol, port, cidr, source, owner] = PERMISSION_OPTIONS.map(of);
  if (protocol === undefined) return fail('--protocol is missing');
  const permission = new Map<string, Loose>([['IpProtocol', protocol === 'all' ? '-1' : protocol]]);
  const ports = port === undefined ? ok(undefined) : portsOf(port);
  if (!ports.ok) return ports;
  if (ports.value !== undefined) permission.set('FromPort', ports.value.from).set('ToPort', ports.value.to);
  if (cidr !== undefined)
    // The CLI itself knows IPv4 here only; to refuse IPv6 would help nobody.
    permission.set(cidr.includes(':') ? 'Ipv6Ranges' : 'IpRanges', [
      new Map([[cidr.includes(':') ? 'CidrIpv6' : 'CidrIp', cidr]]),
    ]);
  if (source !== undefined) {
    const pair = new Map([[source.startsWith('sg-') ? 'GroupId' : 'GroupName', source]]);
    if (owner !== undefined) pair.set('UserId', owner);
    permission.set('UserIdGroupPairs', [pair]);
  } else if (owner !== undefined) return fail('--group-owner goes with --source-group');
  return ok({ members: new Map([['IpPermissions', [permission]]]), used: new Set(used) });
}

/** `22`, `8000-8010`, `all`; for ICMP the type, or type-code. */
function portsOf(text: string): Result<{ readonly from: string; readonly to: string }> {
  if (text === 'all' || text === '-1') return ok({ from: '-1', to: '-1' });
  const range = /^(\d{1,5})(?:-(-?\d{1,5}))?$/.exec(text);
  if (range === null)
    return fail(`--port is a port, two with a dash between them, or all, not ${JSON.stringify(text.slice(0, 40))}`);
  const [, from = '', to = from] = range;
  return ok({ from, to });
}

const PROTOCOL_NUMBERS: ReadonlyMap<string, string> = new Map([
  ['tcp', '6'],
  ['udp', '17'],
  ['icmp', '1'],
  ['all', '-1'],
]);

/** Entries have `--ingress` for what is not `--egress`, and protocols by name. */
function entryOptions(options: Options): Result<Special> {
  const members = new Map<string, Loose>();
  const used = new Set<string>();
  const isIngress = options.get('--ingress');
  if (isIngress !== undefined) {
    if (isIngress.length > 0) return fail('--ingress takes no value');
    if (options.has('--egress')) return fail('--ingress cannot stand beside --egress');
    members.set('Egress', 'false');
    used.add('--ingress');
  }
  const [protocol = ''] = options.get('--protocol') ?? [];
  const number = PROTOCOL_NUMBERS.get(protocol.toLowerCase());
  if (number !== undefined && options.get('--protocol')?.length === 1) {
    members.set('Protocol', number);
    used.add('--protocol');
  }
  return ok({ members, used });
}
