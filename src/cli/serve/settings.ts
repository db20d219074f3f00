import { fail, ok, type Result } from '../../core/net/result.ts';
import { LOG_LEVELS, type LogLevel } from '../../server/http/log-levels.ts';
import { mayListen } from '../../server/http/may-listen.ts';
import { isCertificateName } from '../../server/enrolment/certificate.ts';

/** The options of `crenel serve` as commander reads them. */
export type ServeOptions = {
  readonly host: string;
  readonly port: string;
  readonly data?: string;
  readonly memory?: boolean;
  readonly anonymous?: boolean;
  readonly keys?: string;
  readonly account: string;
  readonly region: string;
  readonly defaultVpc?: boolean;
  readonly import?: string;
  readonly example?: boolean;
  readonly tls?: boolean;
  readonly tlsName?: readonly string[];
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly insecureNoTls?: boolean;
  readonly lab?: boolean;
  readonly logLevel: string;
};

/** A certificate that somebody else gave out, or one of the server's own authority, with these names beside the machine's own. */
export type TlsSettings =
  | { readonly certPath: string; readonly keyPath: string }
  | { readonly names: readonly string[] };

/** How a server is to run. */
export type Settings = {
  readonly host: string;
  readonly port: number;
  /** The folder of the store and the keys; undefined keeps everything in memory. */
  readonly folder: string | undefined;
  readonly isAnonymous: boolean;
  readonly keysPath: string | undefined;
  readonly accountId: string;
  readonly region: string;
  readonly withDefaultVpc: boolean;
  readonly importPath: string | undefined;
  readonly tls: TlsSettings | undefined;
  /** Whether instances run as network namespaces of this machine. */
  readonly withLab: boolean;
  readonly logLevel: LogLevel;
};

/** What the options come to. Refused: what contradicts itself, and listening where anybody could change what others rely on. */
export function settingsOf(
  options: ServeOptions,
  given: { readonly defaultFolder: string; readonly examplePath: string },
): Result<Settings> {
  const { host, account, region } = options;
  const port = /^\d{1,5}$/.test(options.port) ? Number(options.port) : -1;
  if (port < 0 || port > 65_535) return fail('--port must be 0 to 65535');
  if (!/^\d{12}$/.test(account)) return fail('--account must be 12 digits');
  if (!/^[a-z]{2,4}(?:-[a-z]{2,12}){1,3}-\d{1,2}$/.test(region)) return fail('--region must be one as eu-west-1');
  const tls = tlsOf(options);
  if (!tls.ok) return tls;
  if (options.memory === true && options.data !== undefined) return fail('--memory and --data exclude each other');
  if (options.anonymous === true && options.keys !== undefined)
    return fail('--anonymous and --keys exclude each other');
  if (options.example === true && options.import !== undefined)
    return fail('--example and --import exclude each other');
  const logLevel = LOG_LEVELS.find((level) => level === options.logLevel);
  if (logLevel === undefined) return fail(`--log-level must be one of ${LOG_LEVELS.join(', ')}`);
  const listening = mayListen({
    host,
    hasTls: tls.value !== undefined,
    hasCredentials: options.anonymous !== true,
    insecureNoTls: options.insecureNoTls === true,
  });
  if (!listening.ok) return listening;
  return ok({
    host,
    port,
    folder: options.memory === true ? undefined : (options.data ?? given.defaultFolder),
    isAnonymous: options.anonymous === true,
    keysPath: options.keys,
    accountId: account,
    region,
    withDefaultVpc: options.defaultVpc === true,
    importPath: options.example === true ? given.examplePath : options.import,
    tls: tls.value,
    withLab: options.lab === true,
    logLevel,
  });
}

function tlsOf({ tls, tlsName, tlsCert, tlsKey, memory }: ServeOptions): Result<TlsSettings | undefined> {
  if ((tlsCert === undefined) !== (tlsKey === undefined)) return fail('--tls-cert and --tls-key go together');
  const isOwn = tls === true || tlsName !== undefined;
  if (tlsCert !== undefined && tlsKey !== undefined)
    return isOwn
      ? fail('--tls makes a certificate, and --tls-cert gives one: they exclude each other')
      : ok({ certPath: tlsCert, keyPath: tlsKey });
  if (isOwn && memory === true)
    return fail('--tls needs a folder for its authority, which clients have to know: give --data instead of --memory');
  const names = tlsName ?? [];
  const strange = names.find((name) => !isCertificateName(name));
  if (strange !== undefined) return fail(`--tls-name ${JSON.stringify(strange)} is no DNS name and no address`);
  return ok(isOwn ? { names } : undefined);
}
