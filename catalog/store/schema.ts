import type Libsql from 'libsql'
import { numberAt, Statement } from './statement.ts'
import { storeFailed } from './storeErrors.ts'

/** Each makes of a file of the version before it one of its own; the first one, of an empty file. Never changed once released. */
const migrations: readonly string[] = [
  `
  CREATE TABLE limits (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    -- The tokens kept are those numbered first to last.
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    -- The longest window that was ever asked for, in milliseconds: older tokens concern nobody.
    longest REAL NOT NULL
  );
  CREATE TABLE tokens (
    "limit" INTEGER NOT NULL,
    number INTEGER NOT NULL,
    taken REAL NOT NULL,
    PRIMARY KEY ("limit", number)
  ) WITHOUT ROWID;
  CREATE TABLE leases (
    key TEXT NOT NULL,
    id TEXT NOT NULL,
    expires REAL NOT NULL,
    PRIMARY KEY (key, id)
  ) WITHOUT ROWID;

  -- Whose results are kept apart: 0 is the cache, the others are journals of runs. Numbers are not used twice.
  CREATE TABLE journals (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    run TEXT NOT NULL UNIQUE
  );
  CREATE TABLE segments (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    journal INTEGER NOT NULL,
    function TEXT NOT NULL,
    version INTEGER NOT NULL,
    created REAL NOT NULL,
    rows INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    -- Greater than that of every segment used before.
    used INTEGER NOT NULL
  );
  CREATE INDEX segments_by_use ON segments (journal, used, bytes);
  -- Apart from the segments, whose rows are changed when they are used.
  CREATE TABLE segment_data (
    segment INTEGER PRIMARY KEY,
    keys BLOB NOT NULL,
    data BLOB NOT NULL
  );
  CREATE TABLE result_keys (
    journal INTEGER NOT NULL,
    key BLOB NOT NULL,
    segment INTEGER NOT NULL,
    row INTEGER NOT NULL,
    PRIMARY KEY (journal, key)
  ) WITHOUT ROWID;

  CREATE TABLE runs (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    name TEXT,
    source TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    state TEXT NOT NULL,
    started REAL NOT NULL,
    ended REAL,
    rows INTEGER NOT NULL,
    error TEXT,
    profile TEXT,
    process INTEGER NOT NULL,
    process_instance TEXT
  );
  CREATE INDEX runs_by_name ON runs (name, started);
  CREATE INDEX runs_by_start ON runs (started);
  CREATE TABLE function_history (
    function TEXT NOT NULL,
    version INTEGER NOT NULL,
    rows REAL NOT NULL,
    calls REAL NOT NULL,
    milliseconds REAL NOT NULL,
    dollars REAL NOT NULL,
    PRIMARY KEY (function, version)
  ) WITHOUT ROWID;
  `,
  `
  CREATE TABLE models (
    name TEXT NOT NULL PRIMARY KEY COLLATE NOCASE,
    -- The highest number that a version ever had. Numbers are not used twice.
    last INTEGER NOT NULL
  ) WITHOUT ROWID;
  CREATE TABLE model_versions (
    model TEXT NOT NULL COLLATE NOCASE,
    version INTEGER NOT NULL,
    -- What its files lie in.
    folder TEXT NOT NULL,
    -- JSON.
    content TEXT NOT NULL,
    PRIMARY KEY (model, version)
  ) WITHOUT ROWID;
  CREATE INDEX model_versions_by_folder ON model_versions (folder);
  CREATE TABLE model_aliases (
    model TEXT NOT NULL COLLATE NOCASE,
    alias TEXT NOT NULL COLLATE NOCASE,
    version INTEGER NOT NULL,
    PRIMARY KEY (model, alias)
  ) WITHOUT ROWID;

  -- Also of groups that serve nothing any more: numbers of revisions are not used twice.
  CREATE TABLE model_groups (
    name TEXT NOT NULL PRIMARY KEY COLLATE NOCASE,
    last INTEGER NOT NULL
  ) WITHOUT ROWID;
  CREATE TABLE model_deployments (
    "group" TEXT NOT NULL COLLATE NOCASE,
    revision INTEGER NOT NULL,
    model TEXT NOT NULL COLLATE NOCASE,
    version INTEGER NOT NULL,
    -- JSON.
    runtime TEXT NOT NULL,
    created REAL NOT NULL,
    PRIMARY KEY ("group", revision)
  ) WITHOUT ROWID;
  -- How often deployments changed: one row.
  CREATE TABLE model_changes (count INTEGER NOT NULL);
  INSERT INTO model_changes VALUES (0);

  -- Folders that a process needs although no version does.
  CREATE TABLE held_folders (
    folder TEXT NOT NULL,
    holder TEXT NOT NULL,
    process INTEGER NOT NULL,
    process_instance TEXT,
    PRIMARY KEY (folder, holder)
  ) WITHOUT ROWID;
  `,
  `
  -- Also of groups that are not deployed any more: numbers of revisions are not used twice.
  CREATE TABLE scaling_groups (
    name TEXT NOT NULL PRIMARY KEY COLLATE NOCASE,
    last INTEGER NOT NULL
  ) WITHOUT ROWID;
  CREATE TABLE group_revisions (
    "group" TEXT NOT NULL COLLATE NOCASE,
    revision INTEGER NOT NULL,
    -- JSON.
    spec TEXT NOT NULL,
    digest TEXT,
    created REAL NOT NULL,
    -- Greater than that of every revision that got all calls of the group before.
    completed REAL,
    PRIMARY KEY ("group", revision)
  ) WITHOUT ROWID;
  CREATE TABLE group_rollouts (
    "group" TEXT NOT NULL PRIMARY KEY COLLATE NOCASE,
    revision INTEGER NOT NULL,
    share INTEGER NOT NULL,
    previous INTEGER,
    changed REAL NOT NULL
  ) WITHOUT ROWID;
  -- How often rollouts changed: one row.
  CREATE TABLE group_changes (count INTEGER NOT NULL);
  INSERT INTO group_changes VALUES (0);

  -- What processes tell of the replicas that they hold.
  CREATE TABLE group_replicas (
    owner TEXT NOT NULL,
    "group" TEXT NOT NULL COLLATE NOCASE,
    revision INTEGER NOT NULL,
    id TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    pid INTEGER,
    state TEXT NOT NULL,
    in_flight INTEGER NOT NULL,
    started REAL NOT NULL,
    restarts INTEGER NOT NULL,
    log TEXT,
    updated REAL NOT NULL,
    process INTEGER NOT NULL,
    process_instance TEXT,
    PRIMARY KEY (owner, "group", revision, id)
  ) WITHOUT ROWID;
  `,
]

