import { parentPort, workerData } from 'node:worker_threads'
import { verifyVersion } from '../../../catalog/models/artifacts.ts'
import type { ModelBinding } from '../../../catalog/models/model.ts'
import { transferables } from '../../../src/arrow/column.ts'
import { Cancellation } from '../../../src/base/cancellation.ts'
import { encodeError } from '../../../src/base/errors.ts'
import { openPipeline } from './openPipeline.ts'
import type { Pipeline } from './pipeline.ts'
import { outputNames, probe } from './probe.ts'
import { RunLatch } from './runLatch.ts'
import { inspectGraph, type LoadedModel, loadModel } from './runtime.ts'
import type { BatchTask, ThreadData, ThreadOrder, ThreadReport } from './threadMessages.ts'

const { job, latch: memory }: ThreadData = workerData
const latch = new RunLatch(memory)
const cancellations = new Map<number, Cancellation>()
const wasCancelled = new Error('cancelled')
let turn: Promise<void> = Promise.resolve()

if (job.kind === 'serve') await serve(job.binding)
else await inspect(job.path)

async function inspect(path: string): Promise<void> {
  try {
    report({ kind: 'inspected', graph: await inspectGraph(path, latch) })
  } catch (thrown) {
    report({ kind: 'notLoaded', error: encodeError(thrown) })
  }
}

async function serve(binding: ModelBinding): Promise<void> {
  try {
    await verifyVersion(binding.version)
    const pipeline = await openPipeline(binding)
    const model = await loadModel({ ...binding, outputs: outputNames(binding), latch })
    await probe(binding, pipeline, model.run)
    report({ kind: 'loaded' })
    parentPort?.on('message', (order: ThreadOrder) => obey(order, pipeline, model))
  } catch (thrown) {
    report({ kind: 'notLoaded', error: encodeError(thrown) })
  }
}

function obey(order: ThreadOrder, pipeline: Pipeline, model: LoadedModel): void {
  switch (order.kind) {
    case 'batch':
      cancellations.set(order.id, new Cancellation())
      turn = turn.then(() => work(order, pipeline, model))
      break
    case 'cancel':
      cancellations.get(order.id)?.abort(wasCancelled)
      break
    case 'end':
      turn = turn.then(async () => {
        await model.release()
        process.exit()
      })
  }
}

async function work(task: BatchTask, pipeline: Pipeline, model: LoadedModel): Promise<void> {
  const { id, batch, context } = task
  const signal = cancellations.get(id) ?? new Cancellation()
  try {
    signal.throwIfAborted()
    // Between two runs the thread hears what it is told.
    const run: LoadedModel['run'] = (inputs) => {
      signal.throwIfAborted()
      return model.run(inputs)
    }
    const { column, failures } = await pipeline.invoke(batch, run, { ...context, signal })
    const encoded = failures.map(({ row, error }) => ({ row, error: encodeError(error) }))
    report({ kind: 'done', id, column, failures: encoded }, transferables([column]))
  } catch (thrown) {
    report({ kind: 'failed', id, error: encodeError(thrown) })
  } finally {
    cancellations.delete(id)
  }
}

function report(message: ThreadReport, transferList: ArrayBuffer[] = []): void {
  parentPort?.postMessage(message, transferList)
}
