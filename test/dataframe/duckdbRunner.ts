import { type DuckDBConnection, DuckDBInstance, type JS } from '@duckdb/node-api'
import type { PlanRunner, QueryResult, WriteRequest } from '../../dataframe/planRunner.ts'
import { analyze } from '../../src/analyze/analyze.ts'
import type { Schema } from '../../src/base/dataType.ts'
import { formatType } from '../../src/base/formatType.ts'
import { parseType } from '../../src/base/parseType.ts'
import type { Expr } from '../../src/expr/expr.ts'
import { column, sql } from '../../src/expr/factories.ts'
import { quoteIdentifier } from '../../src/expr/render.ts'
import { opaque } from '../../src/plan/factories.ts'
import type { LogicalPlan, MemorySource } from '../../src/plan/plan.ts'
import { formatPlan } from '../../src/plan/print.ts'
import { renderPlan } from '../../src/plan/render.ts'

function unsupported(): never {
  throw new Error('rows are enough here')
}

const relationFor = ({ id }: MemorySource): string => id

export type Rows = Record<string, JS>[]

/** Runs plans as SQL in a DuckDB of its own: what a session does, without calls and stages. */
export class DuckDBRunner implements PlanRunner {
  /** What was asked for, in order, as `run`, `describe memos`, …. */
  readonly log: string[] = []
  readonly writes: WriteRequest[] = []
  readonly #connection: DuckDBConnection
  readonly #tables = new WeakMap<object, string>()
  #made = 0

  private constructor(connection: DuckDBConnection) {
    this.#connection = connection
  }

  static async open(): Promise<DuckDBRunner> {
    const instance = await DuckDBInstance.create(':memory:')
    return new DuckDBRunner(await instance.connect())
  }

  async query(text: string): Promise<Rows> {
    return (await this.#connection.runAndReadAll(text)).getRowObjectsJS()
  }

  async run<Row>(plan: LogicalPlan): Promise<QueryResult<Row>> {
    this.log.push('run')
    const rows = await this.query(await this.#text(plan))
    return {
      columns: await this.#describe(await this.#text(plan)),
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the test that asks knows its rows
      toRows: async () => rows as Row[],
      toArrow: unsupported,
      close: async () => {},
      get schema() {
        return unsupported()
      },
      async *[Symbol.asyncIterator]() {},
    }
  }

  async collect<Row>(plan: LogicalPlan): Promise<QueryResult<Row>> {
    return this.run(plan)
  }

  async write(plan: LogicalPlan, request: WriteRequest): Promise<number> {
    this.writes.push(request)
    return (await this.query(await this.#text(plan))).length
  }

  async explain(plan: LogicalPlan): Promise<string> {
    return formatPlan(plan)
  }

  async describe(plan: LogicalPlan): Promise<Schema> {
    this.log.push(`describe ${plan.kind}`)
    return this.#describe(await this.#text(plan))
  }

  async planSql(text: string): Promise<LogicalPlan> {
    return opaque([text], [])
  }

  /** Names in the text stay text; holes are columns with names that no text has. */
  async parseExpression(text: string): Promise<Expr> {
    this.log.push(`parse ${text}`)
    const pieces = text.split(/"(callplane hole \d+)"/)
    const parts = pieces.filter((_, index) => index % 2 === 0)
    const holes = pieces.filter((_, index) => index % 2 === 1)
    return sql(parts, holes.map(column), { scope: 'query' })
  }

  async memorySource(
    content: Parameters<PlanRunner['memorySource']>[0],
  ): Promise<{ kind: 'memory'; id: string }> {
    if (content.kind !== 'rows') throw new Error('rows are enough here')
    const id = this.#tables.get(content) ?? `rows_${this.#made++}`
    if (!this.#tables.has(content)) {
      this.#tables.set(content, id)
      const types = content.schema?.map(({ name, type }) => `${quoteIdentifier(name)} ${formatType(type)}`)
      const json = JSON.stringify(content.rows).replaceAll("'", "''")
      const shape =
        types === undefined
          ? `json_structure('${json}')`
          : `'[{${content.schema?.map(({ name, type }) => `"${name}": "${formatType(type)}"`).join(', ')}}]'`
      await this.query(
        `CREATE TABLE ${id} AS SELECT unnest(from_json('${json}', ${shape}), recursive := true)`,
      )
    }
    return { kind: 'memory', id }
  }

  async #text(plan: LogicalPlan): Promise<string> {
    const analyzed = await analyze(plan, {
      catalog: { functions: new Map() },
      describe: async (text) => this.#describe(text),
      relationFor,
    })
    return renderPlan(analyzed.plan, { relationFor })
  }

  async #describe(text: string): Promise<Schema> {
    const columns = await this.query(`DESCRIBE ${text}`)
    return columns.map(({ column_name: name, column_type: type }) => {
      if (typeof name !== 'string' || typeof type !== 'string') throw new Error('DESCRIBE answers with text')
      return { name, type: parseType(type) }
    })
  }
}