/** Stands in the file's header, so that nobody else's database is taken for one of ours: 'Call'. */
const applicationId = 0x43616c6c

/** Changes nothing in a file that is not ours. May be called again when the file was busy. */
export function prepareSchema(database: Libsql.Database, path: string): void {
  if (checkVersion(database, path) === 0) database.exec('PRAGMA auto_vacuum = INCREMENTAL')
  new Statement(database, 'PRAGMA journal_mode = WAL').get()
  // What is committed survives the end of the process; an end of the machine may undo the last commits, and never half of one.
  database.exec(`
    PRAGMA synchronous = NORMAL;
    PRAGMA wal_autocheckpoint = 8192;
    PRAGMA journal_size_limit = 33554432;
    PRAGMA cache_size = -16384`)
  migrate(database, path)
}

function migrate(database: Libsql.Database, path: string): void {
  if (checkVersion(database, path) === migrations.length) return
  database.exec('BEGIN IMMEDIATE')
  try {
    // Another process may have been first.
    for (const migration of migrations.slice(checkVersion(database, path))) database.exec(migration)
    database.exec(`PRAGMA application_id = ${applicationId}`)
    database.exec(`PRAGMA user_version = ${migrations.length}`)
    database.exec('COMMIT')
  } catch (error) {
    if (database.inTransaction) database.exec('ROLLBACK')
    throw error
  }
}

/** The version of the schema in the file, 0 for an empty one. */
function checkVersion(database: Libsql.Database, path: string): number {
  const version = readNumber(database, 'PRAGMA user_version')
  const application = readNumber(database, 'PRAGMA application_id')
  const tables = readNumber(database, 'SELECT count(*) FROM sqlite_schema')
  if (application === 0 && version === 0 && tables === 0) return 0
  if (application !== applicationId) {
    throw storeFailed(path, 'is a database of another program', 'give it another path')
  }
  if (version > migrations.length) {
    const versions = `its format is ${version}, and this one knows ${migrations.length}`
    throw storeFailed(path, `was written by a newer version of Callplane: ${versions}`, 'update Callplane')
  }
  return version
}

function readNumber(database: Libsql.Database, sql: string): number {
  return numberAt(new Statement(database, sql).get() ?? [], 0)
}
