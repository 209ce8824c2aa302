import type { Socket } from 'node:net'
import { DefaultDeserializer, DefaultSerializer } from 'node:v8'

/** Two counts: bytes of the message, and its arrays. */
const HEAD_BYTES = 8
/** For each array its type and its bytes. */
const ENTRY_BYTES = 8
/** Shorter arrays are copied next to the message: a write of their own costs more. */
const COPIED_BYTES_MAX = 4096

const arrayTypes: readonly (readonly [name: string, of: (buffer: ArrayBuffer) => ArrayBufferView])[] = [
  ['Uint8Array', (buffer) => new Uint8Array(buffer)],
  ['Int8Array', (buffer) => new Int8Array(buffer)],
  ['Uint8ClampedArray', (buffer) => new Uint8ClampedArray(buffer)],
  ['Int16Array', (buffer) => new Int16Array(buffer)],
  ['Uint16Array', (buffer) => new Uint16Array(buffer)],
  ['Int32Array', (buffer) => new Int32Array(buffer)],
  ['Uint32Array', (buffer) => new Uint32Array(buffer)],
  ['Float32Array', (buffer) => new Float32Array(buffer)],
  ['Float64Array', (buffer) => new Float64Array(buffer)],
  ['BigInt64Array', (buffer) => new BigInt64Array(buffer)],
  ['BigUint64Array', (buffer) => new BigUint64Array(buffer)],
  ['DataView', (buffer) => new DataView(buffer)],
]

/** Arrays travel behind the message, so that each comes to lie in a buffer of its own after one copy. */
class FrameSerializer extends DefaultSerializer {
  readonly arrays: ArrayBufferView[] = []

  _writeHostObject(view: ArrayBufferView): void {
    this.writeUint32(this.arrays.length)
    this.arrays.push(view)
  }
}

class FrameDeserializer extends DefaultDeserializer {
  readonly #arrays: readonly ArrayBufferView[]

  constructor(message: Buffer, arrays: readonly ArrayBufferView[]) {
    super(message)
    this.#arrays = arrays
  }

  _readHostObject(): unknown {
    return this.#arrays[this.readUint32()]
  }
}

/**
 * Sends a message: whatever can be sent to a thread. `onFlushed` is called when the system has it. Throws what it cannot be sent for,
 * and has sent nothing then.
 */
export function writeFrame(socket: Socket, message: unknown, onFlushed?: () => void): void {
  const serializer = new FrameSerializer()
  serializer.writeHeader()
  serializer.writeValue(message)
  const body = serializer.releaseBuffer()
  const { arrays } = serializer
  const head = Buffer.allocUnsafe(HEAD_BYTES + ENTRY_BYTES * arrays.length)
  head.writeUInt32LE(body.length, 0)
  head.writeUInt32LE(arrays.length, 4)
  const parts: Uint8Array[] = [head, body]
  for (const [index, array] of arrays.entries()) {
    const name = array instanceof Uint8Array ? 'Uint8Array' : array.constructor.name
    const at = HEAD_BYTES + ENTRY_BYTES * index
    head.writeUInt32LE(
      arrayTypes.findIndex(([known]) => known === name),
      at,
    )
    head.writeUInt32LE(array.byteLength, at + 4)
    parts.push(new Uint8Array(array.buffer, array.byteOffset, array.byteLength))
  }
  const writes = joinShort(parts)
  socket.cork()
  for (const [index, part] of writes.entries()) {
    if (index === writes.length - 1) socket.write(part, onFlushed)
    else socket.write(part)
  }
  socket.uncork()
}

/** Parts of one after another, short ones as one. */
function joinShort(parts: readonly Uint8Array[]): Uint8Array[] {
  const joined: Uint8Array[] = []
  let short: Uint8Array[] = []
  const flush = (): void => {
    if (short.length > 0) joined.push(Buffer.concat(short))
    short = []
  }
  for (const part of parts) {
    if (part.length <= COPIED_BYTES_MAX) short.push(part)
    else {
      flush()
      joined.push(part)
    }
  }
  flush()
  return joined
}

/** Puts messages together from the pieces in which a socket gives them. */
export class FrameReader<Message> {
  readonly #onMessage: (message: Message) => void
  /** What is being read, and how much of it there is. */
  #target: Uint8Array = Buffer.allocUnsafe(HEAD_BYTES)
  #filled = 0
  /** Of the frame that is being read; null before its head is there. */
  #frame: { readonly bodyBytes: number; readonly entries: number } | null = null
  #table: Buffer | null = null
  #arrays: ArrayBuffer[] = []

  constructor(onMessage: (message: Message) => void) {
    this.#onMessage = onMessage
  }

  push(chunk: Uint8Array): void {
    let at = 0
    while (at < chunk.length) {
      const taken = Math.min(chunk.length - at, this.#target.length - this.#filled)
      this.#target.set(chunk.subarray(at, at + taken), this.#filled)
      this.#filled += taken
      at += taken
      while (this.#filled === this.#target.length) this.#next()
    }
  }

  /** Goes on to what comes after the target, which is full. */
  #next(): void {
    this.#filled = 0
    if (this.#frame === null) {
      const head = Buffer.from(this.#target)
      this.#frame = { bodyBytes: head.readUInt32LE(0), entries: head.readUInt32LE(4) }
      this.#target = Buffer.allocUnsafe(this.#frame.entries * ENTRY_BYTES + this.#frame.bodyBytes)
      return
    }
    this.#table ??= Buffer.from(this.#target.buffer, this.#target.byteOffset, this.#target.length)
    if (this.#arrays.length < this.#frame.entries) {
      const array = new ArrayBuffer(this.#table.readUInt32LE(this.#arrays.length * ENTRY_BYTES + 4))
      this.#arrays.push(array)
      this.#target = new Uint8Array(array)
      return
    }
    const message = this.#read(this.#frame.entries, this.#table)
    this.#frame = null
    this.#table = null
    this.#arrays = []
    this.#target = Buffer.allocUnsafe(HEAD_BYTES)
    this.#onMessage(message)
  }

  #read(entries: number, table: Buffer): Message {
    const views = this.#arrays.map((buffer, index) =>
      arrayTypes[table.readUInt32LE(index * ENTRY_BYTES)]![1](buffer),
    )
    const deserializer = new FrameDeserializer(table.subarray(entries * ENTRY_BYTES), views)
    deserializer.readHeader()
    const message: Message = deserializer.readValue()
    return message
  }
}
