import { fail, ok } from '../../core/net/result.ts';
import type { Caller } from '../access/caller.ts';
import type { HostCertificate, HostEntry } from './register.ts';

/** Who a host is to policies, logs and its own certificate. */
export function hostArn({ accountId, region, host }: Pick<HostEntry, 'accountId' | 'region' | 'host'>): string {
  return `arn:aws:crenel:${region}:${accountId}:host/${host}`;
}

/**
 * A host that proved itself by its certificate. It may enforce as itself, on the interfaces and instances that it was let in with, and do
 * nothing else.
 */
export function hostCaller(entry: HostEntry, { serial, validTo }: HostCertificate): Caller {
  const { accountId, region, host, holds } = entry;
  const own = new Set<unknown>([...holds.enis, ...holds.instances]);
  return {
    accountId,
    region,
    service: 'ec2',
    arn: hostArn(entry),
    userId: serial,
    validTo,
    mayDo: (action, input) => {
      if (action !== 'crenel:Enforce') return fail('the certificate of a host is for crenel:Enforce alone');
      if (input['HostName'] !== host) return fail(`the certificate is that of ${host}`);
      const strange = [input['NetworkInterfaceIds'], input['InstanceIds']].flat().find((id) => !own.has(id));
      return strange === undefined
        ? ok(undefined)
        : fail(
            `${host} was not let in with ${typeof strange === 'string' ? strange : 'that'}: \`crenel host allow\` says what it may hold`,
          );
    },
  };
}
