import type { HttpAnswer, Route } from './exchange.ts';
import { isLoopback } from './may-listen.ts';
import type { Metrics } from './metrics.ts';

/** Who may read the metrics, which name actions and say how often they are called: nobody, clients on this machine, or everybody. */
export type MetricsAudience = 'nobody' | 'loopback' | 'everybody';

/** Says why the server cannot do its work, or undefined when it can. */
export type HealthCheck = () => string | undefined;

/** `/healthz`: 200 and `ok`, or 503 and the reason. For load balancers: it says no more than that. */
export function healthRoute(whyUnhealthy: HealthCheck): Route {
  return {
    name: 'healthz',
    accepts: (method, path) => path === '/healthz' && isRead(method),
    handle: async () => {
      const reason = whyUnhealthy();
      return await Promise.resolve(reason === undefined ? text(200, 'ok') : text(503, reason));
    },
  };
}

/** `/metrics` in the text format of Prometheus, for those who may read it; to others it is not there. */
export function metricsRoute(metrics: Metrics, audience: Exclude<MetricsAudience, 'nobody'>): Route {
  return {
    name: 'metrics',
    accepts: (method, path) => path === '/metrics' && isRead(method),
    handle: async ({ remoteAddress }) => {
      if (audience === 'loopback' && !isLoopback(remoteAddress)) return text(404, 'there is nothing here');
      return { status: 200, headers: { 'content-type': metrics.contentType }, body: await metrics.text() };
    },
  };
}

function isRead(method: string): boolean {
  return method === 'GET' || method === 'HEAD';
}

function text(status: number, body: string): HttpAnswer {
  return { status, headers: { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' }, body };
}
