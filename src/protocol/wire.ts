import { EngineError } from '../base/errors.ts'

// The two messages that carry data, written and read by hand: generated code would copy each batch once more.

/** What `CallFunctionRequest` says. */
export interface CallMessage {
  readonly name: string
  readonly payload: Uint8Array
}

const VARINT = 0
const FIXED64 = 1
const BYTES = 2
const FIXED32 = 5

export function encodeCallRequest({ name, payload }: CallMessage): Buffer {
  const nameBytes = Buffer.from(name)
  const message = Buffer.allocUnsafe(fieldBytes(nameBytes.length) + fieldBytes(payload.length))
  writeField(message, writeField(message, 0, 1, nameBytes), 2, payload)
  return message
}

/** Names and payloads are views of the message. A part that is missing is empty. Throws ARROW_INVALID for what is no such message. */
export function decodeCallRequest(message: Uint8Array): CallMessage {
  let name = ''
  let payload = message.subarray(0, 0)
  for (const { field, bytes } of fieldsOf(message)) {
    if (field === 1) name = textOf(bytes)
    if (field === 2) payload = bytes
  }
  return { name, payload }
}

export function encodeCallResponse(payload: Uint8Array): Buffer {
  const message = Buffer.allocUnsafe(fieldBytes(payload.length))
  writeField(message, 0, 1, payload)
  return message
}

/** The payload as a view of the message. Throws ARROW_INVALID for what is no such message. */
export function decodeCallResponse(message: Uint8Array): Uint8Array {
  let payload = message.subarray(0, 0)
  for (const { field, bytes } of fieldsOf(message)) if (field === 1) payload = bytes
  return payload
}

/** Bytes that a field with so many bytes in it takes; an empty one is left out. */
function fieldBytes(length: number): number {
  return length === 0 ? 0 : 1 + varintBytes(length) + length
}

function varintBytes(value: number): number {
  return value < 0x80 ? 1 : value < 0x40_00 ? 2 : value < 0x20_00_00 ? 3 : value < 0x10_00_00_00 ? 4 : 5
}

function writeField(into: Buffer, start: number, field: number, bytes: Uint8Array): number {
  if (bytes.length === 0) return start
  let at = start
  into[at++] = (field << 3) | BYTES
  let rest = bytes.length
  for (; rest >= 0x80; rest >>>= 7) into[at++] = (rest & 0x7f) | 0x80
  into[at++] = rest
  into.set(bytes, at)
  return at + bytes.length
}

interface BytesField {
  readonly field: number
  readonly bytes: Uint8Array
}

/** The fields that hold bytes; others are unknown to these messages and skipped. */
function* fieldsOf(message: Uint8Array): Generator<BytesField, void, undefined> {
  let at = 0
  while (at < message.length) {
    const tag = readVarint(message, at)
    const field = Math.floor(tag.value / 8)
    if (field === 0) throw malformed('a field without a number')
    at = tag.next
    switch (tag.value % 8) {
      case VARINT:
        at = readVarint(message, at).next
        break
      case FIXED64:
        at += 8
        break
      case FIXED32:
        at += 4
        break
      case BYTES: {
        const length = readVarint(message, at)
        at = length.next + length.value
        if (at <= message.length) yield { field, bytes: message.subarray(length.next, at) }
        break
      }
      default:
        throw malformed(`a field of kind ${tag.value % 8}`)
    }
    if (at > message.length) throw malformed('a field that is cut off')
  }
}

function readVarint(message: Uint8Array, start: number): { readonly value: number; readonly next: number } {
  let value = 0
  for (let k = 0; k < 10; k++) {
    const byte = message[start + k]
    if (byte === undefined) break
    value += (byte & 0x7f) * 2 ** (7 * k)
    if (byte < 0x80) return { value, next: start + k + 1 }
  }
  throw malformed('a number that is cut off')
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

function textOf(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes)
  } catch {
    throw malformed('a name that is no UTF-8')
  }
}

function malformed(what: string): EngineError {
  return new EngineError('ARROW_INVALID', `the message is no protocol buffer of its kind: it has ${what}`)
}
