import { Command, CommanderError, Option } from 'commander';
import { FAMILIES } from '../core/net/address.ts';
import { ok } from '../core/net/result.ts';
import type { AddCommand, CommandSetup } from './command.ts';
import { commandsFor } from './command-list.ts';
import { CA_VARIABLE, ENDPOINT_VARIABLE, type GlobalOptions, WORLD_VARIABLE } from './context.ts';
import { EXIT, type ExitStatus } from './exit-status.ts';
import type { Io } from './io.ts';
import { printable } from './terminal.ts';

const EXAMPLES = `
Examples:
  crenel why web-1 db-1 tcp/5432 --world world/
  crenel reach internet web-1 --family ipv6
  crenel show group sg-0123456789abcdef0 --json

Exit status: 0 allowed, 1 blocked, 2 unknown, 64 usage, 65 bad data, 66 no input,
70 a bug in crenel, 74 input or output failed, 75 not in force (--wait).`;

/** Runs one command line and returns its exit status. Only faults of the program itself are thrown on. */
export async function runCli(args: readonly string[], io: Io): Promise<ExitStatus> {
  let status: ExitStatus = EXIT.allowed;
  const program = buildProgram(io, await commandsFor(args), (code) => {
    status = code;
  });
  try {
    await program.parseAsync([...args], { from: 'user' });
  } catch (error) {
    // Help and version end by the same way as mistakes; commander gives them status 0.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.allowed : EXIT.usage;
    throw error;
  }
  return status;
}

/** The command line with these commands as commander's tree: parsed by `runCli`, walked by `completion`. */
function buildProgram(io: Io, commands: readonly AddCommand[], finish: (status: ExitStatus) => void): Command {
  const program = new Command('crenel');
  program
    .description('Who can reach whom through AWS security groups, network ACLs and routes, and why.')
    .version(io.version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .addOption(
      new Option(
        '-w, --world <path>',
        'file or folder of `aws ec2 describe-*` output, a Terraform plan or state as JSON, a CloudFormation template, - for standard input; of a plan the world after it, PATH:before for the one before',
      ).env(WORLD_VARIABLE),
    )
    .option(
      '--over <path>',
      'lay the Terraform plan of --world over this world: describe output, or the URL of a server',
    )
    .option('--parameter <name=value...>', 'a value for a parameter of a CloudFormation template')
    .option('--parameters <file>', 'JSON file of such values, as the AWS CLI takes it')
    .addOption(
      new Option(
        '--endpoint <url>',
        'ask a server that `crenel serve` runs instead of --world; the one given here beats the variable of the other',
      ).env(ENDPOINT_VARIABLE),
    )
    .addOption(new Option('--ca <file>', 'certificates, as PEM, that vouch for the server').env(CA_VARIABLE))
    .option('--json', 'print the answer as JSON')
    .addOption(
      new Option('--family <family>', 'one address family; otherwise every one that both ends have').choices(FAMILIES),
    )
    .option('--no-color', 'print without colours; NO_COLOR and FORCE_COLOR are respected too')
    .addHelpText('after', EXAMPLES)
    .exitOverride()
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      outputError: (text, write) => write(`crenel: ${printable(text.replace(/^error: /, '').trimEnd())}\n`),
      getOutHelpWidth: () => io.stdout.columns ?? 80,
      getErrHelpWidth: () => io.stderr.columns ?? 80,
    });
  program.hook('preAction', () => {
    settleSource(program);
    const { endpoint, ca } = program.opts<GlobalOptions>();
    // To read all that the system believes takes megabytes, for nothing where no TLS is spoken.
    const isTls = endpoint !== undefined && /^https:/iu.test(endpoint);
    const trusted = !isTls || ca === undefined ? ok(undefined) : io.trust(ca);
    if (!trusted.ok) program.error(`--ca: ${trusted.error.message}`);
  });
  const setup: CommandSetup = { context: () => ({ io, options: program.opts<GlobalOptions>() }), finish };
  for (const add of commands) add(program, setup);
  return program;
}

/**
 * Leaves one of world and server: of an option and a variable the option, for the hand knows better than the shell. Two of a kind are refused. A
 * variable that is set to nothing counts as none.
 */
function settleSource(program: Command): void {
  const drop = (name: 'world' | 'endpoint'): unknown => program.setOptionValueWithSource(name, undefined, undefined);
  const [world, endpoint] = (['world', 'endpoint'] as const).map((name) => {
    const source = program.getOptionValueSource(name);
    if (source !== 'env' || program.getOptionValue(name) !== '') return source;
    drop(name);
    return undefined;
  });
  if (world === undefined || endpoint === undefined) return;
  if (world !== endpoint) drop(world === 'env' ? 'world' : 'endpoint');
  else if (world === 'env')
    program.error(`${WORLD_VARIABLE} and ${ENDPOINT_VARIABLE} are both set: give --world or --endpoint, or unset one`);
  else program.error('--world and --endpoint exclude each other: the answer is about one of them');
}
