import { join } from 'node:path';
import { fail, ok, type Result } from '../../core/net/result.ts';
import { Enrolment } from '../../server/enrolment/enrolment.ts';
import { registerOf } from '../../server/enrolment/register-text.ts';
import { readSecretFile, writeSecretFile } from '../../server/enrolment/secret-file.ts';
import type { ServerTls } from './server-tls.ts';

/** The hosts of a server, as its folder has them (`hosts.json`); without a folder they last as long as the process. */
export function openHosts(
  folder: string | undefined,
  tls: Pick<ServerTls, 'authority' | 'anchor'> | undefined,
  now: () => number,
): Result<Enrolment> {
  const path = folder === undefined ? undefined : join(folder, 'hosts.json');
  const text = path === undefined ? ok(undefined) : readSecretFile(path);
  if (!text.ok) return text;
  const register = text.value === undefined ? ok(new Map()) : registerOf(text.value);
  if (!register.ok) return fail(`${path ?? 'hosts'}: ${register.error}`);
  const { authority, anchor } = tls ?? {};
  return ok(
    new Enrolment({
      register: register.value,
      save: (content) => (path === undefined ? ok(undefined) : writeSecretFile(path, content)),
      now,
      ...(authority === undefined ? {} : { authority }),
      ...(anchor === undefined ? {} : { anchor }),
    }),
  );
}
