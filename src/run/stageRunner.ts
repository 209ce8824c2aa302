import type { BatchStream } from '../arrow/batchStream.ts'
import { EngineError, isEngineError } from '../base/errors.ts'
import type { Engine } from '../duckdb/engine.ts'
import { placedName } from '../duckdb/scalarFunctions.ts'
import { quoteIdentifier } from '../expr/render.ts'
import { scan } from '../plan/factories.ts'
import type { LogicalPlan, MemorySource } from '../plan/plan.ts'
import { renderPlan } from '../plan/render.ts'
import type { CallStage, QueryStage, Stage, StageCall } from '../stage/stage.ts'
import type { AuxiliaryEngines } from './auxiliaryEngines.ts'
import { batchSizing, RESULT_BATCH_ROWS } from './batchSizing.ts'
import { CallStream, type CallStreamOptions } from './callStream.ts'
import type { SessionConnections } from './connections.ts'
import { FedStatement, type OpenInput } from './fedStatement.ts'
import type { InvokeCall } from './invokeCall.ts'
import { OwnedStream } from './ownedStream.ts'
import { PartReader } from './partReader.ts'
import { findParts, type PartUse } from './parts.ts'
import type { QueryRun } from './queryRun.ts'
import { ScratchTables } from './scratchTables.ts'
import { sleepingStatements } from './sleepingStatements.ts'

export interface RunnerOptions {
  readonly engine: Engine
  readonly connections: SessionConnections
  readonly auxiliaries: AuxiliaryEngines
  readonly scratch: ScratchTables
  readonly invoke: InvokeCall
  /** Calls of a site that may be in flight at once. */
  concurrencyOf(call: StageCall, query: QueryRun): number
  readonly openSource: CallStreamOptions['openSource']
  newRelation(): string
  /** Engines that share a partitioned scan. */
  readonly engines: number
  /** Rows of a file from which several engines are worth their start. */
  readonly minPartitionedRows: number
}

/** How the rows of a query stage are wanted: as they are, or handed to a statement around it such as COPY. */
export type WrapQuery = (query: string) => string

export const asRows: WrapQuery = (query) => query

export interface Wanted {
  readonly batchRows: number
  readonly wrap: WrapQuery
  /** Rows that are read while other statements run, or a statement that changes something and takes its turn. */
  readonly lease: 'result' | 'statement'
}

/** How the rows of a text are wanted, and how its calls are made. */
export type WantedText = Omit<Wanted, 'wrap'> & Pick<QueryStage, 'fused' | 'bridges'>

/** Runs stages: each becomes a stream of batches that its reader pulls. */
export class StageRunner {
  readonly #options: RunnerOptions

  constructor(options: RunnerOptions) {
    this.#options = options
  }

  newRelation(): string {
    return this.#options.newRelation()
  }

  async run(stage: Stage, query: QueryRun, batchRows: number = RESULT_BATCH_ROWS): Promise<BatchStream> {
    return stage.kind === 'call'
      ? this.#runCalls(stage, query)
      : this.runQuery(stage, query, { batchRows, wrap: asRows, lease: 'result' })
  }

  async #runCalls(stage: CallStage, query: QueryRun): Promise<BatchStream> {
    const { invoke, openSource } = this.#options
    const sizing = batchSizing(stage, query.catalog, (call) => this.#options.concurrencyOf(call, query))
    const input = await this.run(stage.input, query, sizing.batchRows)
    return new CallStream(input, stage, { invoke, openSource, query, ...sizing })
  }

  async runQuery(stage: QueryStage, query: QueryRun, want: Wanted): Promise<BatchStream> {
    if (stage.inputs.length === 0) return this.#runSource(stage, query, want)
    if (!stage.selfContained || this.#options.connections.isPinned) {
      const inputs = stage.inputs.map((input) => ({
        relation: input.relation,
        open: () => this.run(input.stage, query),
      }))
      return this.#runMaterialised(stage, inputs, query, want)
    }
    return this.#runBeside(stage, await this.#openInputs(stage, query), query, want)
  }

