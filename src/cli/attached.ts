import { fail, ok, type Result } from '../core/net/result.ts';
import { type Attachment, isDeviceName, isMac } from '../nft/wiring.ts';
import type { Io } from './io.ts';

/** An interface as `--attach` names it, with where it hangs, if that is said. */
export type Attached = { readonly id: string; readonly attachment?: Attachment };

/** So many characters of a line that is wrong are said again. */
const MOST_QUOTED = 80;

/** A word of `--attach`, and what came of it. */
type Read = { readonly words: readonly string[]; readonly file?: string };

/**
 * Reads the words of `--attach`: `eni=device/mac`, or `@` and the path of a file (`@-` for standard input) with one of these on each line, empty lines
 * and those that begin with # aside. An interface or a device that comes twice is refused: one of the two would be guarded by the rules of the other.
 */
export async function readAttached(io: Io, words: readonly string[]): Promise<Result<readonly Attached[]>> {
  const attached: Attached[] = [];
  const [ids, devices] = [new Set<string>(), new Set<string>()];
  for (const word of words) {
    const read = await wordsOf(io, word);
    if (!read.ok) return read;
    const { file } = read.value;
    for (const [at, text] of read.value.words.entries()) {
      if (text === '') continue;
      const where = file === undefined ? `--attach ${text}` : `${file}, line ${at + 1}: ${text.slice(0, MOST_QUOTED)}`;
      const one = attachedOf(text);
      if (one === undefined) return fail(`${where} is not as eni-0a1b=tap0/02:00:00:00:00:01`);
      if (one.attachment !== undefined && !isOfOne(one.attachment.mac))
        return fail(`${where}: no interface has the hardware address ${one.attachment.mac}, give that of the guest`);
      const device = one.attachment?.device;
      if (ids.has(one.id)) return fail(`${where}: ${one.id} is attached twice`);
      if (device !== undefined && devices.has(device)) return fail(`${where}: the device ${device} is another's`);
      ids.add(one.id);
      if (device !== undefined) devices.add(device);
      attached.push(one);
    }
  }
  return ok(attached);
}

/** Whether a hardware address can be that of one interface: it is not of a group (the lowest bit of the first byte, IEEE 802), and not all zeros. */
function isOfOne(mac: string): boolean {
  return /^.[02468ace]/u.test(mac) && /[1-9a-f]/u.test(mac);
}

async function wordsOf(io: Io, word: string): Promise<Result<Read>> {
  if (!word.startsWith('@')) return ok({ words: [word] });
  const path = word.slice(1);
  const text = await io.readText(path);
  if (!text.ok) return fail(`--attach ${word}: ${text.error.message}`);
  const lines = text.value.split('\n').map((line) => line.trim());
  return ok({ words: lines.map((line) => (line.startsWith('#') ? '' : line)), file: path });
}

function attachedOf(text: string): Attached | undefined {
  const [, id = '', device, mac = ''] = /^(eni-[0-9a-z]+)(?:=([^/]+)\/(.+))?$/u.exec(text) ?? [];
  if (id === '') return undefined;
  if (device === undefined) return { id };
  const lower = mac.toLowerCase();
  return isDeviceName(device) && isMac(lower) ? { id, attachment: { device, mac: lower } } : undefined;
}
