/** Where Crenel's own questions stand. */
export const NATIVE_PATH = '/crenel/v1/';
