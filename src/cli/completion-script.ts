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
    .map((command) => `    ${command.name()}) words=${quoted(choicesOf(command).join(' '))} ;;`)
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
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" command="" words="" i
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
  if [[ "$current" == -* ]]; then words=${quoted(options.flatMap(flagsOf).join(' '))}; fi
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
    .map((option) => {
      const value =
        option.argChoices === undefined
          ? takesValue(option)
            ? ':value:_files'
            : ''
          : `:value:(${option.argChoices.join(' ')})`;
      return flagsOf(option)
        .map((flag) => `    ${quoted(`${flag}[${option.description.replaceAll(/[[\]]/g, '')}]${value}`)}`)
        .join(' \\\n');
    })
    .join(' \\\n');
  const cases = commands
    .map((command) => `      ${command.name()}) _values 'argument' ${choicesOf(command).map(quoted).join(' ')} ;;`)
    .filter((text) => !text.includes("'argument'  ;;"))
    .join('\n');
  return `#compdef ${name}
_${name}() {
  local -a commands
  commands=(
${described}
  )
  _arguments -C \\
${flags} \\
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

function fishScript({ name, options, commands }: Tree): string {
  const flags = options.map((option) => {
    const long = option.long === undefined ? '' : ` -l ${option.long.replace(/^--/, '')}`;
    const short = option.short === undefined ? '' : ` -s ${option.short.replace(/^-/, '')}`;
    const value =
      option.argChoices === undefined
        ? takesValue(option)
          ? ' -r'
          : ''
        : ` -x -a ${quoted(option.argChoices.join(' '))}`;
    return `complete -c ${name}${short}${long}${value} -d ${quoted(option.description)}`;
  });
  const words = commands.map(
    (command) => `complete -c ${name} -n __fish_use_subcommand -f -a ${command.name()} -d ${quoted(command.summary())}`,
  );
  const choices = commands.flatMap((command) => {
    const list = choicesOf(command);
    const when = quoted(`__fish_seen_subcommand_from ${command.name()}`);
    return list.length === 0 ? [] : [`complete -c ${name} -n ${when} -f -a ${quoted(list.join(' '))}`];
  });
  return `# fish completion for ${name}\n${[...flags, ...words, ...choices].join('\n')}\n`;
}

function choicesOf(command: Command): readonly string[] {
  return command.registeredArguments.flatMap((argument: Argument) => argument.argChoices ?? []);
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
