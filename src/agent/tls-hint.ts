/** Who asks a server: a person at a command line, or the agent of a host, which may have its server's certificate from its enrolment. */
type Asker = 'person' | 'host';

const UNBELIEVED: Readonly<Record<Asker, string>> = {
  person: 'nothing that is believed here vouches for it: give --ca with the ca.pem that its `serve --tls` wrote',
  host: 'it is not the server that this host knows: where it is meant, give a new token with --enrol, or --ca to a host with an access key',
};

/** OpenSSL's words for a certificate that nothing vouches for, as codes of Node. */
const VOUCHED_BY_NOBODY: ReadonlySet<string> = new Set([
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

/** What is said of a connection that did not come about, and what to do where TLS is why: Node's words leave people alone with it. */
export function reachFault(error: unknown, protocol: string, asker: Asker): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error ? String(error.code) : '';
  if (VOUCHED_BY_NOBODY.has(code)) return `${error.message}: ${UNBELIEVED[asker]}`;
  if (code === 'ERR_SSL_WRONG_VERSION_NUMBER') return 'it does not speak TLS there: http:// in the place of https://?';
  // A server that speaks TLS alone ends what begins otherwise, but so does one that is killed, of which agents see more.
  const isEnded = asker === 'person' && protocol === 'http:' && code === 'UND_ERR_SOCKET';
  return isEnded ? `${error.message}: https:// in the place of http://?` : error.message;
}
