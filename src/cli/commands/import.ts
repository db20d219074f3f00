import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { Control } from '../../server/control/control.ts';
import { importWorld } from '../../server/control/import-world.ts';
import { SqliteStore } from '../../server/store/sqlite.ts';
import type { CommandSetup } from '../command.ts';
import { type Context, printJson, printSheet, refuse } from '../context.ts';
import { EXIT, type ExitStatus } from '../exit-status.ts';
import { openKnownWorld } from '../open-world.ts';
import { line } from '../terminal.ts';

type ImportOptions = { readonly data?: string; readonly account: string; readonly region: string };

/** `crenel import`. */
export function addImport(program: Command, { context, finish }: CommandSetup): void {
  program
    .command('import')
    .summary('put a world into the store of a server that is not running')
    .description(
      'Puts what `aws ec2 describe-*` or `crenel export` printed into an empty account and region of a store. All kinds must be there: what is missing would look as if there were none.',
    )
    .option('--data <folder>', 'folder of the records, as for `crenel serve`')
    .option('--account <id>', 'account that it becomes', '111122223333')
    .option('--region <region>', 'region that it becomes', 'eu-west-1')
    .action(async (options: ImportOptions) => {
      finish(await importInto(context(), options));
    });
}

async function importInto(context: Context, { data, account, region }: ImportOptions): Promise<ExitStatus> {
  if (!/^\d{12}$/.test(account)) return refuse(context, EXIT.usage, '--account must be 12 digits');
  if (!/^[a-z]{2,4}(?:-[a-z]{2,12}){1,3}-\d{1,2}$/.test(region))
    return refuse(context, EXIT.usage, '--region must be one as eu-west-1');
  const world = await openKnownWorld(context, 'imported');
  if (!world.ok) return world.error;
  const state = context.io.env['XDG_STATE_HOME'] ?? join(homedir(), '.local', 'state');
  const path = join(data ?? join(state, 'crenel'), 'crenel.db');
  const store = SqliteStore.open(path);
  if (!store.ok) return refuse(context, EXIT.io, store.error.message);
  const control = await Control.open(store.value, setImmediate);
  const done = control.ok
    ? await importWorld(control.value, { accountId: account, region }, world.value)
    : { ok: false as const, error: control.error.message };
  await store.value.close();
  if (!done.ok) return refuse(context, EXIT.badData, done.error);
  if (context.options.json === true) printJson(context, { records: done.value, account, region, store: path });
  else printSheet(context, [line(`${done.value} records are in account ${account}, ${region}, of ${path}.`)]);
  return EXIT.allowed;
}
