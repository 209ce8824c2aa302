import type { FileHandle } from 'node:fs/promises'
import { FlatBufferError } from './flatTable.ts'
import { checkFooter, checkMessage, type IpcBlock, type IpcMessage } from './ipcMessage.ts'

const magic = Buffer.from('ARROW1')
const fileStartBytes = 8
const fileEndBytes = 4 + magic.length
const continuation = 0xff_ff_ff_ff
const maxMetadataBytes = 1 << 28

/**
 * What apache-arrow may read: the file itself, once every message that its end names is whole and well-formed, or the messages of a
 * stream, each checked before it is given out. Throws for what is cut off or claims what cannot be.
 */
export async function checkedSource(file: FileHandle): Promise<FileHandle | AsyncIterable<Uint8Array>> {
  const { size } = await file.stat()
  const first = await readAt(file, 0, Math.min(size, magic.length))
  if (!magic.equals(first)) return streamMessages(file, size)
  await checkFile(file, size)
  return file
}

async function checkFile(file: FileHandle, size: number): Promise<void> {
  const cutOff = new FlatBufferError('it does not end as such a file does: it may be cut off')
  if (size < fileStartBytes + fileEndBytes) throw cutOff
  const tail = await readAt(file, size - fileEndBytes, fileEndBytes)
  const footerBytes = tail.readInt32LE(0)
  const end = size - fileEndBytes - footerBytes
  if (!magic.equals(tail.subarray(4)) || footerBytes <= 0 || end < fileStartBytes) throw cutOff
  for (const block of checkFooter(await readAt(file, end, footerBytes))) {
    const { offset, metadataBytes, bodyBytes } = block
    if (
      offset < fileStartBytes ||
      metadataBytes < 8 ||
      bodyBytes < 0 ||
      offset + metadataBytes + bodyBytes > end
    ) {
      throw new FlatBufferError(`it names a message of ${bodyBytes} bytes at ${offset}, which is not there`)
    }
    await checkBlock(file, block, end)
  }
}

async function checkBlock(file: FileHandle, block: IpcBlock, end: number): Promise<void> {
  const message = await messageAt(file, block.offset, end)
  if (
    message === null ||
    message.kind !== block.kind ||
    message.bodyAt - block.offset > block.metadataBytes
  ) {
    throw new FlatBufferError(`it names a ${block.kind} at ${block.offset}, where there is none`)
  }
  if (message.bodyBytes > block.bodyBytes) {
    throw new FlatBufferError(
      `it names a message of ${block.bodyBytes} bytes, which has ${message.bodyBytes}`,
    )
  }
}

async function* streamMessages(file: FileHandle, size: number): AsyncGenerator<Uint8Array, void, undefined> {
  for (let at = 0; ; ) {
    const message = await messageAt(file, at, size)
    if (message === null) return
    const next = message.bodyAt + message.bodyBytes
    yield await readAt(file, at, next - at)
    at = next
  }
}

interface FoundMessage extends IpcMessage {
  readonly bodyAt: number
}

/** Null at the end, which may be marked by a message of no length. */
async function messageAt(file: FileHandle, at: number, end: number): Promise<FoundMessage | null> {
  if (at === end) return null
  const cutOff = new FlatBufferError('it ends in the middle of a message')
  if (end - at < 8) throw cutOff
  const prefix = await readAt(file, at, 8)
  // Before version 0.15 a message began with its length.
  const prefixBytes = prefix.readUInt32LE(0) === continuation ? 8 : 4
  const metadataBytes = prefix.readInt32LE(prefixBytes - 4)
  if (metadataBytes === 0) return null
  const bodyAt = at + prefixBytes + metadataBytes
  if (metadataBytes < 0 || metadataBytes > maxMetadataBytes || bodyAt > end) throw cutOff
  const metadata = await readAt(file, at + prefixBytes, metadataBytes)
  return { ...checkMessage(metadata, end - bodyAt), bodyAt }
}

async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafeSlow(length)
  let read = 0
  while (read < length) {
    const { bytesRead } = await file.read(buffer, read, length - read, position + read)
    if (bytesRead === 0) throw new FlatBufferError('it became shorter while it was read')
    read += bytesRead
  }
  return buffer
}
