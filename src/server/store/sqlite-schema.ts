/** The statements that lead from each format to the next: the first makes an empty file one of Crenel's. Never changed, only added to. */
export const MIGRATIONS: readonly string[] = [
  `CREATE TABLE current (key TEXT PRIMARY KEY, value TEXT NOT NULL, revision INTEGER NOT NULL) STRICT;
   CREATE TABLE log (revision INTEGER NOT NULL, key TEXT NOT NULL, value TEXT) STRICT;
   CREATE INDEX log_by_revision ON log (revision);
   CREATE TABLE numbers (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
   INSERT INTO numbers (name, value) VALUES ('revision', 0), ('compacted', 0);`,
];

/** The format that this Crenel writes; the file holds it as `user_version`. */
export const FORMAT: number = MIGRATIONS.length;
