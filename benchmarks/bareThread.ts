import { parentPort, workerData } from 'node:worker_threads'
import { extractEntities } from './workloads/extractEntities.ts'

const texts: readonly (string | null)[] = workerData

parentPort?.on('message', (rows: number) => parentPort?.postMessage(lengthOf(rows)))
parentPort?.postMessage('ready')

function lengthOf(rows: number): number {
  let length = 0
  for (let row = 0; row < rows; row++) {
    const text = texts[row % texts.length]
    if (typeof text === 'string') length += extractEntities(text).length
  }
  return length
}
