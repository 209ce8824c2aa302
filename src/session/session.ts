import type { CatalogSnapshot } from '../../catalog/function.ts'
import { DataFrame } from '../../dataframe/dataFrame.ts'
import type { PlanRunner } from '../../dataframe/planRunner.ts'
import type { DeclaredRow, DeclaredSchema } from '../../dataframe/rowTypes.ts'
import type { ScanOptions } from '../../dataframe/scanRelation.ts'
import type { Parameters } from '../../sql/parameters.ts'
import { EngineError } from '../base/errors.ts'
import type { Budget } from '../run/callBudget.ts'
import type { Progress } from '../run/queryRun.ts'
import type { Result } from './result.ts'
import type { SessionGroups } from './sessionGroups.ts'
import type { SessionModels } from './sessionModels.ts'
import type { SessionOptions } from './sessionOptions.ts'
import type { SessionParts } from './sessionParts.ts'
import type { SessionResources } from './sessionResources.ts'
import type { StatementService } from './statementService.ts'

export type { SessionOptions } from './sessionOptions.ts'

export interface QueryOptions {
  /** Cancels the query; what it holds is given back within a second. */
  readonly signal?: AbortSignal
  /** Is told how far the query is whenever a batch has been called. */
  readonly onProgress?: (progress: Progress) => void
  /** What calls may cost, in dollars or in number: the query stops before it would exceed that. */
  readonly budget?: Budget
}

export interface ExplainOptions extends QueryOptions {
  /** Runs the query and shows what it did; default false. */
  readonly analyze?: boolean
}

/** A catalog, a database, and the threads that work for them. Close it when it is no longer needed. */
export class Session {
  readonly #resources: SessionResources
  readonly #statements: StatementService
  readonly #runner: PlanRunner
  #closed: Promise<void> | null = null

  private constructor({ resources, statements, runner }: SessionParts) {
    this.#resources = resources
    this.#statements = statements
    this.#runner = runner
  }

  /** Loads the functions and opens the database; throws what is wrong with either. */
  static async open(options: SessionOptions = {}): Promise<Session> {
    // Modules of functions import this one too, and most of the places where functions run have no use for DuckDB.
    const { openParts } = await import('./sessionParts.ts')
    return new Session(await openParts(options))
  }

  /** What can be called now. */
  get catalog(): CatalogSnapshot {
    return this.#resources.catalog.current
  }

  /** Versions of models, and the groups that serve them as functions `model.<group>`. */
  get models(): SessionModels {
    this.#checkOpen()
    return this.#resources.models
  }

  /** Scaling groups that are deployed, and the replicas that this session keeps. */
  get groups(): SessionGroups {
    this.#checkOpen()
    return this.#resources.groups
  }

  /**
   * Runs one statement or several; the result is that of the last one. Tables, views and macros that a statement makes are
   * there for the next; INSERT, UPDATE, DELETE and COPY answer with `Count`.
   */
  async sql(text: string, parameters: Parameters = [], options: QueryOptions = {}): Promise<Result> {
    this.#checkOpen()
    return this.#statements.run(text, { ...options, parameters })
  }

  /**
   * Calls a function whose handler yields its results, and gives each as it comes: `for await (const item of
   * session.stream('words', text))`. The handler runs in this thread, or in a process where it is isolated, and is told to return
   * when the loop ends. Fails with what it throws, after the items that came before.
   */
  stream(functionName: string, ...args: readonly unknown[]): AsyncGenerator<unknown, void, undefined> {
    this.#checkOpen()
    const { calls, queries, catalog } = this.#resources
    return calls.stream(functionName, args, queries.open({ source: functionName }, catalog.current))
  }

  /** Files by paths or globs (parquet, CSV, JSON, Arrow) as a DataFrame of this session. */
  scan<const Declared extends DeclaredSchema>(
    paths: string | readonly string[],
    options: ScanOptions<Declared> & { readonly schema: Declared },
  ): DataFrame<DeclaredRow<Declared>>
  scan(paths: string | readonly string[], options?: ScanOptions): DataFrame
  scan(paths: string | readonly string[], options: ScanOptions = {}): DataFrame {
    return DataFrame.scan(paths, options, this.runner)
  }

  /** Runs DataFrames in this session: `DataFrame.fromRows(rows, schema, session.runner)`. */
  get runner(): PlanRunner {
    this.#checkOpen()
    return this.#runner
  }

  /** The plan of a query in text; with `analyze` it is run, and what it did is shown too. */
  async explain(text: string, options: ExplainOptions = {}): Promise<string> {
    this.#checkOpen()
    return this.#statements.explain(text, options.analyze ?? false, { ...options, parameters: [] })
  }

  /** Ends what is running and gives everything back; safe to call twice. */
  async close(): Promise<void> {
    this.#closed ??= this.#resources.close()
    await this.#closed
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #checkOpen(): void {
    if (this.#closed !== null)
      throw new EngineError('SESSION_CLOSED', 'this session is closed', {
        hint: 'open another with Session.open',
      })
  }
}
