// Brings node_modules in line with package-lock.json. Plain JavaScript for Node 20 and newer, no dependency.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

function readJson(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

/** The C library of this system, in npm's words; undefined where the question has no meaning. */
function systemLibc() {
  if (process.platform !== 'linux') return undefined;
  process.report.excludeNetwork = true; // without it, looking up interface names can take seconds
  return process.report.getReport().header.glibcVersionRuntime === undefined ? 'musl' : 'glibc';
}

function fits(wanted, have) {
  return wanted === undefined || wanted.includes(have);
}

/** Whether npm leaves a package out on this machine: an optional one for another system. */
function isForOtherMachine(entry, libc) {
  if (entry.optional !== true) return false;
  return !(fits(entry.os, process.platform) && fits(entry.cpu, process.arch) && fits(entry.libc, libc));
}

/**
 * What node_modules lacks, as one line, or undefined when it agrees with the lockfile.
 * npm records what it installed in node_modules/.package-lock.json, so an `npm ci` by hand counts as well.
 */
export function differenceFromLockfile(root) {
  const locked = readJson(join(root, 'package-lock.json'))?.packages;
  if (locked === undefined) return 'package-lock.json cannot be read';
  const installed = readJson(join(root, 'node_modules', '.package-lock.json'))?.packages;
  if (installed === undefined) return 'nothing is installed yet';
  const libc = systemLibc();
  for (const [path, entry] of Object.entries(locked)) {
    if (path === '' || entry.link === true || isForOtherMachine(entry, libc)) continue;
    if (installed[path]?.integrity !== entry.integrity) return `${path} is not at ${entry.version}`;
    if (!existsSync(join(root, path, 'package.json'))) return `${path} is gone`;
  }
  return undefined;
}

/** Runs `npm ci` and says so in one line; on failure shows what npm said. Returns whether it worked. */
export function install(root, reason) {
  process.stderr.write(`crenel: installing dependencies with \`npm ci\` (${reason}) …\n`);
  const flags = [
    'ci',
    '--include=dev',
    '--include=optional',
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
  ];
  const npmCli = process.env['npm_execpath'];
  const viaNode = npmCli !== undefined && basename(npmCli) === 'npm-cli.js';
  const [command, args] = viaNode ? [process.execPath, [npmCli, ...flags]] : ['npm', flags];
  const result = spawnSync(command, args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  if (result.status === 0) return true;
  const said = `${result.stdout ?? ''}${result.stderr ?? ''}${result.error?.message ?? ''}`.trim();
  process.stderr.write(
    `${said}\ncrenel: \`npm ci\` failed. It needs the package registry once; after that everything works offline.\n`,
  );
  return false;
}
