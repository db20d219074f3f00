// The composition root. The command line is built here once its commands exist.
process.stderr.write('crenel: there are no commands yet\n');
process.exitCode = 64;
