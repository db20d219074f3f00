/** One request, read whole. Header names are in lower case; several headers of one name are joined with a comma. */
export type HttpRequest = {
  readonly method: string;
  /** As sent, still percent-encoded, without the query. */
  readonly path: string;
  /** As sent, without the question mark. */
  readonly query: string;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Uint8Array;
};

/** What to answer, and what the log may know of it: `log` must hold no secret. */
export type HttpAnswer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly log?: Readonly<Record<string, string | number | boolean | readonly string[]>>;
};

/** Answers requests. It rejects only for faults of the program, which the listener answers with 500. */
export type HttpHandler = (request: HttpRequest) => Promise<HttpAnswer>;
