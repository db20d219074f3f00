/** Why a server does not listen; the message says where, and what to do. */
export type ListenFault = {
  readonly kind: 'port-taken' | 'not-permitted' | 'no-such-address' | 'bad-tls' | 'bad-limits' | 'failed';
  readonly message: string;
};

/** Says in words what the system said when a server was to listen. */
export function listenFault(error: Error, host: string, port: number): ListenFault {
  const code: unknown = 'code' in error ? error.code : undefined;
  const where = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  switch (code) {
    case 'EADDRINUSE':
      return { kind: 'port-taken', message: `another program listens on ${where}: stop it, or choose another port` };
    case 'EACCES':
    case 'EPERM':
      return {
        kind: 'not-permitted',
        message: `the system does not permit to listen on ${where}: choose a port from 1024 on, or give the permission`,
      };
    case 'EADDRNOTAVAIL':
    case 'EAFNOSUPPORT':
    case 'EINVAL':
      return { kind: 'no-such-address', message: `cannot listen on ${where}: this machine does not have the address` };
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return { kind: 'no-such-address', message: `cannot listen on ${where}: the name has no address` };
    case 'ERR_SOCKET_BAD_PORT':
      return { kind: 'failed', message: `a port is a whole number from 0 to 65535, not ${port}` };
    default:
      return { kind: 'failed', message: `cannot listen on ${where}: ${error.message}` };
  }
}
