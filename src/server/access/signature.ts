/** A request as it came: header names in lower case, several values of one joined by commas; the query without its question mark. */
export type SignedRequest = {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Uint8Array;
};

/** What proves a request: the secret of its access key, and the token where the key is a session's. */
export type Secret = { readonly secretAccessKey: string; readonly sessionToken?: string };

/** Who signed, and for where: the scope names the Region and the service. */
export type Signer = { readonly accessKeyId: string; readonly region: string; readonly service: string };

/** Why a request is not believed, with EC2's code, text and status (ERR). */
export type SignatureFault = { readonly code: string; readonly message: string; readonly status: 400 | 401 | 403 };
