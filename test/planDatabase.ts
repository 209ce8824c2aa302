import {
  BIGINT,
  BOOLEAN,
  type DuckDBConnection,
  DuckDBInstance,
  DuckDBScalarFunction,
  type DuckDBType,
  VARCHAR,
} from '@duckdb/node-api'
import { expect } from 'vitest'
import type { CatalogSnapshot, FunctionSignature } from '../catalog/function.ts'
import { defaultPolicies } from '../catalog/policy/policies.ts'
import type { Schema } from '../src/base/dataType.ts'
import { parseType } from '../src/base/parseType.ts'
import { mapPlanInputs, planInputs } from '../src/plan/children.ts'
import { outputColumns } from '../src/plan/columns.ts'
import { scan } from '../src/plan/factories.ts'
import type { LogicalPlan, ScanPlan } from '../src/plan/plan.ts'
import { renderPlan } from '../src/plan/render.ts'

export type Value = bigint | string | boolean | null

export interface StubFunction {
  readonly name: string
  readonly inputs: readonly ('BIGINT' | 'VARCHAR' | 'BOOLEAN')[]
  readonly output: 'BIGINT' | 'VARCHAR' | 'BOOLEAN'
  readonly compute: (...args: Value[]) => Value
  readonly signature?: Partial<FunctionSignature>
}

const sqlTypes: Readonly<Record<StubFunction['output'], DuckDBType>> = { BIGINT, VARCHAR, BOOLEAN }

/** A value as stubs take it. */
export function toValue(value: unknown): Value {
  if (typeof value === 'bigint' || typeof value === 'string' || typeof value === 'boolean') return value
  if (value === null) return null
  throw new Error(`a stub got ${typeof value}`)
}

function toText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

export function signatureOf({ name, inputs, output, signature }: StubFunction): FunctionSignature {
  return {
    name,
    version: 1,
    description: null,
    inputs: inputs.map((type, index) => ({ name: `arg${index}`, type: parseType(type) })),
    output: parseType(output),
    style: 'row',
    volatility: 'immutable',
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
    executor: 'pool',
    memoryLimit: null,
    costPerRow: null,
    selectivity: null,
    ...signature,
  }
}

export function catalogOf(functions: readonly StubFunction[]): CatalogSnapshot {
  return { functions: new Map(functions.map((stub) => [stub.name, signatureOf(stub)])) }
}

export type Rows = readonly (readonly unknown[])[]

/** A DuckDB with stub functions that count the rows for which they are called. */
export class PlanDatabase {
  readonly #connection: DuckDBConnection
  readonly #calls: unknown[][] = []
  #tables = 0

  private constructor(connection: DuckDBConnection) {
    this.#connection = connection
  }

  static async open(functions: readonly StubFunction[], setup: readonly string[]): Promise<PlanDatabase> {
    const instance = await DuckDBInstance.create(':memory:', { threads: '1' })
    const database = new PlanDatabase(await instance.connect())
    for (const stub of functions) {
      for (const placed of [false, true]) database.#register(stub, placed)
    }
    for (const statement of setup) await database.#connection.run(statement)
    return database
  }

  #register({ name, inputs, output, compute, signature }: StubFunction, placed: boolean): void {
    this.#connection.registerScalarFunction(
      DuckDBScalarFunction.create({
        name: placed ? placedName(name) : name,
        parameterTypes: inputs.map((type) => sqlTypes[type]),
        returnType: sqlTypes[output],
        specialHandling: true,
        volatile: placed || signature?.volatility === 'volatile',
        mainFunction: (_info, input, result) => {
          for (let row = 0; row < input.rowCount; row++) {
            const args = inputs.map((_, index) => toValue(input.getColumnVector(index).getItem(row)))
            this.#calls.push([name, ...args])
            result.setItem(row, compute(...args))
          }
          result.flush()
        },
      }),
    )
  }

  async rows(sql: string): Promise<Rows> {
    this.#calls.length = 0
    return (await this.#connection.runAndReadAll(sql)).getRowsJson()
  }

  async run(plan: LogicalPlan): Promise<Rows> {
    return this.rows(renderForTest(plan))
  }

  /** The names and arguments of the calls that the last statement made, in order. */
  get calls(): readonly (readonly unknown[])[] {
    return [...this.#calls]
  }

  async schema(sql: string): Promise<Schema> {
    const result = await this.#connection.runAndReadAll(`DESCRIBE ${sql}`)
    return result.getRowsJson().map((row) => ({ name: toText(row[0]), type: parseType(toText(row[1])) }))
  }

  /** Names and types of the columns of a table, as a scan. */
  async table(name: string): Promise<ScanPlan> {
    return scan({ kind: 'table', name: [name] }, await this.schema(`SELECT * FROM "${name}"`))
  }

  /** Binds a query without running it. */
  async bind(sql: string): Promise<void> {
    await this.#connection.run(`EXPLAIN ${sql}`)
  }

  /** What a plan yields if every operator is a statement of its own, so that nothing is rearranged between two. */
  async stepByStep(plan: LogicalPlan): Promise<Rows> {
    const over = async (node: LogicalPlan): Promise<LogicalPlan> => {
      const inputs = new Map<LogicalPlan, LogicalPlan>()
      for (const input of planInputs(node)) {
        const below = await over(input)
        const name = `step_${++this.#tables}`
        await this.#connection.run(`CREATE TEMP TABLE "${name}" AS ${renderForTest(below)}`)
        inputs.set(input, await this.table(name))
      }
      return mapPlanInputs(node, (input) => inputs.get(input)!)
    }
    return this.run(await over(plan))
  }
}

export function placedName(name: string): string {
  return `${name}@placed`
}

export function renderForTest(plan: LogicalPlan): string {
  return renderPlan(plan, { callName: placedName })
}

/** Rows as a set, for plans that promise no order. */
export function sorted(rows: Rows): readonly string[] {
  return rows.map((row) => JSON.stringify(row)).toSorted()
}

/** The SQL of a plan, after DuckDB has bound it; and its columns are those that the plan says. */
export async function validSql(database: PlanDatabase, plan: LogicalPlan): Promise<string> {
  const sql = renderForTest(plan)
  await database.bind(sql)
  const columns = outputColumns(plan)
  if (columns !== null) expect((await database.schema(sql)).map(({ name }) => name)).toEqual(columns)
  return sql
}
