/** One request, read whole. Header names are in lower case; several headers of one name are joined with a comma. */
export type HttpRequest = {
  readonly method: string;
  /** As sent, still percent-encoded, without the query: nothing was decoded, so nothing could fail. */
  readonly path: string;
  /** As sent, without the question mark. */
  readonly query: string;
  /** Values as UTF-8. `host`, `authorization` and `content-type` came at most once: a second one was refused. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Uint8Array;
  /** The other end of the connection (condition key `aws:SourceIp`); an IPv4 address in IPv6 form is written as IPv4. */
  readonly remoteAddress: string;
  /** Whether the connection is TLS (condition key `aws:SecureTransport`). */
  readonly isSecure: boolean;
  /** What the client showed in the handshake of TLS; undefined where it showed none, or was not asked. */
  readonly clientCertificate?: ClientCertificate;
};

/** A certificate whose key the client proved to have. */
export type ClientCertificate = {
  /** SHA-256 of the whole certificate, as lower-case hexadecimal digits. */
  readonly fingerprint: string;
  /** Why the server's authority for clients does not vouch for it, in OpenSSL's word; undefined when it does. */
  readonly fault?: string;
};

/**
 * What to answer, and what the log may know of it. The listener itself sets content-length, connection and date; those of `headers` are
 * ignored. A body of text goes out as UTF-8.
 */
export type HttpAnswer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
  /** What follows the head instead of `body`, until one end has enough. */
  readonly stream?: StreamSource;
  /**
   * Written to the log as it is: it must hold no secret. `action` and `code` are also counted, so `action` must be one of the actions that
   * there are, never a name that the client made up.
   */
  readonly log?: Readonly<Record<string, string | number | boolean | readonly string[]>>;
};

/**
 * An answer that goes on: what there is to say, asked for piece by piece when the client can take more. So a slow client holds one piece in
 * memory, and whoever speaks may leave out what is outdated by then.
 */
export type StreamSource = {
  /** Called once, when the stream is open. `wake`: there may be something to say again; `end`: that was all. Gives what to call when it is over. */
  readonly start: (wake: () => void, end: () => void) => () => void;
  /** The next piece of text; undefined when there is nothing to say now. */
  readonly next: () => string | undefined;
  /** What to say when nothing was said for so many milliseconds: it keeps the connection alive and shows that the server is. */
  readonly idle: { readonly text: string; readonly afterMs: number };
};

/** Answers requests. It rejects only for faults of the program, which the listener answers with 500. */
export type HttpHandler = (request: HttpRequest) => Promise<HttpAnswer>;

/** Why the listener answered by itself. */
export type HttpRefusalReason =
  | 'malformed'
  | 'wrong-host'
  | 'cross-site'
  | 'no-such-path'
  | 'no-such-method'
  | 'too-slow'
  | 'body-too-large'
  | 'content-encoding'
  | 'expectation'
  | 'head-too-large'
  | 'fault'
  | 'transfer-encoding'
  | 'busy';

/** What the listener answers by itself. The message holds nothing of the request. */
export type HttpRefusal = {
  readonly reason: HttpRefusalReason;
  readonly status: number;
  readonly message: string;
  /** Sent whatever form the body takes: `allow`, `retry-after`. */
  readonly headers?: Readonly<Record<string, string>>;
};

/** A part of the server: what it takes, and who answers. The first route that accepts a request gets it. */
export type Route = {
  /** For the log and the metrics. */
  readonly name: string;
  /** Whether the route takes requests like this; `path` as in `HttpRequest`. */
  readonly accepts: (method: string, path: string) => boolean;
  /** Most bytes of a body of such a request, where that is more than the listener's limit. */
  readonly bodyBytes?: (method: string, path: string) => number | undefined;
  readonly handle: HttpHandler;
  /** Puts refusals of the listener into the form that the route's clients read (XML for EC2); else they are plain text. */
  readonly refuse?: (refusal: HttpRefusal) => HttpAnswer;
};
