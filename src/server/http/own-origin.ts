import type { HttpRefusal } from './exchange.ts';

/**
 * For a server without credentials: refuses what a web page of somebody else makes a browser send. A page can point its own name at
 * 127.0.0.1 (DNS rebinding), so the Host header must name one of `allowedHosts`; and it can send forms and fetch images across origins,
 * which browsers mark with Origin and Sec-Fetch-Site. Programs send neither.
 */
export function refuseForeign(
  headers: ReadonlyMap<string, string>,
  allowedHosts: ReadonlySet<string>,
): HttpRefusal | undefined {
  const authority = (headers.get('host') ?? '').toLowerCase();
  if (!allowedHosts.has(hostOf(authority)))
    return { reason: 'wrong-host', status: 421, message: 'this server does not answer to the name in the header host' };
  const origin = headers.get('origin')?.toLowerCase();
  const site = headers.get('sec-fetch-site')?.toLowerCase();
  const isForeign = origin !== undefined && origin !== `http://${authority}` && origin !== `https://${authority}`;
  if (isForeign || (site !== undefined && site !== 'same-origin' && site !== 'none'))
    return { reason: 'cross-site', status: 403, message: 'this server does not take requests from other web sites' };
  return undefined;
}

/** The host of `host:port`, an IPv6 address without its brackets. */
function hostOf(authority: string): string {
  const [, bracketed, plain] = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::\d{1,5})?$/.exec(authority) ?? [];
  return bracketed ?? plain ?? '';
}
