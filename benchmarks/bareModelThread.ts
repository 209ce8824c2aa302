import { readFile } from 'node:fs/promises'
import { parentPort, workerData } from 'node:worker_threads'
import { Tokenizer } from '@huggingface/tokenizers'
import { InferenceSession, Tensor } from 'onnxruntime-node'

/** How a thread runs a model. */
export interface BareSession {
  /** Path of the ONNX file. */
  readonly model: string
  readonly intraOpNumThreads: number
  readonly device: 'cpu' | 'cuda'
}

/** What it runs it on, a batch at a time: tensors that lie there before the time is taken, or texts as they come. */
export type BareWork =
  | { readonly kind: 'tokens'; readonly tokenizer: string; readonly texts: readonly string[] }
  | { readonly kind: 'texts'; readonly tokenizer: string; readonly texts: readonly string[] }
  | { readonly kind: 'vectors'; readonly values: Float32Array; readonly size: number }

export interface BareThreadData {
  readonly session: BareSession
  readonly work: BareWork
  readonly batchSize: number
  /** The number of the next batch, which the threads of a run share. */
  readonly next: Int32Array
}

/** Batches of one run in all; the work begins anew when it has no more. */
export interface BareRun {
  readonly batches: number
}

/** Tensors of one run of the model. */
type Feeds = Record<string, Tensor>

const { session: options, work, batchSize, next }: BareThreadData = workerData
const session = await InferenceSession.create(options.model, {
  intraOpNumThreads: options.intraOpNumThreads,
  interOpNumThreads: 1,
  executionProviders: options.device === 'cuda' ? ['cuda', 'cpu'] : ['cpu'],
})
const [outputName = ''] = session.outputNames
const feedsOf = await openWork()
await sumOf(0)
parentPort?.on('message', ({ batches }: BareRun) => {
  void run(batches).then((sum) => parentPort?.postMessage(sum))
})
parentPort?.postMessage('ready')

/** The sum of the first numbers of all results. */
async function run(batches: number): Promise<number> {
  let sum = 0
  for (let batch = Atomics.add(next, 0, 1); batch < batches; batch = Atomics.add(next, 0, 1)) {
    sum += await sumOf(batch)
  }
  return sum
}

async function sumOf(batch: number): Promise<number> {
  const output = (await session.run(feedsOf(batch)))[outputName]
  if (!(output?.data instanceof Float32Array)) throw new Error(`${options.model} gives no floats`)
  const { data, dims } = output
  const width = data.length / (dims[0] ?? 1)
  let sum = 0
  for (let at = 0; at < data.length; at += width) sum += data[at] ?? 0
  return sum
}

async function openWork(): Promise<(batch: number) => Feeds> {
  if (work.kind === 'vectors') {
    const { values, size } = work
    return take(chunks(values.length / size).map(([from, to]) => vectors(values, size, from, to)))
  }
  const tokenizer = new Tokenizer(JSON.parse(await readFile(work.tokenizer, 'utf8')), {})
  const { texts } = work
  const batches = chunks(texts.length).map(([from, to]) => texts.slice(from, to))
  const tokenize = (batch: readonly string[]): Feeds =>
    tokens(batch.map((text) => tokenizer.encode(text).ids))
  if (work.kind === 'tokens') return take(batches.map(tokenize))
  const nth = take(batches)
  return (batch) => tokenize(nth(batch))
}

function take<Batch>(batches: readonly Batch[]): (batch: number) => Batch {
  return (batch) => {
    const found = batches[batch % batches.length]
    if (found === undefined) throw new Error('there is nothing to run')
    return found
  }
}

function chunks(rows: number): readonly (readonly [from: number, to: number])[] {
  return Array.from({ length: Math.ceil(rows / batchSize) }, (_, index) => [
    index * batchSize,
    Math.min((index + 1) * batchSize, rows),
  ])
}

function vectors(values: Float32Array, size: number, from: number, to: number): Feeds {
  const rows = values.slice(from * size, to * size)
  return { [session.inputNames[0] ?? '']: new Tensor('float32', rows, [to - from, size]) }
}

/** Padded to the longest. */
function tokens(rows: readonly (readonly number[])[]): Feeds {
  const longest = Math.max(...rows.map((row) => row.length))
  const ids = new BigInt64Array(rows.length * longest)
  const mask = new BigInt64Array(ids.length)
  for (const [row, own] of rows.entries()) {
    for (const [place, id] of own.entries()) {
      ids[row * longest + place] = BigInt(id)
      mask[row * longest + place] = 1n
    }
  }
  const dims = [rows.length, longest]
  return {
    input_ids: new Tensor('int64', ids, dims),
    attention_mask: new Tensor('int64', mask, dims),
  }
}