  async #openInputs(stage: QueryStage, query: QueryRun): Promise<readonly OpenInput[]> {
    const opened: OpenInput[] = []
    try {
      for (const { relation, stage: input } of stage.inputs)
        opened.push({ relation, stream: await this.run(input, query) })
      return opened
    } catch (error) {
      await closeAll(opened)
      throw error
    }
  }

  /** A statement over the session's own tables and files. */
  async #runSource(stage: QueryStage, query: QueryRun, want: Wanted): Promise<BatchStream> {
    const partitioned =
      want.wrap === asRows
        ? await this.runPartitioned(stage, query, { batchRows: want.batchRows, wrapPart: asRows })
        : null
    return partitioned ?? this.#runOnSession(stage, query, want)
  }

  async #runOnSession(
    stage: QueryStage,
    query: QueryRun,
    { batchRows, wrap, lease }: Wanted,
  ): Promise<BatchStream> {
    const sql = wrap(this.#render(stage.plan, (relation) => ScratchTables.qualifiedName(relation)))
    return this.runText(sql, query, { batchRows, lease, fused: stage.fused, bridges: stage.bridges })
  }

  /** A statement as DuckDB takes it, on the session's engine. */
  async runText(
    sql: string,
    query: QueryRun,
    { batchRows, lease: user, fused, bridges }: WantedText,
  ): Promise<BatchStream> {
    const { connections, engine } = this.#options
    const lease =
      user === 'result' ? await connections.leaseForResult(query) : await connections.leaseForStatement(query)
    try {
      const statement = { connection: lease.connection, sql, batchRows, inputs: [], fused, bridges }
      return new OwnedStream(await engine.start(statement, query), async () => lease.release())
    } catch (error) {
      lease.release()
      throw error
    }
  }

  /**
   * A statement whose inputs stream into an engine of its own, so that its callbacks may sleep until rows arrive. Where enough
   * statements sleep, its inputs are stored instead.
   */
  async #runBeside(
    stage: QueryStage,
    inputs: readonly OpenInput[],
    query: QueryRun,
    want: Wanted,
  ): Promise<BatchStream> {
    const { auxiliaries } = this.#options
    if (!sleepingStatements.tryAcquire()) return this.#runOnStored(stage, inputs, query, want)
    // A second thread of DuckDB would spin for as long as the first one sleeps.
    const auxiliary = await auxiliaries.lease(1, query).catch((error: unknown) => {
      sleepingStatements.release()
      throw error
    })
    const release = async (): Promise<void> => {
      sleepingStatements.release()
      await auxiliaries.release(auxiliary)
    }
    try {
      const { engine, connection } = auxiliary
      const sql = want.wrap(this.#render(stage.plan, (relation) => `${quoteIdentifier(relation)}()`))
      const statement = { connection, sql, batchRows: want.batchRows, fused: stage.fused }
      const running = await FedStatement.start(engine, statement, inputs, query)
      return new OwnedStream(running, release)
    } catch (error) {
      await release()
      // A macro or type of the session, which an engine beside it does not know; nothing has been read yet.
      if (isEngineError(error) && error.code === 'SQL_INVALID')
        return this.#runOnStored(stage, inputs, query, want)
      await closeAll(inputs)
      throw error
    }
  }

  async #runOnStored(
    stage: QueryStage,
    inputs: readonly OpenInput[],
    query: QueryRun,
    want: Wanted,
  ): Promise<BatchStream> {
    const left = new Set(inputs)
    const opened = inputs.map((input) => ({
      relation: input.relation,
      open: async () => {
        left.delete(input)
        return input.stream
      },
    }))
    try {
      return await this.#runMaterialised(stage, opened, query, want)
    } catch (error) {
      await closeAll([...left])
      throw error
    }
  }

  /** A statement that reads the session's tables as well as its inputs, which are stored first. */
  async #runMaterialised(
    stage: QueryStage,
    inputs: readonly { readonly relation: string; readonly open: () => Promise<BatchStream> }[],
    query: QueryRun,
    want: Wanted,
  ): Promise<BatchStream> {
    const { scratch } = this.#options
    const drop = async (): Promise<void> => {
      for (const { relation } of inputs) await scratch.drop(relation)
    }
    try {
      for (const { relation, open } of inputs) await scratch.fill(relation, await open())
      return new OwnedStream(await this.#runOnSession(stage, query, want), drop)
    } catch (error) {
      await drop()
      throw error
    }
  }

  /** Shares the rows of a scan between engines; null if the stage cannot be shared or is too small to gain from it. */
  async runPartitioned(
    stage: QueryStage,
    query: QueryRun,
    {
      batchRows,
      wrapPart,
    }: { readonly batchRows: number; readonly wrapPart: (query: string, part: number) => string },
  ): Promise<BatchStream | null> {
    const { partitioning } = stage
    if (partitioning === null || this.#options.engines < 2 || this.#options.connections.isPinned) return null
    const rowsUse = partitioning.combine === null ? 'streamed' : 'combined'
    const use: PartUse = wrapPart === asRows ? rowsUse : 'written'
    const parts = await findParts(partitioning.scan, use, this.#options)
    if (parts === null) return null
    const statements = parts.map((part, index) => ({
      sql: wrapPart(this.#render(partitioning.partPlan(part), noRelation), index),
      batchRows,
      fused: stage.fused,
    }))
    const reader = await PartReader.open(statements, { ...this.#options, query, use })
    if (partitioning.combine === null) return reader
    const relation = this.#options.newRelation()
    const plan = partitioning.combine(scan({ kind: 'memory', id: relation }, reader.schema))
    const combined: QueryStage = {
      kind: 'query',
      plan,
      inputs: [],
      selfContained: true,
      fused: stage.fused,
      bridges: stage.bridges,
      partitioning: null,
    }
    return this.#runBeside(combined, [{ relation, stream: reader }], query, {
      batchRows,
      wrap: asRows,
      lease: 'result',
    })
  }

  #render(plan: LogicalPlan, nameOf: (relation: string) => string): string {
    const relationFor = ({ id }: MemorySource): string => nameOf(id)
    return renderPlan(plan, { relationFor, callName: placedName, calls: 'made' })
  }
}

async function closeAll(inputs: readonly OpenInput[]): Promise<void> {
  await Promise.all(inputs.map(({ stream }) => stream.close()))
}

function noRelation(relation: string): never {
  throw new EngineError('INTERNAL', `a part of a scan reads the relation ${relation}`)
}
