// All unit tests (src/**/*.test.ts) in one process: starting a process for each of these small files costs far more than running them.
import { globSync } from 'node:fs';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { root } from './stage.ts';

for (const file of globSync('src/**/*.test.ts', { cwd: root }).toSorted()) {
  // One after another, so that the report keeps the order of the folders.
  try {
    await import(pathToFileURL(`${root}${file}`).href);
  } catch (error) {
    test(`${file} loads`, () => {
      throw error;
    });
  }
}
