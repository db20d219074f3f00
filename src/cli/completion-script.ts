import type { Argument, Command, Option } from 'commander';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** A completion script for a program, from its own tree of commands and options: nothing is listed twice. */
export function completionScript(program: Command, shell: Shell): string {
  const tree: Tree = {
    name: program.name(),
    options: program.options.filter((option) => !option.hidden),
    commands: program.commands,
  };
  const scripts = { bash: bashScript, zsh: zshScript, fish: fishScript };
  return scripts[shell](tree);
}

type Tree = {
  readonly name: string;
  readonly options: readonly Option[];
  readonly commands: readonly Command[];
};

function bashScript({ name, options, commands }: Tree): string {
  const cases = commands
    .map((command) => {
      const own = ownOptions(command).flatMap(flagsOf).join(' ');
      return `    ${command.name()}) words=${quoted(choicesOf(command).join(' '))} own=${quoted(own)} ;;`;
    })
    .join('\n');
  const values = options
    .flatMap((option) => {
      const flags = flagsOf(option).join('|');
      if (option.argChoices !== undefined)
        return [
          `    ${flags}) COMPREPLY=($(compgen -W ${quoted(option.argChoices.join(' '))} -- "$current")); return ;;`,
        ];
      return takesValue(option) ? [`    ${flags}) COMPREPLY=($(compgen -f -- "$current")); return ;;`] : [];
    })
    .join('\n');
  return `# bash completion for ${name}
_${name}() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" command="" words="" own="" i
  COMPREPLY=()
  case "$previous" in
${values}
  esac
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "\${COMP_WORDS[i]}" in
      ${commands.map((command) => command.name()).join('|')}) command="\${COMP_WORDS[i]}"; break ;;
    esac
  done
  case "$command" in
    "") words=${quoted(commands.map((command) => command.name()).join(' '))} ;;
${cases}
  esac
  if [[ "$current" == -* ]]; then words=${quoted(options.flatMap(flagsOf).join(' '))}" $own"; fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _${name} ${name}
`;
}

function zshScript({ name, options, commands }: Tree): string {
  const described = commands
    .map((command) => `    ${quoted(`${zshText(command.name())}:${command.summary()}`)}`)
    .join('\n');
  const flags = options
    .flatMap(zshFlags)
    .map((flag) => `    ${flag}`)
    .join(' \\\n');
  const own = commands
    .map((command) => ({ name: command.name(), flags: ownOptions(command).flatMap(zshFlags) }))
    .filter((one) => one.flags.length > 0)
    .map((one) => `    ${one.name}) own=(${one.flags.join(' ')}) ;;`)
    .join('\n');
  const cases = commands
    .map((command) => `      ${command.name()}) _values 'argument' ${choicesOf(command).map(quoted).join(' ')} ;;`)
    .filter((text) => !text.includes("'argument'  ;;"))
    .join('\n');
  return `#compdef ${name}
_${name}() {
  local -a commands own
  commands=(
${described}
  )
  case "$words[2]" in
${own}
  esac
  _arguments -C \\
${flags} \\
    "\${own[@]}" \\
    '1:command:->command' \\
    '*:argument:->argument'
  case "$state" in
    command) _describe 'command' commands ;;
    argument)
      case "$words[2]" in
${cases}
      *) _files ;;
      esac ;;
  esac
}
compdef _${name} ${name}
`;
}

function zshFlags(option: Option): readonly string[] {
  const value =
    option.argChoices === undefined
      ? takesValue(option)
        ? ':value:_files'
        : ''
      : `:value:(${option.argChoices.join(' ')})`;
  return flagsOf(option).map((flag) => quoted(`${flag}[${option.description.replaceAll(/[[\]]/g, '')}]${value}`));
}

function fishScript({ name, options, commands }: Tree): string {
  const flags = options.map((option) => `complete -c ${name}${fishFlag(option)}`);
  const own = commands.flatMap((command) =>
    ownOptions(command).map(
      (option) =>
        `complete -c ${name} -n ${quoted(`__fish_seen_subcommand_from ${command.name()}`)}${fishFlag(option)}`,
    ),
  );
  const words = commands.map(
    (command) => `complete -c ${name} -n __fish_use_subcommand -f -a ${command.name()} -d ${quoted(command.summary())}`,
  );
  const choices = commands.flatMap((command) => {
    const list = choicesOf(command);
    const when = quoted(`__fish_seen_subcommand_from ${command.name()}`);
    return list.length === 0 ? [] : [`complete -c ${name} -n ${when} -f -a ${quoted(list.join(' '))}`];
  });
  return `# fish completion for ${name}\n${[...flags, ...words, ...choices, ...own].join('\n')}\n`;
}

function fishFlag(option: Option): string {
  const long = option.long === undefined ? '' : ` -l ${option.long.replace(/^--/, '')}`;
  const short = option.short === undefined ? '' : ` -s ${option.short.replace(/^-/, '')}`;
  const value =
    option.argChoices === undefined
      ? takesValue(option)
        ? ' -r'
        : ''
      : ` -x -a ${quoted(option.argChoices.join(' '))}`;
  return `${short}${long}${value} -d ${quoted(option.description)}`;
}

/** The words that an argument of a command may be: its choices, or the commands under it. */
function choicesOf(command: Command): readonly string[] {
  return [
    ...command.registeredArguments.flatMap((argument: Argument) => argument.argChoices ?? []),
    ...command.commands.map((one) => one.name()),
  ];
}

/** The options of a command and of those under it, each once. */
function ownOptions(command: Command): readonly Option[] {
  const all = [command, ...command.commands].flatMap((one) => one.options.filter((option) => !option.hidden));
  return [...new Map(all.map((option) => [option.long ?? option.short ?? '', option])).values()];
}

function flagsOf(option: Option): readonly string[] {
  return [option.short, option.long].filter((flag) => flag !== undefined);
}

function takesValue(option: Option): boolean {
  return option.required || option.optional;
}

function zshText(text: string): string {
  return text.replaceAll(':', '\\:');
}

/** In single quotes for all three shells. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
