import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

const fixtures = fileURLToPath(new URL('../fixtures/', import.meta.url))

/** A folder that is removed at the end of the test. */
export function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'callplane-store-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** A process that runs a fixture, by default one that works on a store; line by line of what it says. */
export class StoreProcess {
  readonly child: ChildProcess
  readonly lines: string[] = []
  readonly ended: Promise<void>
  #error = ''
  #waiting: (() => void)[] = []

  constructor(
    args: readonly string[],
    {
      fixture = 'store/storeProcess.ts',
      ...options
    }: { readonly uid?: number; readonly fixture?: string } = {},
  ) {
    this.child = spawn(process.execPath, ['--import', 'tsx', join(fixtures, fixture), ...args], {
      ...options,
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    onTestFinished(() => void this.child.kill('SIGKILL'))
    let rest = ''
    this.child.stdout?.on('data', (chunk: Buffer) => {
      const lines = (rest + chunk.toString()).split('\n')
      rest = lines.pop() ?? ''
      this.lines.push(...lines)
      this.#wake()
    })
    this.child.stderr?.on('data', (chunk: Buffer) => (this.#error += chunk.toString()))
    this.ended = new Promise((resolve) => this.child.once('close', () => resolve()))
    void this.ended.then(() => this.#wake())
  }

  /** Waits until it has said so many lines. */
  async said(count: number): Promise<void> {
    while (this.lines.length < count) {
      if (this.child.exitCode !== null || this.child.signalCode !== null) {
        throw new Error(`it ended after ${this.lines.length} lines: ${this.#error}`)
      }
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    }
  }

  /** Lets it end what it does, and waits for that. */
  async stop(): Promise<void> {
    this.child.stdin?.end()
    await this.ended
  }

  async kill(): Promise<void> {
    this.child.kill('SIGKILL')
    await this.ended
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake()
  }
}

/** The number of a process that is gone. */
export async function endedProcess(): Promise<number> {
  const child = spawn(process.execPath, ['--version'], { stdio: 'ignore' })
  await new Promise((resolve) => child.once('close', resolve))
  return child.pid ?? 0
}
