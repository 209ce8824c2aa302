import { keyWords } from '../../src/arrow/rowKeys.ts'
import { BloomFilter } from './bloomFilter.ts'
import { compareKeys, type KeyTable } from './keyTable.ts'
import { TempFile } from './tempFile.ts'

/** A key and its number. */
const entryWords = keyWords + 1
const entryBytes = entryWords * 4
/** Entries that are read together for one key. */
const blockEntries = 64
/** Entries that are written, or merged, at a time. */
const pieceEntries = 16_384

/** Numbers by key in a file, sorted by key. In memory are a filter and the first word of each block. */
export class KeyRun {
  readonly size: number
  readonly #file: TempFile
  readonly #filter: BloomFilter
  readonly #firstWords: Uint32Array

  constructor(writer: KeyRunWriter) {
    this.size = writer.size
    this.#file = writer.file
    this.#filter = writer.filter
    this.#firstWords = writer.firstWords
  }

  /** Bytes in memory. */
  get bytes(): number {
    return this.#filter.bytes + this.#firstWords.byteLength
  }

  find(keys: Uint32Array, at: number): number {
    if (!this.#filter.mayHave(keys, at)) return -1
    for (let block = this.#blockBefore(keys[at]!); block < this.#firstWords.length; block++) {
      if (this.#firstWords[block]! > keys[at]!) return -1
      const first = block * blockEntries
      const count = Math.min(blockEntries, this.size - first)
      this.#file.readInto(blockBytes, first * entryBytes, count * entryBytes)
      const found = findEntry(count, keys, at)
      if (found !== -1) return found
    }
    return -1
  }

  /** So many entries, or fewer at the end. */
  entries(first: number, most: number): Uint32Array {
    const count = Math.min(most, this.size - first)
    return new Uint32Array(this.#file.read(first * entryBytes, count * entryBytes).buffer)
  }

  close(): void {
    this.#file.close()
  }

  /** The last block that begins before the word, or the first one. */
  #blockBefore(word: number): number {
    let low = 0
    let high = this.#firstWords.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#firstWords[middle]! < word) low = middle + 1
      else high = middle
    }
    return Math.max(low - 1, 0)
  }
}

/** What was read last for one key; nothing waits between reading and searching. */
const blockWords = new Uint32Array(blockEntries * entryWords)
const blockBytes = new Uint8Array(blockWords.buffer)

/** Looks among so many entries of the block. */
function findEntry(count: number, keys: Uint32Array, at: number): number {
  let low = 0
  let high = count
  while (low < high) {
    const middle = (low + high) >> 1
    const order = compareKeys(blockWords, middle * entryWords, keys, at)
    if (order === 0) return blockWords[middle * entryWords + keyWords]!
    if (order < 0) low = middle + 1
    else high = middle
  }
  return -1
}

/** Writes a run, key by key in ascending order. */
class KeyRunWriter {
  readonly file: TempFile = new TempFile()
  readonly filter: BloomFilter
  readonly firstWords: Uint32Array
  readonly #piece = new Uint32Array(pieceEntries * entryWords)
  #filled = 0
  size = 0

  constructor(size: number) {
    this.filter = new BloomFilter(size)
    this.firstWords = new Uint32Array(Math.ceil(size / blockEntries))
  }

  add(keys: Uint32Array, at: number, number: number): void {
    if (this.size % blockEntries === 0) this.firstWords[this.size / blockEntries] = keys[at]!
    this.filter.add(keys, at)
    for (let word = 0; word < keyWords; word++) this.#piece[this.#filled + word] = keys[at + word]!
    this.#piece[this.#filled + keyWords] = number
    this.#filled += entryWords
    this.size++
    if (this.#filled === this.#piece.length) this.#write()
  }

  finish(): KeyRun {
    this.#write()
    return new KeyRun(this)
  }

  #write(): void {
    this.file.append(new Uint8Array(this.#piece.buffer, 0, this.#filled * 4))
    this.#filled = 0
  }
}

/** Moves what a table holds to a run. */
export function writeRun(table: KeyTable): KeyRun {
  const writer = new KeyRunWriter(table.size)
  try {
    table.visitSorted((keys, at, number) => writer.add(keys, at, number))
    return writer.finish()
  } catch (error) {
    writer.file.close()
    throw error
  }
}

/** One run of two, made piece by piece, so that other work goes on meanwhile; both stay as they are. */
export async function mergeRuns(
  left: KeyRun,
  right: KeyRun,
  isWanted: () => boolean,
): Promise<KeyRun | null> {
  const writer = new KeyRunWriter(left.size + right.size)
  try {
    const inputs = [new RunCursor(left), new RunCursor(right)] as const
    for (let steps = 1; isWanted(); steps++) {
      const [a, b] = inputs
      if (a.isDone && b.isDone) return writer.finish()
      const first = b.isDone || (!a.isDone && compareKeys(a.entries, a.at, b.entries, b.at) < 0) ? a : b
      writer.add(first.entries, first.at, first.entries[first.at + keyWords]!)
      first.next()
      if (steps % pieceEntries === 0) await new Promise(setImmediate)
    }
    writer.file.close()
    return null
  } catch (error) {
    writer.file.close()
    throw error
  }
}

class RunCursor {
  readonly #run: KeyRun
  entries: Uint32Array
  at = 0
  #read: number

  constructor(run: KeyRun) {
    this.#run = run
    this.entries = run.entries(0, pieceEntries)
    this.#read = pieceEntries
  }

  get isDone(): boolean {
    return this.at === this.entries.length
  }

  next(): void {
    this.at += entryWords
    if (!this.isDone || this.#read >= this.#run.size) return
    this.entries = this.#run.entries(this.#read, pieceEntries)
    this.#read += pieceEntries
    this.at = 0
  }
}
