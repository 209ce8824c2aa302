import { parentPort, workerData } from 'node:worker_threads'
import { encodeError } from '../base/errors.ts'
import { fromDuckDBError } from '../duckdb/duckdbError.ts'
import { EngineHost } from '../duckdb/engineHost.ts'
import type { EngineThreadData, FromEngine, ToEngine } from '../duckdb/protocol.ts'
import { ThreadFunctions } from './threadFunctions.ts'

const { database, config, functions, wake, bridge } = workerData as EngineThreadData
const port = parentPort!
const wakeCounter = new Int32Array(wake)

try {
  await EngineHost.open(
    port,
    wakeCounter,
    { path: database, config },
    new ThreadFunctions(functions, bridge, wakeCounter),
  )
} catch (error) {
  // Every request is answered with what kept the database from opening.
  const encoded = encodeError(fromDuckDBError(error))
  port.on('message', (message: ToEngine) => {
    if ('id' in message) port.postMessage({ id: message.id, error: encoded } satisfies FromEngine)
  })
}
