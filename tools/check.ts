// `npm run check`: everything that needs no test to run.
import { checks, runStages } from './stage.ts';

process.exitCode = runStages(checks) ? 0 : 1;
