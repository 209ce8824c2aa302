import { EngineError, type ErrorDetails } from '../../src/base/errors.ts'

/** The same error with other words before its hint, and with more details. */
export function amendError(
  error: EngineError,
  reword: (message: string) => string,
  details: ErrorDetails,
): EngineError {
  const { hint } = error.details
  const message = hint === undefined ? error.message : error.message.slice(0, -(hint.length + 3))
  const amended = new EngineError(error.code, reword(message), { ...error.details, ...details }, error.cause)
  if (error.stack !== undefined) amended.stack = error.stack.replace(error.message, amended.message)
  return amended
}

/**
 * An error of a batch that was made of some rows of another one, as the error of that other batch: `rows` are the places of the
 * rows there, `batchRows` is how many it has. What a single row failed with is told of that row.
 */
export function errorInWhole(error: EngineError, rows: Int32Array, batchRows: number): EngineError {
  const { batch, row, batchRows: partRows } = error.details
  const isAlone = row === undefined && rows.length === 1
  const place = (isAlone ? rows[0] : row === undefined ? null : rows[row]) ?? null
  if (place === null && partRows === undefined) return error
  const reword = (message: string): string => {
    const whole =
      partRows === undefined
        ? message
        : message.replace(`batch ${batch} of ${count(partRows)}`, `batch ${batch} of ${count(batchRows)}`)
    if (place === null) return whole
    if (!isAlone) return whole.replace(`, row ${row}`, `, row ${place}`)
    const ofBatch = `batch ${batch} of ${count(batchRows)}`
    return whole.replace(ofBatch, `${ofBatch}, row ${place}`)
  }
  return amendError(error, reword, { batchRows, ...(place === null ? {} : { row: place }) })
}

function count(rows: number): string {
  return `${rows} ${rows === 1 ? 'row' : 'rows'}`
}
