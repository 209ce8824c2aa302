import type { RecordBatch, Table } from 'apache-arrow'
import type { Schema } from '../src/base/dataType.ts'
import { EngineError } from '../src/base/errors.ts'
import { aggregate, limit } from '../src/plan/factories.ts'
import type { LogicalPlan } from '../src/plan/plan.ts'
import { defaultRunner } from './defaultRunner.ts'
import { formatRelation } from './formatRelation.ts'
import { callToExpr, functionCall } from './functionCall.ts'
import type { PlanRunner, QueryResult, RunOptions } from './planRunner.ts'
import type { Relation } from './relation.ts'
import { resolveRelation } from './resolveRelation.ts'
import { rowCount } from './verbArguments.ts'
import { type FormatOptions, type WriteOptions, writeRequest, writeRunOptions } from './writeRequest.ts'

const defaultShownRows = 20
const widthWithoutTerminal = 160
/** What console.log calls. */
const inspectCustom: unique symbol = Symbol.for('nodejs.util.inspect.custom')

/** What runs the plan of a DataFrame. Each call runs it anew; only what `collect` answers keeps the rows. */
export abstract class Actions<S> implements AsyncIterable<RecordBatch> {
  /** What has been built so far. */
  readonly relation: Relation
  /** The session that it belongs to; null for the default one. */
  readonly runner: PlanRunner | null

  constructor(relation: Relation, runner: PlanRunner | null) {
    this.relation = Object.freeze(relation)
    this.runner = runner
  }

  /** Runs to the end and keeps the rows; the result may be read several times. */
  async collect(options: RunOptions = {}): Promise<QueryResult<S>> {
    const { plan, runner } = await this.#planned()
    return runner.collect(plan, options)
  }

  /** An object a row. */
  async toRows(options: RunOptions = {}): Promise<S[]> {
    return (await this.#run(options)).toRows()
  }

  async toArrow(options: RunOptions = {}): Promise<Table> {
    return (await this.#run(options)).toArrow()
  }

  /** Record batches while they are computed; leaving the loop ends the query. */
  async *stream(options: RunOptions = {}): AsyncGenerator<RecordBatch, void, undefined> {
    const result = await this.#run(options)
    try {
      yield* result
    } finally {
      await result.close()
    }
  }

  /** As {@link Actions.stream}. */
  [Symbol.asyncIterator](): AsyncGenerator<RecordBatch, void, undefined> {
    return this.stream()
  }

  /** The number of rows. */
  async count(options: RunOptions = {}): Promise<number> {
    const { plan, runner } = await this.#planned()
    const counting = aggregate(plan, [], [{ name: 'rows', expr: callToExpr(functionCall('count', [])) }])
    const result = await runner.run<{ rows: bigint }>(counting, options)
    const [row] = await result.toRows()
    return Number(row?.rows)
  }

  /** Prints the first rows as a table as wide as the terminal, and answers its text. */
  async show(rows = defaultShownRows, options: RunOptions = {}): Promise<string> {
    const wanted = rowCount(rows, 'show')
    const { plan, runner } = await this.#planned()
    const result = await runner.run<Record<string, unknown>>(limit(plan, wanted + 1), options)
    const found = await result.toRows()
    const width = process.stdout.isTTY ? process.stdout.columns : widthWithoutTerminal
    const { formatTable } = await import('./formatTable.ts')
    const text = formatTable(result.columns, found.slice(0, wanted), {
      width,
      footer: found.length > wanted ? `the first ${counted(wanted)}` : counted(found.length),
    })
    process.stdout.write(`${text}\n`)
    return text
  }

  /** Writes a file, or a directory of parts if the path ends in `/` or rows are partitioned; answers the number of rows. */
  async write(path: string, options: WriteOptions = {}): Promise<number> {
    return this.#write(path, options, 'write')
  }

  /** Parquet with zstd, unless `compression` says otherwise. */
  async writeParquet(path: string, options: FormatOptions = {}): Promise<number> {
    return this.#write(path, { ...options, format: 'parquet' }, 'writeParquet')
  }

  async writeCsv(path: string, options: FormatOptions = {}): Promise<number> {
    return this.#write(path, { ...options, format: 'csv' }, 'writeCsv')
  }

  /** A list of objects in a file that ends in `.json`, else an object a line. */
  async writeJson(path: string, options: FormatOptions = {}): Promise<number> {
    return this.#write(path, { ...options, format: 'json' }, 'writeJson')
  }

  /** Arrow's file format. */
  async writeArrow(path: string, options: FormatOptions = {}): Promise<number> {
    return this.#write(path, { ...options, format: 'arrow' }, 'writeArrow')
  }

  /** The optimized plan with the route of each call; with `analyze` the query is run, and what it did is shown too. */
  async explain(options: { readonly analyze?: boolean } = {}): Promise<string> {
    const { plan, runner } = await this.#planned()
    return runner.explain(plan, { analyze: options.analyze ?? false })
  }

  /** The columns in DuckDB's types; nothing is run. */
  async schema(): Promise<Schema> {
    const { plan, runner } = await this.#planned()
    return runner.describe(plan)
  }

  /** The plan as it has been built, without reading anything. */
  toString(): string {
    return formatRelation(this.relation)
  }

  [inspectCustom](): string {
    return `DataFrame\n${this.toString()}`
  }

  /** One of the default session goes along with one of another; those of two sessions cannot be combined. */
  protected sharedRunner(other: { readonly runner: PlanRunner | null }, verb: string): PlanRunner | null {
    if (this.runner !== null && other.runner !== null && this.runner !== other.runner) {
      throw new EngineError('WRONG_ARGUMENTS', `${verb}: the two DataFrames belong to different sessions`)
    }
    return this.runner ?? other.runner
  }

  async #planned(): Promise<{ readonly plan: LogicalPlan; readonly runner: PlanRunner }> {
    const runner = this.runner ?? (await defaultRunner())
    return { plan: await resolveRelation(this.relation, runner), runner }
  }

  async #run(options: RunOptions): Promise<QueryResult<S>> {
    const { plan, runner } = await this.#planned()
    return runner.run(plan, options)
  }

  async #write(path: string, options: WriteOptions, verb: string): Promise<number> {
    const request = writeRequest(path, options, verb)
    const { plan, runner } = await this.#planned()
    return runner.write(plan, request, writeRunOptions(options, verb))
  }
}

function counted(rows: number): string {
  return `${rows.toLocaleString('en')} ${rows === 1 ? 'row' : 'rows'}`
}
