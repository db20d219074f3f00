import { type Command, Option } from 'commander';
import { fail, ok, type Result } from '../../core/net/result.ts';
import { LINT_RULES, SEVERITIES, type Severity } from '../../analysis/lint/finding.ts';
import { raisedQuotas, RAISED_QUOTAS } from '../../analysis/lint/raised-quotas.ts';
import { applyIgnores, findingsOf } from '../../analysis/lint/ignores.ts';
import { type LintDocument, lintWorld } from '../../analysis/lint/lint.ts';
import type { WrittenIgnore } from '../../formats/ignore-file.ts';
import type { CommandSetup } from '../command.ts';
import {
  type Context,
  LOAD_STATUS,
  printJson,
  printNotes,
  printSheet,
  refuse,
  withProgress,
  worldPath,
} from '../context.ts';
import { EXIT, type ExitStatus } from '../exit-status.ts';
import { lintSarif } from '../lint-sarif.ts';
import { lintSheet } from '../lint-text.ts';
import { addWaitOptions, openEnforcedExport, type WaitOptions } from '../open-enforced.ts';
import { row } from '../terminal.ts';

const FAIL_ON = [...SEVERITIES, 'never'] as const;
type FailOn = (typeof FAIL_ON)[number];
type Options = WaitOptions & {
  readonly ignore?: string;
  readonly sarif?: boolean;
  readonly quota?: readonly string[];
  readonly failOn: FailOn;
};

/** `crenel lint`. */
export function addLint(program: Command, { context, finish }: CommandSetup): void {
  const command = program
    .command('lint')
    .summary('what the internet reaches and should not, rules and entries that do nothing, quotas')
    .description(
      'What is wrong with groups and network ACLs, or of no use, each finding proven over all pairs: ports that the world reaches, rules that others imply or that let nothing through, entries that never decide, groups on no interface, quotas. Status 1 where there is a finding of the severity of --fail-on or above, 2 where there is perhaps one.',
    )
    .option('--ignore <file>', 'YAML or JSON: findings to live with, by rule and resource, each with the reason')
    .option('--sarif', 'print SARIF 2.1.0')
    .option(
      '--quota <name=number...>',
      `a quota that AWS raised for the account: ${Object.keys(RAISED_QUOTAS).join(', ')}`,
    )
    .addOption(
      new Option('--fail-on <severity>', 'what the status tells: error, warning, note, or never')
        .choices(FAIL_ON)
        .default('warning'),
    );
  addWaitOptions(command).action(async (options: Options) => {
    finish(await lint(context(), options));
  });
}

async function lint(context: Context, options: Options): Promise<ExitStatus> {
  if (options.sarif === true && context.options.json === true)
    return refuse(context, EXIT.usage, 'only one of --json and --sarif can be printed');
  const path = worldPath(context);
  if (options.ignore === '-' && path === '-')
    return refuse(context, EXIT.usage, 'only one of ignore file and world can come from standard input');
  const quotas = raisedQuotas(options.quota ?? []);
  if (!quotas.ok) return refuse(context, EXIT.usage, `--quota: ${quotas.error}`);
  const written = await readIgnoreFile(context, options.ignore);
  if (!written.ok) return written.error;
  const read = await openEnforcedExport(context, options);
  if (!read.ok) return read.error;
  const { world, overlaps = [], broughtGroups = [] } = read.value;
  const all = withProgress(context, 'looking', (onProgress) =>
    lintWorld(world, { limits: quotas.value, overlaps, broughtGroups, onProgress }),
  );
  const { document, stale } = applyIgnores(all, written.value);
  const { family } = context.options;
  const shown = family === undefined ? document : findingsOf(document, family);
  const unused = stale.map((one) => written.value.find((own) => own === one)).filter((one) => one !== undefined);
  print(context, shown, { unused, options });
  return statusOf(shown, unused, options.failOn);
}

async function readIgnoreFile(
  context: Context,
  file: string | undefined,
): Promise<Result<readonly WrittenIgnore[], ExitStatus>> {
  if (file === undefined) return ok([]);
  const text = await context.io.readText(file);
  if (!text.ok) return fail(refuse(context, LOAD_STATUS[text.error.kind], text.error.message));
  const { readIgnores } = await import('../../formats/ignore-file.ts');
  const read = readIgnores(text.value, Object.keys(LINT_RULES));
  if (read.ok) return read;
  const { line, column, message } = read.error;
  return fail(refuse(context, EXIT.badData, `${file}:${line}:${column}: ${message}`));
}

function print(
  context: Context,
  document: LintDocument,
  { unused, options }: { readonly unused: readonly WrittenIgnore[]; readonly options: Options },
): void {
  const { io } = context;
  if (options.sarif === true) {
    const world = worldPath(context);
    const isFile = world !== undefined && world !== '-' && !/^https?:\/\//u.test(world);
    const about = { version: io.version, world: isFile ? world : undefined, ignoreFile: options.ignore };
    printJson(context, lintSarif(document, unused, about));
    return;
  }
  if (context.options.json === true) {
    printJson(context, { ...document, staleIgnores: unused });
    return;
  }
  printSheet(context, lintSheet(document));
  printNotes(
    context,
    unused.map(({ rule, resource, line }) =>
      row(
        0,
        ['Warning: '],
        [`${options.ignore}:${line}: nothing is found any more by ${rule} at ${resource}: the entry can go.`],
      ),
    ),
  );
}

/** 1: a finding of the severity or above, for certain, or a stale entry; 2: perhaps such a finding. */
function statusOf(document: LintDocument, unused: readonly WrittenIgnore[], failOn: FailOn): ExitStatus {
  if (failOn === 'never') return EXIT.allowed;
  const most = SEVERITIES.indexOf(failOn);
  const counts = (severity: Severity): boolean => SEVERITIES.indexOf(severity) <= most;
  const found = document.findings.filter(({ severity }) => counts(severity));
  if (found.some(({ certainty }) => certainty === 'certain')) return EXIT.blocked;
  if (unused.length > 0 && counts('warning')) return EXIT.blocked;
  return found.length > 0 ? EXIT.unknown : EXIT.allowed;
}
