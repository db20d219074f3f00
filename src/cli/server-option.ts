import { fail, ok, type Result } from '../core/net/result.ts';
import { type Context, ENDPOINT_VARIABLE, endpointIn, refuse } from './context.ts';
import { EXIT, type ExitStatus } from './exit-status.ts';

/** Where AWS's own tools look for their endpoint; `crenel serve` prints the second one. */
const AWS_VARIABLES = ['AWS_ENDPOINT_URL_EC2', 'AWS_ENDPOINT_URL'] as const;

/**
 * The server that a command asks which has no other source: that of `--endpoint` or its variable, whatever world is named, else the one that AWS's
 * tools of this shell ask.
 */
export function serverOf(context: Context): Result<string, ExitStatus> {
  const { io, options } = context;
  if (options.endpoint !== undefined) return ok(options.endpoint);
  const url = endpointIn(io.env) ?? awsEndpoint(io.env);
  if (url === undefined)
    return fail(
      refuse(context, EXIT.usage, `no server: give --endpoint, or set ${ENDPOINT_VARIABLE} or AWS_ENDPOINT_URL`),
    );
  const trusted = options.ca === undefined ? ok(undefined) : io.trust(options.ca);
  return trusted.ok ? ok(url) : fail(refuse(context, EXIT.usage, `--ca: ${trusted.error.message}`));
}

/** The server that AWS's tools of this shell ask; undefined when none is named. */
export function awsEndpoint(env: Context['io']['env']): string | undefined {
  return AWS_VARIABLES.map((name) => env[name]).find((value) => value !== undefined && value !== '');
}
