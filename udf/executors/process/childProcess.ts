import { type ChildProcess as NodeProcess, spawn } from 'node:child_process'
import { Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import { heapFlags } from '../../heapFlags.ts'
import { readLines } from '../../readLines.ts'
import { type ChildMessage, type ChildOrder, FRAMES_FD, type LastWords, WORDS_FD } from './childMessages.ts'
import { FrameReader, writeFrame } from './frames.ts'

const childFile = fileURLToPath(new URL('./child.js', import.meta.url))
/** How a child ended. */
export interface ChildExit extends LastWords {
  readonly code: number | null
  readonly signal: string | null
  /** Why it could not be started; null if it could. */
  readonly problem: string | null
  /** Whether V8 said that its heap is full. */
  readonly isHeapFull: boolean
}

export interface ChildOptions {
  /** Bytes; null for any number. */
  readonly memoryLimit: number | null
  onMessage(message: ChildMessage): void
  /** A line that it printed. */
  onLine(line: string, stream: 'stdout' | 'stderr'): void
  /** Comes last, when all that it said has been told. */
  onExit(exit: ChildExit): void
}

/** A process that runs handlers, and the lines to it. It does not keep this process from ending but while it is `busy`. */
export class ChildProcess {
  readonly exited: Promise<void>
  readonly #process: NodeProcess
  readonly #frames: Socket | null
  readonly #options: ChildOptions
  #memory: number | null = null
  #row: LastWords['row'] = null
  #isHeapFull = false

  constructor(options: ChildOptions) {
    const { memoryLimit } = options
    this.#options = options
    this.#process = spawn(
      process.execPath,
      [...inheritedFlags(process.execArgv), ...heapFlags(memoryLimit), childFile, String(memoryLimit ?? 0)],
      { stdio: ['ignore', 'pipe', 'pipe', 'pipe', 'pipe'], windowsHide: true },
    )
    const { stdout, stderr, stdio } = this.#process
    readLines(stdout, (line) => options.onLine(line, 'stdout'))
    readLines(stderr, (line) => {
      if (line.includes('heap out of memory')) this.#isHeapFull = true
      options.onLine(line, 'stderr')
    })
    this.#frames = socketOf(stdio[FRAMES_FD])
    const reader = new FrameReader<ChildMessage>((message) => options.onMessage(message))
    this.#frames?.on('data', (chunk) => reader.push(chunk))
    const words = socketOf(stdio[WORDS_FD])
    if (words !== null) readLines(words, (line) => this.#hear(line))
    this.exited = this.#untilExited([this.#frames, words])
    this.setBusy(false)
  }

  /** Whether it keeps this process alive. */
  setBusy(busy: boolean): void {
    const held = [this.#process, ...this.#process.stdio].filter(
      (handle): handle is NodeProcess | Socket => handle === this.#process || handle instanceof Socket,
    )
    for (const handle of held) {
      if (busy) handle.ref()
      else handle.unref()
    }
  }

  /** Throws what the order cannot be sent for. */
  send(order: ChildOrder): void {
    if (this.#frames?.writable === true) writeFrame(this.#frames, order)
  }

  kill(): void {
    this.#process.kill('SIGKILL')
  }

  #hear(word: string): void {
    const [first = 0, second = 0] = word.slice(1).split(' ').map(Number)
    if (word.startsWith('m')) this.#memory = first
    else this.#row = { task: first, row: second }
  }

  /** What it said last may arrive after the news of its end. */
  async #untilExited(lines: readonly (Socket | null)[]): Promise<void> {
    const exit = new Promise<Pick<ChildExit, 'code' | 'signal' | 'problem'>>((resolve) => {
      this.#process.on('exit', (code, signal) => resolve({ code, signal, problem: null }))
      this.#process.on('error', ({ message }) => {
        if (this.#process.pid === undefined) resolve({ code: null, signal: null, problem: message })
      })
    })
    const closed = lines.map(
      (line) =>
        new Promise<void>((resolve) => {
          if (line === null) return resolve()
          line.on('error', () => undefined)
          line.on('close', () => resolve())
        }),
    )
    const [ended] = await Promise.all([exit, ...closed])
    this.#options.onExit({
      ...ended,
      memory: this.#memory,
      row: this.#row,
      isHeapFull: this.#isHeapFull,
    })
  }
}

function socketOf(stream: unknown): Socket | null {
  return stream instanceof Socket ? stream : null
}

/** Those that say how code is loaded and run; not those that are about what this process was started for. */
function inheritedFlags(flags: readonly string[]): string[] {
  const kept: string[] = []
  for (let index = 0; index < flags.length; index++) {
    const flag = flags[index]!
    if (/^(-e|--eval|-p|--print|-pe)$/.test(flag)) index++
    else if (!/^--(inspect|debug|test|watch|cpu-prof|heap-prof|input-type|check|interactive)/.test(flag)) {
      kept.push(flag)
    }
  }
  return kept
}
