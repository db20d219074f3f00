// Loaded before a command by test/cli/start.test.ts: writes what the command loaded, a line each, to the file that CRENEL_LIST_LOADED names.
import { writeFileSync } from 'node:fs';
import { registerHooks } from 'node:module';

const urls: string[] = [];
registerHooks({
  load: (url, context, next) => {
    urls.push(url);
    return next(url, context);
  },
});
process.on('exit', () => {
  // A list that Node keeps for its own tests: `NativeModule http` is one of its modules that JavaScript is in.
  const own: unknown = Reflect.get(process, 'moduleLoadList');
  const builtins = Array.isArray(own) ? own.map((name) => String(name).replace(/^NativeModule /u, 'node:')) : [];
  writeFileSync(process.env['CRENEL_LIST_LOADED'] ?? '', [...urls, ...builtins].join('\n'));
});
