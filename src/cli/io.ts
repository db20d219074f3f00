import type { Result } from '../core/net/result.ts';
import type { AnyWorld } from '../formats/any-world.ts';
import type { Given } from '../formats/cloudformation/parameters.ts';
import type { Export } from '../formats/describe.ts';
import type { HitsDocument } from '../server/native/hits.ts';

/** A stream that text goes to. */
export type Output = {
  readonly write: (text: string) => unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
};

/** Why no world could be read. */
export type LoadError = { readonly kind: 'absent' | 'malformed' | 'io'; readonly message: string };

/** What is shown with hits. */
export type HitKind = 'group' | 'acl' | 'subnet';

/** What reading a world may be told: whom to tell of progress, and values for the parameters of templates. */
export type Reading = {
  readonly onProgress?: ((text: string) => void) | undefined;
  readonly parameters?: Given | undefined;
};

/** Everything outside of the program that a command may touch; tests bring their own. */
export type Io = {
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly version: string;
  /** The world of the built-in example. */
  readonly examplePath: string;
  readonly readWorld: (path: string, options?: Reading) => Promise<Result<Export, LoadError>>;
  /** The worlds before and after a plan, and what the document is; of all but plans there is one. */
  readonly readWorlds: (path: string, options?: Reading) => Promise<Result<AnyWorld, LoadError>>;
  /** The world that a server holds, by the server's URL. */
  readonly readServer: (url: string, onProgress?: (text: string) => void) => Promise<Result<Export, LoadError>>;
  /** What the hosts of a server counted at something; undefined when it tells nothing of hits. */
  readonly readHits: (
    url: string,
    of: { readonly kind: HitKind; readonly id: string },
  ) => Promise<Result<HitsDocument | undefined, LoadError>>;
  /** A file, or standard input for `-`. */
  readonly readText: (path: string) => Promise<Result<string, LoadError>>;
  /** Lets servers be believed from now on by the certificates of a file, too, which holds them as PEM. */
  readonly trust: (path: string) => Result<void, LoadError>;
};
