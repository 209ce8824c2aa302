import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { createSnapshot } from '../../catalog/catalog.ts'
import type { CatalogSnapshot, FunctionSignature } from '../../catalog/function.ts'
import { defaultPolicies } from '../../catalog/policy/policies.ts'
import { errorType } from '../../catalog/policy/tryType.ts'
import { type Binder, type FunctionRow, functionsQuery } from '../../sql/binder.ts'
import { EngineError, messageOf } from '../../src/base/errors.ts'
import { formatType } from '../../src/base/formatType.ts'
import { parseType } from '../../src/base/parseType.ts'

/** The planner's view of a DuckDB in this thread, counting what it is asked. */
export interface TestBinder extends Binder {
  readonly asked: { serialize: number; deserialize: number; describe: number }
}

export function duckdbBinder(connection: DuckDBConnection): TestBinder {
  let functions: Promise<readonly FunctionRow[]> | null = null
  const asked = { serialize: 0, deserialize: 0, describe: 0 }
  const one = async (sql: string, value: string): Promise<string> => {
    const reader = await connection.runAndReadAll(sql, [value])
    return String(reader.getRows()[0]?.[0])
  }
  return {
    asked,
    serialize: async (select) => {
      asked.serialize++
      return one('SELECT json_serialize_sql($1::VARCHAR)', select)
    },
    deserialize: async (trees) => {
      asked.deserialize++
      return Promise.all(trees.map(async (tree) => one('SELECT json_deserialize_sql($1::JSON)', tree)))
    },
    describe: async (sql) => {
      asked.describe++
      try {
        const reader = await connection.runAndReadAll(`DESCRIBE ${sql}`)
        return reader
          .getRowObjectsJson()
          .map((row) => ({ name: textOf(row['column_name']), type: parseType(textOf(row['column_type'])) }))
      } catch (error) {
        throw new EngineError('SQL_INVALID', messageOf(error), {}, error)
      }
    },
    countStatements: async (text) => {
      try {
        return (await connection.extractStatements(text)).count
      } catch (error) {
        throw new EngineError('SQL_INVALID', messageOf(error), {}, error)
      }
    },
    functions: async () => (functions ??= readFunctions(connection)),
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

async function readFunctions(connection: DuckDBConnection): Promise<readonly FunctionRow[]> {
  const reader = await connection.runAndReadAll(functionsQuery)
  return reader.getRowObjectsJson().map((row) => ({
    name: textOf(row['name']),
    schema: textOf(row['schema']),
    kind: row['kind'] === 'macro' ? 'macro' : row['kind'] === 'aggregate' ? 'aggregate' : 'scalar',
    volatile: row['volatile'] === true,
    definition: row['definition'] === null ? null : textOf(row['definition']),
  }))
}

export function signature(
  name: string,
  inputs: readonly (readonly [string, string])[],
  output: string,
  volatility: FunctionSignature['volatility'] = 'immutable',
): FunctionSignature {
  return {
    name,
    version: 1,
    description: null,
    inputs: inputs.map(([input, type]) => ({ name: input, type: parseType(type) })),
    output: parseType(output),
    style: 'row',
    volatility,
    nullHandling: 'call',
    batching: null,
    policies: defaultPolicies,
    async: false,
    stateful: false,
    streams: false,
    secrets: [],
    module: null,
    model: null,
    remote: null,
    executor: 'main',
    memoryLimit: null,
    costPerRow: null,
    selectivity: null,
  }
}

export function catalogOf(...signatures: readonly FunctionSignature[]): CatalogSnapshot {
  return createSnapshot(signatures.map((own) => ({ signature: own })))
}

/** Functions that give back what they get; in DuckDB they are macros. */
export const identities: CatalogSnapshot = catalogOf(
  signature('id_int', [['value', 'BIGINT']], 'BIGINT'),
  signature('id_text', [['value', 'VARCHAR']], 'VARCHAR'),
  signature('id_bool', [['value', 'BOOLEAN']], 'BOOLEAN'),
  signature('id_double', [['value', 'DOUBLE']], 'DOUBLE'),
  signature('id_ints', [['value', 'BIGINT[]']], 'BIGINT[]'),
  signature('id_struct', [['value', 'STRUCT(a BIGINT, b VARCHAR)']], 'STRUCT(a BIGINT, b VARCHAR)'),
  signature(
    'add_up',
    [
      ['left', 'BIGINT'],
      ['right', 'BIGINT'],
    ],
    'BIGINT',
  ),
  signature('text.shout', [['text', 'VARCHAR']], 'VARCHAR'),
)

const error = formatType(errorType)

export const macros = `
CREATE MACRO id_int(x) AS CAST(x AS BIGINT), (x, metadata, options) AS CAST(x AS BIGINT);
CREATE MACRO id_text(x) AS CAST(x AS VARCHAR), (x, metadata, options) AS CAST(x AS VARCHAR);
CREATE MACRO "id_int@try"(x, metadata, options) AS struct_pack(value := CAST(x AS BIGINT), error := CAST(NULL AS ${error}));
CREATE MACRO "id_text@try"(x, metadata, options) AS struct_pack(value := CAST(x AS VARCHAR), error := CAST(NULL AS ${error}));
CREATE MACRO id_bool(x) AS CAST(x AS BOOLEAN);
CREATE MACRO id_double(x) AS CAST(x AS DOUBLE);
CREATE MACRO id_ints(x) AS CAST(x AS BIGINT[]);
CREATE MACRO id_struct(x) AS CAST(x AS STRUCT(a BIGINT, b VARCHAR));
CREATE MACRO add_up(x, y) AS CAST(x + y AS BIGINT);
CREATE MACRO "text.shout"(x) AS upper(x);`

export const tables = `
CREATE TABLE t AS SELECT i AS id, (i * 7) % 5 AS k, CASE WHEN i % 4 = 0 THEN NULL ELSE i * 10 END AS amount,
  'memo ' || chr(CAST(97 + i % 6 AS INTEGER)) AS memo, [i, i + 1, NULL] AS xs, {'a': i, 'b': 's' || i} AS st,
  (i % 3)::DOUBLE / 2 AS score, i % 2 = 0 AS even, DATE '2024-01-01' + CAST(i AS INTEGER) AS day FROM range(24) r(i);
CREATE TABLE u AS SELECT i AS id, i % 3 AS k, 'label ' || i AS label FROM range(9) r(i);
CREATE TABLE v AS SELECT i AS id, i * 2 AS twice FROM range(3, 15) r(i);
CREATE VIEW big AS SELECT id, memo FROM t WHERE id > 10;
CREATE MACRO plus_one(x) AS x + 1;
CREATE MACRO total(x) AS sum(x) + 0;
CREATE MACRO pairs(n) AS TABLE SELECT i AS a, i * i AS b FROM range(n) r(i);`

export interface TestDatabase {
  readonly connection: DuckDBConnection
  readonly binder: TestBinder
  close(): void
}

/** A database with tables of every shape and the macros behind {@link identities}. */
export async function openTestDatabase(): Promise<TestDatabase> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' })
  const connection = await instance.connect()
  await connection.run(`${macros}${tables}`)
  const close = (): void => {
    connection.closeSync()
    instance.closeSync()
  }
  return { connection, binder: duckdbBinder(connection), close }
}
