import { homedir } from 'node:os';
import { join } from 'node:path';
import { type Command, Option } from 'commander';
import { LOG_LEVELS } from '../../server/http/log-levels.ts';
import type { CommandSetup } from '../command.ts';
import { fail } from '../../core/net/result.ts';
import { type Context, LOAD_STATUS, printJson, printSheet, refuse } from '../context.ts';
import { EXIT, type ExitStatus } from '../exit-status.ts';
import { interrupted } from '../interrupted.ts';
import type { Io } from '../io.ts';
import { serveSheet, urlHere } from '../serve/serve-text.ts';
import { givenParameters, unusedFault } from '../template-parameters.ts';
import { type ServeOptions, settingsOf } from '../serve/settings.ts';

/** `crenel serve`. */
export function addServe(program: Command, { context, finish }: CommandSetup): void {
  program
    .command('serve')
    .summary('the EC2 API, over a durable store on this machine')
    .description(
      'Runs a server that the AWS CLI, SDKs, boto3 and Terraform use unchanged. Records are kept in a folder and survive anything but the loss of the disk.',
    )
    .option('--host <host>', 'address to listen on', '127.0.0.1')
    .option('--port <port>', 'port to listen on; 0 takes a free one', '4700')
    .option('--data <folder>', 'folder of the records and of the access keys')
    .option('--memory', 'keep nothing: records are gone when the server ends')
    .option('--keys <file>', 'access keys with their accounts and policies; made with one key when there are none')
    .option('--anonymous', 'believe everybody; on loopback only')
    .option('--account <id>', 'account of the first key, of imports and of --anonymous', '111122223333')
    .option('--region <region>', 'region of imports, and of requests that name none', 'eu-west-1')
    .option('--default-vpc', 'make a default VPC in that account and region')
    .option('--import <path>', 'start with what `aws ec2 describe-*` printed, if there is nothing yet')
    .option('--example', 'start with the three-tier example, if there is nothing yet')
    .option('--lab', 'make every running instance a network namespace on this machine, behind real rules; needs root')
    .option('--tls', 'speak TLS with a certificate of the server’s own authority, which is made once for its folder')
    .option(
      '--tls-name <name...>',
      'the same, and names or addresses that clients call it by beside those of its machine',
    )
    .option('--tls-cert <file>', 'certificate, with its chain, as PEM')
    .option('--tls-key <file>', 'its private key, as PEM')
    .option('--insecure-no-tls', 'listen beyond loopback without TLS')
    .addOption(
      new Option('--log-level <level>', 'what to log, as lines of JSON on standard error')
        .choices(LOG_LEVELS)
        .default('warn'),
    )
    .action(async (options: ServeOptions, command: Command) => {
      finish(await serve(context(), options, named(command)));
    });
}

/** What a person asks of a world by; the environment is for other commands. */
function named({ parent }: Command): string | undefined {
  const source = (option: string): string | undefined => parent?.getOptionValueSource(option);
  return ['world', 'endpoint', 'over'].find((option) => source(option) === 'cli');
}

async function serve(context: Context, options: ServeOptions, foreign: string | undefined): Promise<ExitStatus> {
  const { io } = context;
  const state = io.env['XDG_STATE_HOME'] ?? join(homedir(), '.local', 'state');
  if (foreign !== undefined)
    return refuse(
      context,
      EXIT.usage,
      `--${foreign}: serve has a world of its own: --import <path> starts it with one`,
    );
  const settings = settingsOf(options, { defaultFolder: join(state, 'crenel'), examplePath: io.examplePath });
  if (!settings.ok) return refuse(context, EXIT.usage, settings.error);
  const given = await givenParameters(io, context.options);
  if (!given.ok) return refuse(context, LOAD_STATUS[given.error.kind], given.error.message);
  if (given.value !== undefined && settings.value.importPath === undefined)
    return refuse(context, EXIT.usage, '--parameter is for a CloudFormation template that --import names');
  const readWorld: Io['readWorld'] = async (path) => {
    const read = await io.readWorld(path, { parameters: given.value });
    const fault = read.ok ? unusedFault(given.value, [read.value]) : undefined;
    return fault === undefined ? read : fail(fault);
  };
  // The server is most of this program, and help needs none of it.
  const { startServer } = await import('../serve/server.ts');
  const running = await startServer(settings.value, { stderr: io.stderr, readWorld });
  if (!running.ok) return refuse(context, EXIT.io, running.error);
  const { url, storePath, keys, caPath } = running.value;
  if (context.options.json === true)
    printJson(context, {
      url: urlHere(url),
      storePath,
      keysPath: keys?.path,
      accessKeyId: keys?.firstId,
      caPath,
      anonymous: keys === undefined,
    });
  else printSheet(context, serveSheet(running.value, settings.value));
  await interrupted();
  await running.value.close();
  return EXIT.allowed;
}
