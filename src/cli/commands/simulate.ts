import { dirname, join } from 'node:path';
import type { Command } from 'commander';
import { findEni } from '../../analysis/lookup.ts';
import { simulate, type Simulation } from '../../analysis/simulate.ts';
import { simulationDocument, unexpectedSteps } from '../../analysis/simulation-document.ts';
import { fail, ok, type Result } from '../../core/net/result.ts';
import type { Eni } from '../../core/model/eni.ts';
import { FLOW_LOG_HEADER, formatFlowRecord, formatNoData } from '../../formats/flow-log.ts';
import { parseScenario, type ScenarioDocument } from '../../formats/scenario.ts';
import type { CommandSetup } from '../command.ts';
import { type Context, printJson, printSheet, refuse } from '../context.ts';
import { EXIT, type ExitStatus } from '../exit-status.ts';
import type { LoadError } from '../io.ts';
import { openKnownWorld } from '../open-world.ts';
import { simulationSheet } from '../simulate-text.ts';
import { BLANK, line, type Sheet } from '../terminal.ts';

type SimulateOptions = { readonly flowLog?: string | true };

/** `crenel simulate <scenario.json>`. */
export function addSimulate(program: Command, { context, finish }: CommandSetup): void {
  program
    .command('simulate')
    .summary('packets and changes over time, through connection tracking')
    .description(
      'Plays a scenario: packets and changes over time, through connection tracking, NAT and network ACLs; the verdict of each step. Exits with 1 where a packet did not fare as the scenario expects.',
    )
    .argument('<scenario>', 'a scenario file; docs/guide/scenarios.md describes it')
    .option('--flow-log [interface]', 'add the flow log in the AWS v2 format, of all interfaces or of one')
    .action(async (path: string, own: SimulateOptions) => {
      finish(await run(context(), path, own));
    });
}

async function run(context: Context, path: string, own: SimulateOptions): Promise<ExitStatus> {
  const document = await openScenario(context, path);
  if (!document.ok) return document.error;
  const { scenario, worldPath } = document.value;
  const world = await openKnownWorld(withWorld(context, path, worldPath), 'simulated');
  if (!world.ok) return world.error;
  const simulation = simulate(world.value, scenario);
  if (!simulation.ok) {
    const { step, message, suggestions } = simulation.error;
    return refuse(context, EXIT.badData, { message: `${path}: step ${step + 1}: ${message}`, suggestions });
  }
  const log = flowLogLines(simulation.value, own);
  if (!log.ok) return refuse(context, EXIT.usage, log.error);
  if (context.options.json === true) {
    const flowLog = own.flowLog === undefined ? {} : { flowLog: log.value };
    printJson(context, { ...simulationDocument(simulation.value), ...flowLog });
  } else {
    printSheet(context, simulationSheet(simulation.value));
    if (own.flowLog !== undefined) {
      printSheet(context, [BLANK, title(own)]);
      // Lines of a log are for programs: they do not wrap.
      context.io.stdout.write([FLOW_LOG_HEADER, ...log.value].map((text) => `${text}\n`).join(''));
    }
  }
  return statusOf(simulation.value);
}

/** A scenario names its own world, relative to itself; `--world` and the environment stand above it. */
function withWorld(context: Context, path: string, worldPath: string | undefined): Context {
  const { options } = context;
  if (options.world !== undefined || worldPath === undefined) return context;
  return { ...context, options: { ...options, world: join(dirname(path), worldPath) } };
}

const STATUS: Readonly<Record<LoadError['kind'], ExitStatus>> = {
  absent: EXIT.noInput,
  malformed: EXIT.badData,
  io: EXIT.io,
};

async function openScenario(context: Context, path: string): Promise<Result<ScenarioDocument, ExitStatus>> {
  const text = await context.io.readText(path);
  if (!text.ok) return fail(refuse(context, STATUS[text.error.kind], text.error.message));
  const document = parseScenario(path, text.value);
  return document.ok ? document : fail(refuse(context, EXIT.badData, document.error));
}

type LogError = { readonly message: string; readonly suggestions: readonly string[] };

function flowLogLines(simulation: Simulation, { flowLog }: SimulateOptions): Result<readonly string[], LogError> {
  const { records, scenario } = simulation;
  if (flowLog === undefined || flowLog === true) return ok(records.map(formatFlowRecord));
  const last = simulation.steps.at(-1);
  const eni = last === undefined ? undefined : findEni(last.world, flowLog);
  if (eni?.ok !== true) return eni ?? ok([]);
  const own = records.filter((record) => record.eniId === eni.value.id);
  const endSeconds = scenario.startSeconds + Math.ceil(last?.step.atSeconds ?? 0);
  return ok(own.length > 0 ? own.map(formatFlowRecord) : [noData(eni.value, scenario.startSeconds, endSeconds)]);
}

function noData(eni: Eni, startSeconds: number, endSeconds: number): string {
  return formatNoData({ ownerId: eni.ownerId, eniId: eni.id, startSeconds, endSeconds });
}

function title({ flowLog }: SimulateOptions): Sheet[number] {
  return line({ text: typeof flowLog === 'string' ? `Flow log of ${flowLog}` : 'Flow log', style: 'strong' });
}

/** 0 when all went as expected, 1 when something did not, 2 when the fate of a packet is unknown and nobody expected that. */
function statusOf(simulation: Simulation): ExitStatus {
  if (unexpectedSteps(simulation).length > 0) return EXIT.blocked;
  const isOpen = simulation.steps.some(
    (report) => report.kind === 'packet' && report.fate === 'unknown' && !('expect' in report.step),
  );
  return isOpen ? EXIT.unknown : EXIT.allowed;
}
