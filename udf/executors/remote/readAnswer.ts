import type { Batch, ColumnData } from '../../../src/arrow/column.ts'
import { concatColumns } from '../../../src/arrow/columns.ts'
import { decodeColumn } from '../../../src/arrow/decode.ts'
import { decodePayload, type Payload } from '../../../src/arrow/ipcPayload.ts'
import type { DataType, Field, Schema } from '../../../src/base/dataType.ts'
import { messageOf } from '../../../src/base/errors.ts'
import { EVENTS_COLUMN, ROW_ERRORS_COLUMN } from '../../../src/protocol/callContext.ts'
import type { CallObserver } from '../../callEvents.ts'
import type { CallResult, RowFailure } from '../../executor.ts'
import { columnOfType } from './answerColumn.ts'
import { readEvent } from './remoteEvents.ts'
import { invalidAnswer, type RemotePlace } from './remotePlace.ts'
import { readRowFailures } from './rowFailures.ts'

const RESULT_COLUMN = 'result'
/** Rows that any body may claim to have: those of events are counted by nobody. */
const BODY_ROWS_MIN = 100_000
const textType: DataType = { kind: 'varchar' }

/** Who answers what. */
export interface AnsweredCall extends RemotePlace {
  readonly endpoint: string
  /** Of what the handler gives: for a call that is answered item by item, the type of an item. */
  readonly type: DataType
  readonly observer: CallObserver
}

/** One body of an answer: results of so many rows, or what the handler reported. */
export interface AnswerPart {
  readonly column: ColumnData
  /** By ascending row of the part. */
  readonly failures: readonly RowFailure[]
}

/** The results of all rows that were sent. Fails with REMOTE_RESULT_INVALID for an answer that is not of them. */
export async function readAnswer(bodies: AsyncIterable<Uint8Array>, call: AnsweredCall): Promise<CallResult> {
  const columns: ColumnData[] = []
  const failures: RowFailure[] = []
  let rows = 0
  const refuseRows = (): never => {
    throw invalidAnswer(call, call.endpoint, `${rows} ${rows === 1 ? 'row' : 'rows'} for ${call.rows}`)
  }
  for await (const body of bodies) {
    const part = readBody(body, call)
    if (part === null) continue
    for (const { row, error } of part.failures) failures.push({ row: rows + row, error })
    rows += part.column.length
    if (rows > call.rows) refuseRows()
    columns.push(part.column)
  }
  if (rows < call.rows) refuseRows()
  const [only] = columns
  return { column: columns.length === 1 ? only! : concatColumns(call.type, columns), failures }
}

/** Null for a body of events, which the observer was told of. */
export function readBody(body: Uint8Array, call: AnsweredCall): AnswerPart | null {
  const { endpoint, type } = call
  const refuse = (problem: string, cause?: unknown): never => {
    throw invalidAnswer(call, endpoint, problem, cause)
  }
  const { fields, batches } = decoded(body, call.rows, refuse)
  if (fields.length === 1 && fields[0]?.name === EVENTS_COLUMN) {
    tellEvents(fields[0], batches, call)
    return null
  }
  const at = resultIndex(fields, refuse)
  const columns = batches.map((batch) =>
    columnOfType(type, { type: fields[at]!.type, column: batch.columns[at]! }, refuse),
  )
  const [only] = columns
  const column = columns.length === 1 ? only! : concatColumns(type, columns)
  const errorsAt = fields.findIndex(({ name }) => name === ROW_ERRORS_COLUMN)
  if (errorsAt < 0) return { column, failures: [] }
  const errors = batches.flatMap((batch) => [...textsOf(fields[errorsAt]!, batch.columns[errorsAt]!, refuse)])
  return { column, failures: readRowFailures(errors, call) }
}

type Refuse = (problem: string, cause?: unknown) => never

function decoded(body: Uint8Array, rows: number, refuse: Refuse): Payload {
  try {
    return decodePayload(null, body, { maxRows: Math.max(2 * rows, BODY_ROWS_MIN) })
  } catch (error) {
    return refuse(`malformed Arrow data (${messageOf(error)})`, error)
  }
}

/** The column `result`, or the only one that there is. */
function resultIndex(fields: Schema, refuse: Refuse): number {
  const named = fields.findIndex(({ name }) => name === RESULT_COLUMN)
  if (named >= 0) return named
  const own = fields.filter(({ name }) => name !== ROW_ERRORS_COLUMN)
  if (own.length === 1) return fields.indexOf(own[0]!)
  const names = own.map(({ name }) => `'${name}'`).join(', ')
  return refuse(`${own.length === 0 ? 'no column' : `columns ${names}`} instead of '${RESULT_COLUMN}'`)
}

function textsOf(field: Field, column: ColumnData, refuse: Refuse): ArrayLike<unknown> & Iterable<unknown> {
  if (field.type.kind !== 'varchar') refuse(`a column '${field.name}' that is no text`)
  return decodeColumn(textType, column)
}

function tellEvents(field: Field, batches: readonly Batch[], call: AnsweredCall): void {
  const { signature, observer, endpoint } = call
  const refuse = (problem: string): never => {
    throw invalidAnswer(call, endpoint, problem)
  }
  for (const { columns } of batches) {
    for (const text of textsOf(field, columns[0]!, refuse)) {
      const event = typeof text === 'string' ? readEvent(text) : null
      if (event !== null) observer({ function: signature.name, version: signature.version }, event)
    }
  }
}
