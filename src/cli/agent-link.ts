import { homedir, hostname } from 'node:os';
import { join } from 'node:path';
import { type HostIdentity, type HostState, lifeOf, readState } from '../agent/identity.ts';
import type { Renewal } from '../agent/renewal.ts';
import { endpointOf, type ServerLink } from '../agent/server-link.ts';
import type { AgentLog } from '../agent/agent.ts';
import { fail, ok, type Result } from '../core/net/result.ts';
import { sha256 } from '../server/enrolment/proof.ts';
import { isHostName } from '../server/sync/codec.ts';
import { readToken, TOKEN_START } from '../server/enrolment/token.ts';
import { readCa } from './ca-file.ts';
import { CA_VARIABLE, type Context, endpointIn } from './context.ts';

/** Names the token where `--enrol` does not. */
export const TOKEN_VARIABLE = 'CRENEL_ENROL_TOKEN';

/** What says who a host is, and by what. */
export type LinkOptions = { readonly host?: string; readonly enrol?: string; readonly state?: string };

/** What a host is to be, before anybody was asked. */
export type PlannedLink = {
  readonly host: string;
  readonly endpoint: URL;
  readonly folder: string;
  readonly state: HostState;
  /** Set when the host has to enrol first. */
  readonly token: string | undefined;
  readonly ca: readonly string[] | undefined;
};

/** How a host speaks to its server; `renewal` keeps its certificate good, if it has one. */
export type AgentLink = { readonly link: ServerLink; readonly renewal: Renewal | undefined };

/** Reads what the options, the environment and the state of this host say, and refuses what does not go together. */
export async function planLink(context: Context, options: LinkOptions): Promise<Result<PlannedLink>> {
  const { env } = context.io;
  const folder = options.state ?? env['STATE_DIRECTORY']?.split(':')[0] ?? join(stateHome(env), 'crenel', 'agent');
  const state = readState(folder);
  if (!state.ok) return state;
  const { current } = state.value;
  const given = await tokenOf(context, options.enrol, current);
  if (!given.ok) return given;
  // A token that this host came by is over; it stands in a unit's credentials all the same.
  const token = given.value === undefined || sha256(given.value) === current?.tokenHash ? undefined : given.value;
  const read = token === undefined ? ok(undefined) : readToken(token);
  if (!read.ok) return read;
  const name = read.value?.host ?? current?.host;
  if (name !== undefined && options.host !== undefined && options.host !== name)
    return fail(
      `--host ${options.host}: ${read.value === undefined ? 'this host was let in' : 'the token is'} as ${name}`,
    );
  const host = name ?? options.host ?? hostname();
  if (!isHostName(host))
    return fail(
      `${JSON.stringify(host)} cannot be the name of a host, which has 1 to 63 letters, digits, dots and hyphens: give --host`,
    );
  const text = context.options.endpoint ?? endpointIn(env) ?? current?.endpoint;
  if (text === undefined) return fail('no server: give --endpoint');
  const endpoint = endpointOf(text);
  if (!endpoint.ok) return endpoint;
  const ca = endpoint.value.protocol === 'https:' ? caOf(context) : ok(undefined);
  if (!ca.ok) return ca;
  return ok({
    host,
    endpoint: endpoint.value,
    folder,
    state: state.value,
    token,
    ca: ca.value,
  });
}

/** Enrols, if the plan says so, and gives the way to the server: by certificate, else by access key, else for a server that believes everybody. */
export async function openLink({ io }: Context, plan: PlannedLink, log: AgentLog): Promise<Result<AgentLink>> {
  const { token, state, endpoint, folder, ca } = plan;
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = io.env;
  const region = io.env['AWS_REGION'] ?? io.env['AWS_DEFAULT_REGION'] ?? 'eu-west-1';
  const enrolled = token === undefined ? ok(state.current) : await enrolWith(token, plan);
  if (!enrolled.ok) return fail(`this host could not enrol: ${enrolled.error}`);
  const identity = enrolled.value;
  const vouching = identity?.anchor === undefined ? ca : [identity.anchor];
  const link = { endpoint, region, ...(vouching === undefined ? {} : { ca: vouching }) };
  if (identity === undefined) {
    if (accessKeyId !== undefined && secretAccessKey !== undefined)
      return ok({ link: { ...link, credentials: { accessKeyId, secretAccessKey } }, renewal: undefined });
    log(
      'info',
      `this host has neither a certificate in ${folder} nor an access key: unless its server believes everybody, give --enrol, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY`,
    );
    return ok({ link, renewal: undefined });
  }
  const { to } = lifeOf(identity);
  const until = new Date(to).toISOString();
  if (to <= Date.now())
    return fail(`the certificate of this host was good until ${until}: give a new token with --enrol`);
  if (endpoint.protocol !== 'https:')
    return fail(`this host proves itself by a certificate, which wants TLS, and ${endpoint.origin} does not speak it`);
  log('info', `${token === undefined ? 'this host is' : 'enrolled as'} ${identity.host}, certificate until ${until}`);
  const { Renewal: Renewing } = await import('../agent/renewal.ts');
  const renewal = new Renewing({ link, identity, folder, log });
  return ok({ link: { ...link, identity: () => renewal.current }, renewal });
}

/** What makes keys and certificates is loaded for a host that has some, or gets some. */
async function enrolWith(token: string, { endpoint, folder, state, ca }: PlannedLink): Promise<Result<HostIdentity>> {
  const { enrol } = await import('../agent/enrol.ts');
  return await enrol({ token, endpoint, folder, state, ...(ca === undefined ? {} : { ca }) });
}

/** The token: as it stands, in a file, on standard input, or in the environment. Undefined when there is none, or its file is gone and not needed. */
async function tokenOf(
  { io }: Context,
  given: string | undefined,
  current: HostIdentity | undefined,
): Promise<Result<string | undefined>> {
  const inEnvironment = io.env[TOKEN_VARIABLE];
  if (given === undefined)
    return ok(inEnvironment === undefined || inEnvironment === '' ? undefined : inEnvironment.trim());
  if (given.startsWith(TOKEN_START)) return ok(given);
  const text = await io.readText(given);
  if (text.ok) return ok(text.value.trim());
  return text.error.kind === 'absent' && current !== undefined
    ? ok(undefined)
    : fail(`--enrol wants a token, a file with one, or - for standard input: ${text.error.message}`);
}

function stateHome(env: Context['io']['env']): string {
  return env['XDG_STATE_HOME'] ?? join(homedir(), '.local', 'state');
}

/** What vouches for the server: those of `--ca` and no others; those of the environment beside those that the system knows. */
function caOf({ io, options: { ca } }: Context): Result<readonly string[] | undefined> {
  if (ca === undefined) return ok(undefined);
  const others = ca === io.env[CA_VARIABLE] ? process.getBuiltinModule('node:tls').getCACertificates('default') : [];
  const read = readCa(ca);
  return read.ok ? ok([...others, read.value]) : fail(`--ca: ${read.error.message}`);
}
