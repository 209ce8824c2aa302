import { open, stat } from 'node:fs/promises'
import { readRange } from './replicaLogs.ts'

const BYTES_AT_ONCE = 2 ** 20

/** Reads on in a log where lines were read before, also where it was put aside as `<path>.1` since. */
export class FollowedLog {
  readonly #path: string
  #offset: number
  #inode: number | null = null
  #rest = Buffer.alloc(0)

  /** `offset`: the byte from which lines are wanted. */
  constructor(path: string, offset: number) {
    this.#path = path
    this.#offset = offset
  }

  /** Takes the file that has the name now for the one that was read so far. */
  async begin(): Promise<void> {
    this.#inode = await inodeOf(this.#path)
  }

  /** The whole lines that came since. */
  async read(): Promise<readonly string[]> {
    const inode = await inodeOf(this.#path)
    if (inode === null || (this.#inode !== null && inode !== this.#inode)) {
      const aside = `${this.#path}.1`
      const lines = (await inodeOf(aside)) === this.#inode ? await this.#readFile(aside) : []
      if (inode === null) return lines
      this.#offset = 0
      this.#rest = Buffer.alloc(0)
      this.#inode = inode
      return [...lines, ...(await this.#readFile(this.#path))]
    }
    this.#inode = inode
    return this.#readFile(this.#path)
  }

  async #readFile(path: string): Promise<readonly string[]> {
    const file = await open(path).catch(() => null)
    if (file === null) return []
    try {
      const lines: string[] = []
      const { size } = await file.stat()
      while (this.#offset < size) {
        const chunk = await readRange(file, this.#offset, Math.min(size, this.#offset + BYTES_AT_ONCE))
        if (chunk.length === 0) break
        this.#offset += chunk.length
        lines.push(...this.#linesOf(chunk))
      }
      return lines
    } finally {
      await file.close()
    }
  }

  #linesOf(chunk: Buffer): readonly string[] {
    const text = Buffer.concat([this.#rest, chunk])
    const end = text.lastIndexOf('\n') + 1
    this.#rest = text.subarray(end)
    return text.subarray(0, end).toString().split('\n').slice(0, -1)
  }
}

async function inodeOf(path: string): Promise<number | null> {
  return stat(path).then(
    ({ ino }) => ino,
    () => null,
  )
}
