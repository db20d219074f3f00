#!/usr/bin/env node
// The `crenel` command. In a clone it runs the TypeScript sources; in a published package, the compiled JavaScript.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  AGENT_ENVIRONMENT,
  AGENT_FLAGS,
  become,
  findNode,
  missingNodeMessage,
  replaceBy,
  UNAVAILABLE,
} from './node-runtime.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const source = `${root}src/main.ts`;
const compiled = `${root}dist/main.js`;

function refuse(message) {
  process.stderr.write(`crenel: ${message}\n`);
  process.exitCode = UNAVAILABLE;
}

const isClone = existsSync(source);
const node = findNode();

if (isClone && !existsSync(`${root}node_modules/commander`)) {
  refuse(`the dependencies are not installed yet: run \`npm start\` or \`npm test\` once in ${root}`);
} else if (node === undefined) {
  refuse(missingNodeMessage());
} else if (!isClone && !existsSync(compiled)) {
  refuse(`this copy is incomplete: neither ${source} nor ${compiled} is there`);
} else {
  const words = process.argv.slice(2);
  const isAgent = words[0] === 'agent';
  const flags = ['--import', new URL('quick-start.mjs', import.meta.url).href, ...(isAgent ? AGENT_FLAGS : [])];
  const args = [...flags, isClone ? source : compiled, ...words];
  const env = isAgent ? { ...AGENT_ENVIRONMENT, ...process.env } : process.env;
  // Its channel breaks when this process is killed: whoever waits for a signal then ends as if one had come.
  const stdio = ['inherit', 'inherit', 'inherit', 'ipc'];
  if (!replaceBy(node, args, env)) become(node, args, { env, stdio });
}
