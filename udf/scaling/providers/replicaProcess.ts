import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import type { Redact } from '../../../src/base/redact.ts'
import { readLines } from '../../readLines.ts'
import { sizeText } from '../../sizeText.ts'
import type { ProvidedReplica, ReplicaExit } from '../replica.ts'
import { processUsage } from './processUsage.ts'
import type { ReplicaCommand } from './replicaCommand.ts'
import type { ReplicaLog } from './replicaLog.ts'

/**
 * Runs a program in a process group of its own, which ends with whoever holds the other end of descriptor 3: at first as the program
 * is asked to, then by force. A program that forks, and a parent that is killed, leave nothing behind.
 */
const WATCHED = [
  '(( read -r _ <&3; kill -TERM $$; sleep 2; kill -KILL -$$ ) </dev/null >/dev/null 2>&1 &)',
  'exec "$@" 3<&-',
].join('\n')
const WATCH_FD = 3
/** Between two looks at the memory of a process that may take so much. */
const MEMORY_LOOK_MS = 100
/** For what a process printed last, when it has ended. */
const OUTPUT_GRACE_MS = 500

export interface ReplicaProcessOptions {
  readonly id: string
  readonly port: number
  readonly command: ReplicaCommand
  /** Bytes; null for any number. */
  readonly memoryLimit: number | null
  /** Closed with the process. */
  readonly log: ReplicaLog
  readonly redact: Redact
}

/** A replica that is a child process. It does not keep this process from ending. */
export class ReplicaProcess implements ProvidedReplica {
  readonly id: string
  readonly endpoint: string
  readonly ended: Promise<ReplicaExit>
  readonly #options: ReplicaProcessOptions
  readonly #process: ChildProcess
  #memoryTaken: number | null = null
  #isHeapFull = false
  #isPortTaken = false

  constructor(options: ReplicaProcessOptions) {
    const { id, port, command, memoryLimit } = options
    this.#options = options
    this.id = id
    this.endpoint = `127.0.0.1:${port}`
    const isWatched = process.platform !== 'win32'
    const { program, args, env } = command
    this.#process = isWatched
      ? spawn('/bin/sh', ['-c', WATCHED, 'sh', program, ...args], {
          env,
          detached: true,
          stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
        })
      : spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'], windowsHide: true })
    this.ended = this.#untilEnded()
    readLines(this.#process.stdout, (line) => this.#hear('stdout', line))
    readLines(this.#process.stderr, (line) => this.#hear('stderr', line))
    this.#unref()
    if (memoryLimit !== null) void this.#watchMemory(memoryLimit)
  }

  get pid(): number | null {
    return this.#process.pid ?? null
  }

  async cpuTime(): Promise<number | null> {
    return this.pid === null ? null : ((await processUsage(this.pid))?.cpuTime ?? null)
  }

  async stop(graceMs: number): Promise<void> {
    if (graceMs > 0 && this.#isRunning) {
      this.#process.ref()
      this.#process.kill('SIGTERM')
      const waits = new AbortController()
      const late = wait(graceMs, 'late', { signal: waits.signal }).catch(() => undefined)
      const ended = await Promise.race([this.ended, late])
      waits.abort()
      if (ended !== 'late') return
    }
    if (this.#isRunning) this.#killAll()
    await this.ended
  }

  get #isRunning(): boolean {
    return this.pid !== null && this.#process.exitCode === null && this.#process.signalCode === null
  }

  /** Must come before its end is known to others, who may take its number. */
  #killAll(): void {
    if (this.pid === null) return
    try {
      process.kill(process.platform === 'win32' ? this.pid : -this.pid, 'SIGKILL')
    } catch {
      // They have ended.
    }
  }

  #hear(stream: 'stdout' | 'stderr', line: string): void {
    const text = this.#options.redact(line.trimEnd())
    this.#options.log.write(stream, text)
    if (/EADDRINUSE|address (is )?already in use/i.test(text)) this.#isPortTaken = true
    if (text.includes('heap out of memory')) this.#isHeapFull = true
  }

  async #untilEnded(): Promise<ReplicaExit> {
    const child = this.#process
    const exit = await new Promise<Pick<ReplicaExit, 'code' | 'signal'> & { problem: string | null }>(
      (resolve) => {
        child.on('exit', (code, signal) => {
          this.#killAll()
          child.stdio[WATCH_FD]?.destroy()
          resolve({ code, signal, problem: null })
        })
        child.on('error', ({ message }) => {
          if (child.pid === undefined) resolve({ code: null, signal: null, problem: message })
        })
      },
    )
    const waits = new AbortController()
    const outputs = [child.stdout, child.stderr].filter((output) => output !== null && !output.closed)
    await Promise.race([
      Promise.all(outputs.map((output) => once(output!, 'close'))),
      wait(OUTPUT_GRACE_MS, null, { signal: waits.signal, ref: false }).catch(() => undefined),
    ])
    waits.abort()
    await this.#options.log.close()
    const isPortTaken = this.#isPortTaken
    return Object.freeze({ ...exit, problem: exit.problem ?? this.#problem(), isPortTaken })
  }

  #problem(): string | null {
    const { memoryLimit, log } = this.#options
    const limit = memoryLimit === null ? '' : ` where resources.memory allows ${sizeText(memoryLimit)}`
    if (this.#memoryTaken !== null) return `it took ${sizeText(this.#memoryTaken)}${limit}`
    if (this.#isHeapFull) return `its heap was full${limit}`
    return log.lastWords
  }

  async #watchMemory(limit: number): Promise<void> {
    while (this.#isRunning) {
      const memory = (await processUsage(this.pid!))?.memory ?? 0
      if (memory > limit && this.#isRunning) {
        this.#memoryTaken = memory
        this.#options.log.write('stderr', this.#problem()!)
        return this.#killAll()
      }
      await wait(MEMORY_LOOK_MS, null, { ref: false })
    }
  }

  #unref(): void {
    this.#process.unref()
    for (const stream of this.#process.stdio) if (stream instanceof Socket) stream.unref()
    const watch = this.#process.stdio[WATCH_FD]
    if (watch instanceof Socket) watch.on('error', () => undefined)
  }
}
