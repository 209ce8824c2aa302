import { appendFile, mkdir, rename, stat } from 'node:fs/promises'
import { dirname } from 'node:path'

type Stream = 'stdout' | 'stderr'

export interface ReplicaLogOptions {
  /** Null to keep the last lines in memory only. */
  readonly path: string | null
  /** Bytes of a file until it is put aside as `<path>.1`, in place of the one before. Default: 16 MiB. */
  readonly fileBytesMax?: number
}

const FILE_BYTES_MAX = 16 * 2 ** 20
const LINES_KEPT = 200
const LAST_WORDS_LINES = 10
const WORDS_LENGTH_MAX = 4000
/** Of lines that are still to be written: what comes while there are more is lost. */
const PENDING_LENGTH_MAX = 4 * 2 ** 20

/** What a replica printed: each line with its time and stream. */
export class ReplicaLog {
  readonly #path: string | null
  readonly #fileBytesMax: number
  readonly #kept: { readonly stream: Stream; readonly text: string; readonly line: string }[] = []
  #pending: string[] = []
  #pendingLength = 0
  #lost = 0
  #bytes = 0
  #writing: Promise<void> | null = null

  constructor({ path, fileBytesMax = FILE_BYTES_MAX }: ReplicaLogOptions) {
    this.#path = path
    this.#fileBytesMax = fileBytesMax
  }

  /** The last 200 lines. */
  get lines(): readonly string[] {
    return this.#kept.map(({ line }) => line)
  }

  /** What it complained of last; null where it did not. */
  get lastWords(): string | null {
    const complaints = this.#kept.filter(({ stream, text }) => stream === 'stderr' && text !== '')
    if (complaints.length === 0) return null
    return complaints
      .slice(-LAST_WORDS_LINES)
      .map(({ text }) => (text.length > WORDS_LENGTH_MAX ? `${text.slice(0, WORDS_LENGTH_MAX)}…` : text))
      .join('\n')
  }

  write(stream: Stream, text: string): void {
    const line = `${new Date().toISOString()} ${stream} ${text}`
    this.#kept.push({ stream, text, line })
    if (this.#kept.length > LINES_KEPT) this.#kept.shift()
    if (this.#path === null) return
    if (this.#pendingLength > PENDING_LENGTH_MAX) this.#lost++
    else this.#add(line)
    this.#writing ??= this.#flush(this.#path)
  }

  /** Resolves when everything is written. */
  async close(): Promise<void> {
    await this.#writing
  }

  #add(line: string): void {
    this.#pending.push(`${line}\n`)
    this.#pendingLength += line.length
  }

  /** A disk that is full must not end the replica, nor us: what cannot be written is lost. */
  async #flush(path: string): Promise<void> {
    try {
      await mkdir(dirname(path), { recursive: true })
      this.#bytes = await stat(path).then(
        ({ size }) => size,
        () => 0,
      )
      while (this.#pending.length > 0) {
        const text = this.#pending.join('')
        this.#pending = []
        this.#pendingLength = 0
        await this.#append(path, text)
        if (this.#lost > 0) this.#add(`${new Date().toISOString()} lost ${this.#lost} lines`)
        this.#lost = 0
      }
    } catch {
      this.#pending = []
      this.#pendingLength = 0
    } finally {
      this.#writing = null
    }
  }

  async #append(path: string, text: string): Promise<void> {
    const bytes = Buffer.byteLength(text)
    if (this.#bytes > 0 && this.#bytes + bytes > this.#fileBytesMax) {
      await rename(path, `${path}.1`)
      this.#bytes = 0
    }
    await appendFile(path, text)
    this.#bytes += bytes
  }
}
