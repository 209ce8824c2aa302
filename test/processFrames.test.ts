import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { FrameReader, writeFrame } from '../udf/executors/process/frames.ts'

const folder = mkdtempSync(join(tmpdir(), 'callplane-frames-'))
let server: Server
let sender: Socket
let receiver: Socket

beforeAll(async () => {
  server = createServer()
  server.listen(join(folder, 'socket'))
  await once(server, 'listening')
  sender = new Socket().connect(join(folder, 'socket'))
  const connections: unknown[] = await once(server, 'connection')
  const [connection] = connections
  if (!(connection instanceof Socket)) throw new Error('no socket')
  receiver = connection
})
afterAll(() => {
  sender.destroy()
  server.close()
  rmSync(folder, { recursive: true, force: true })
})

/** What the messages are on their way, as soon as there are so many of them. */
async function received(
  messages: readonly unknown[],
  cut: (bytes: Buffer) => readonly Buffer[],
): Promise<unknown[]> {
  const got: unknown[] = []
  const reader = new FrameReader<unknown>((message) => got.push(message))
  const take = (bytes: Buffer): void => {
    for (const piece of cut(bytes)) reader.push(piece)
  }
  receiver.on('data', take)
  for (const message of messages) writeFrame(sender, message)
  for (let waits = 0; got.length < messages.length && waits < 1000; waits++) {
    await new Promise((resolve) => setImmediate(resolve))
  }
  receiver.off('data', take)
  return got
}

const arrays = fc.oneof(
  fc.uint8Array({ maxLength: 6000 }),
  fc.int8Array(),
  fc.int16Array(),
  fc.int32Array(),
  fc.uint32Array(),
  fc.float32Array(),
  fc.float64Array(),
  fc.bigInt64Array(),
)
const messages = fc.anything({
  withBigInt: true,
  withDate: true,
  withMap: true,
  withSet: true,
  withSparseArray: true,
  values: [fc.string(), fc.double(), fc.integer(), fc.constant(undefined), fc.constant(null), arrays],
})

it('messages come as they were sent, in whatever pieces, and arrays in buffers of their own', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(messages, { minLength: 1, maxLength: 5 }),
      fc.integer({ min: 1, max: 5000 }),
      async (sent, step) => {
        const cut = (bytes: Buffer): Buffer[] =>
          Array.from({ length: Math.ceil(bytes.length / step) }, (_, piece) =>
            bytes.subarray(piece * step, (piece + 1) * step),
          )
        expect(await received(sent, cut)).toEqual(structuredClone(sent))
      },
    ),
    { numRuns: 200 },
  )
})

it('large arrays, empty ones and parts of others come as arrays that can be transferred', async () => {
  const whole = Float64Array.from({ length: 300_000 }, (_, index) => index)
  const message = {
    whole,
    part: whole.subarray(10, 20),
    empty: new Int32Array(0),
    buffer: Buffer.from('text'),
    view: new DataView(Uint8Array.of(1, 2, 3).buffer),
    clamped: Uint8ClampedArray.of(255),
    unsigned: Uint16Array.of(65_535),
    wide: BigUint64Array.of(2n ** 64n - 1n),
  }
  const [got] = await received([message], (bytes) => [bytes])
  expect(got).toEqual({ ...message, buffer: new Uint8Array(Buffer.from('text')) })
  const views = Object.values(got as Record<string, ArrayBufferView>)
  expect(views.map(({ buffer, byteLength }) => buffer.byteLength === byteLength)).toEqual(
    views.map(() => true),
  )
})

it('what cannot be sent is said, and sends nothing', async () => {
  expect(() => writeFrame(sender, { handler: () => 1 })).toThrow('could not be cloned')
  expect(await received([1], (bytes) => [bytes])).toEqual([1])
})
