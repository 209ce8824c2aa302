import type { FunctionSignature } from '../../../catalog/function.ts'
import { EngineError } from '../../../src/base/errors.ts'
import { sizeText } from '../../sizeText.ts'
import type { ChildExit } from './childProcess.ts'

/** The batch that a process ended with. */
export interface LostBatch {
  readonly signature: FunctionSignature
  readonly batch: number
  readonly batchRows: number
  /** Null if it is not known. */
  readonly row: number | null
  /** Items that it had yielded; null where it yields none. */
  readonly items: number | null
}

/** WORKER_LOST for a batch that was alone in its process. */
export function lostError(lost: LostBatch, exit: ChildExit): EngineError {
  const { signature, batch, batchRows, row, items } = lost
  const { name, version, memoryLimit } = signature
  const rows = `${batchRows} row${batchRows === 1 ? '' : 's'}`
  const place = `batch ${batch} of ${rows}${row === null ? '' : `, row ${row}`}`
  const hint = memoryHint(exit, memoryLimit)
  return new EngineError(
    'WORKER_LOST',
    `a process ended while function '${name}' (version ${version}) worked on ${place}: ${endOf(exit)}`,
    {
      function: name,
      version,
      batch,
      batchRows,
      ...(row === null ? {} : { row }),
      ...(items === null ? {} : { itemsYielded: items }),
      ...(hint === null ? {} : { hint }),
    },
  )
}

/** WORKER_LOST for a batch whose process did not come as far as to begin with it. */
export function notStartedError({ name, version }: FunctionSignature, exit: ChildExit): EngineError {
  const message = `no process could be started for function '${name}' (version ${version}): ${endOf(exit)}`
  return new EngineError('WORKER_LOST', message, { function: name, version })
}

function endOf({ code, signal, problem, memory, isHeapFull }: ChildExit): string {
  if (problem !== null) return problem
  if (memory !== null) return 'it took more memory than its limit'
  if (isHeapFull) return 'its heap was full'
  return signal === null ? `exit code ${code}` : `signal ${signal}`
}

function memoryHint({ memory, isHeapFull }: ChildExit, limit: number | null): string | null {
  if (memory !== null && limit !== null) {
    return `it took ${sizeText(memory)} where resources.memory allows ${sizeText(limit)}: allow more, or send it fewer rows at once`
  }
  if (!isHeapFull) return null
  return limit === null
    ? 'say how much it may have, resources: { memory: … }, or send it fewer rows at once'
    : `resources.memory allows ${sizeText(limit)}: allow more, or send it fewer rows at once`
}
