import {
  create,
  type DescMessage,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from '@bufbuild/protobuf'
import * as grpc from '@grpc/grpc-js'
import { onTestFinished } from 'vitest'
import { decodeColumn } from '../../src/arrow/decode.ts'
import { encodeColumn } from '../../src/arrow/encode.ts'
import { decodePayload, encodePayload } from '../../src/arrow/ipcPayload.ts'
import { Cancellation } from '../../src/base/cancellation.ts'
import { parseType } from '../../src/base/parseType.ts'
import type { CallRequest } from '../../src/protocol/callChannel.ts'
import { type ChannelOptions, createChannel, type GrpcChannel } from '../../src/protocol/client.ts'
import { Worker } from '../../src/worker/worker.ts'
import type { WorkerOptions } from '../../src/worker/workerOptions.ts'

/** A worker on a free port of this machine, closed after the test. */
export async function openWorker(options: WorkerOptions): Promise<Worker> {
  const worker = await Worker.open({ port: 0, ...options })
  onTestFinished(() => worker.close())
  return worker
}

/** A channel to an endpoint, closed after the test. */
export function channelTo(endpoint: string, options: Partial<ChannelOptions> = {}): GrpcChannel {
  const channel = createChannel({ tls: null, token: null, ...options, endpoint })
  onTestFinished(() => channel.close())
  return channel
}

/** Types and values of columns by their names. */
export type Columns = Readonly<Record<string, readonly [type: string, values: readonly unknown[]]>>

/** Columns as a request has them. */
export function payloadOf(columns: Columns): Uint8Array {
  const entries = Object.entries(columns)
  const fields = entries.map(([name, [type]]) => ({ name, type: parseType(type) }))
  const data = entries.map(([, [type, values]]) => encodeColumn(parseType(type), values))
  return encodePayload(fields, { length: entries[0]?.[1][1].length ?? 0, columns: data })
}

/** Columns by name of each body of an answer. */
export function valuesOf(bodies: readonly Uint8Array[]): Record<string, unknown[]>[] {
  return bodies.map((body) => {
    const { fields, batches } = decodePayload(null, body, { maxRows: 1e6 })
    const entries = fields.map(({ name, type }, index) => [
      name,
      batches.flatMap(({ columns }) => [...decodeColumn(type, columns[index]!)]),
    ])
    return Object.fromEntries(entries)
  })
}

export function requestOf(
  name: string,
  payload: Columns | Uint8Array,
  more: Partial<CallRequest> = {},
): CallRequest {
  const bytes = payload instanceof Uint8Array ? payload : payloadOf(payload)
  return { name, payload: bytes, headers: {}, deadline: null, signal: new Cancellation(), ...more }
}

/** What a worker answers to a call. */
export async function call(
  worker: Worker | GrpcChannel,
  name: string,
  payload: Columns | Uint8Array,
  more: Partial<CallRequest> = {},
): Promise<Record<string, unknown[]>[]> {
  const channel = worker instanceof Worker ? channelTo(worker.endpoint) : worker
  return valuesOf(await channel.call(requestOf(name, payload, more)))
}

/** A client without any code of ours. */
export class RawClient {
  readonly #client: grpc.Client

  constructor(endpoint: string) {
    this.#client = new grpc.Client(endpoint, grpc.credentials.createInsecure())
    onTestFinished(() => this.#client.close())
  }

  /** One message there and one back. */
  async unary<Input extends DescMessage, Output extends DescMessage>(
    path: string,
    [input, output]: readonly [Input, Output],
    message: MessageInitShape<Input>,
  ): Promise<MessageShape<Output>> {
    return new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest(
        path,
        (sent: MessageInitShape<Input>) => Buffer.from(toBinary(input, create(input, sent))),
        (bytes) => fromBinary(output, bytes),
        message,
        (error, answer) => (error === null ? resolve(answer!) : reject(error)),
      )
    })
  }

  /** Messages both ways. */
  stream<Input extends DescMessage, Output extends DescMessage>(
    path: string,
    [input, output]: readonly [Input, Output],
  ): grpc.ClientDuplexStream<MessageInitShape<Input>, MessageShape<Output>> {
    return this.#client.makeBidiStreamRequest(
      path,
      (sent: MessageInitShape<Input>) => Buffer.from(toBinary(input, create(input, sent))),
      (bytes) => fromBinary(output, bytes),
    )
  }
}
