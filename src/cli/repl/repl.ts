import { createInterface, type Interface } from 'node:readline'
import type { CatalogSnapshot } from '../../../catalog/function.ts'
import { isEngineError } from '../../base/errors.ts'
import type { Session } from '../../session/session.ts'
import { type ExitCode, exitCodes } from '../exitCode.ts'
import { resultRows } from '../formats/resultRows.ts'
import type { RowSource } from '../formats/rowSource.ts'
import { writeText } from '../formats/writeText.ts'
import type { Output } from '../output.ts'
import { type TextFormat, textFormat } from '../outputFormat.ts'
import { printError } from '../printError.ts'
import { describeCancelled, formatElapsed } from '../progress.ts'
import type { ProgressLine } from '../progressLine.ts'
import { type Completion, type CompletionNames, complete } from './completion.ts'
import { type DotCommandHost, dotCommandNames, runDotCommand } from './dotCommands.ts'
import { type History, isKept } from './history.ts'
import { loadNames } from './loadNames.ts'
import { onOneLine, splitStatements } from './statements.ts'

const PROMPT = 'callplane> '
const CONTINUED = '      ...> '

export interface ReplOptions {
  readonly session: Session
  readonly output: Output
  readonly history: History
  readonly format: TextFormat
  /** Rows of a table at most. */
  readonly maxRows: number
  /** Makes the progress line of a statement. */
  readonly progress: () => ProgressLine
  readonly debug: boolean
  /** Ends the repl and what it runs. */
  readonly signal: AbortSignal
}

/** Takes statements line by line from a terminal, or from a pipe, where nothing but results is printed. */
export class Repl implements DotCommandHost {
  readonly #options: ReplOptions
  readonly #onTerminal = process.stdin.isTTY && process.stdout.isTTY
  #lines: Interface | null = null
  /** The terminal's history, newest first, as readline keeps it. */
  #typed: string[] = []
  #begun = ''
  #format: TextFormat
  #running: AbortController | null = null
  #names: CompletionNames | null = null
  #failures = 0
  #hasQuit = false
  #isClosed = false

  constructor(options: ReplOptions) {
    this.#options = options
    this.#format = options.format
  }

  /** Resolves at the end of the input. */
  async run(): Promise<ExitCode> {
    const lines = await this.#open()
    this.#prompt(lines)
    for await (const line of lines) {
      await this.#take(line)
      if (this.#hasQuit) break
      this.#prompt(lines)
    }
    // The last statement of a script need not end with a semicolon.
    if (!this.#onTerminal && this.#begun !== '') await this.#attempt(() => this.execute(this.#begun))
    return this.#failures > 0 && !this.#onTerminal ? exitCodes.wrong : exitCodes.done
  }

  get catalog(): CatalogSnapshot {
    return this.#options.session.catalog
  }

  async print(text: string): Promise<void> {
    if (!(await this.#options.output.write(`${text}\n`))) this.quit()
  }

  async show(rows: RowSource): Promise<void> {
    await writeText(rows, this.#format, this.#options.output, this.#options.maxRows)
  }

  format(name: string | undefined): string {
    if (name !== undefined) this.#format = textFormat(name)
    return this.#format
  }

  quit(): void {
    this.#hasQuit = true
    this.#lines?.close()
  }

  async execute(statement: string): Promise<void> {
    const running = new AbortController()
    const progress = this.#options.progress()
    const signal = AbortSignal.any([this.#options.signal, running.signal])
    this.#running = running
    try {
      const result = await this.#options.session.sql(statement, [], {
        signal,
        onProgress: (latest) => progress.update(latest),
      })
      progress.close()
      await this.show(resultRows(result, progress))
      if (this.#onTerminal) await this.print(`in ${formatElapsed(progress.seconds)}`)
    } catch (error) {
      progress.close()
      if (!running.signal.aborted || !isEngineError(error) || error.code !== 'CANCELLED') throw error
      process.stderr.write(`${describeCancelled(progress.latest, progress.seconds)}\n`)
    } finally {
      progress.close()
      this.#running = null
      this.#names = null
    }
  }

  async #open(): Promise<Interface> {
    const { history, signal } = this.#options
    this.#typed = this.#onTerminal ? await history.load() : []
    const lines = createInterface({
      input: process.stdin,
      ...(this.#onTerminal ? { output: process.stdout } : {}),
      terminal: this.#onTerminal,
      prompt: this.#onTerminal ? PROMPT : '',
      history: this.#typed,
      historySize: 1000,
      removeHistoryDuplicates: true,
      completer: (text: string, done: (error: null, completion: Completion) => void) => {
        void this.#answerCompletion(text, done)
      },
    })
    lines.on('history', (typed) => (this.#typed = typed))
    lines.on('close', () => {
      this.#isClosed = true
      // The shell's prompt begins on a line of its own.
      if (this.#onTerminal && !this.#hasQuit) process.stdout.write('\n')
    })
    lines.on('SIGINT', () => this.#interrupt(lines))
    signal.addEventListener('abort', () => lines.close(), { once: true })
    this.#lines = lines
    return lines
  }

  /** A failure is reported and ends what was on the line, but not the repl. */
  async #attempt(work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      if (this.#options.signal.aborted) throw error
      this.#failures += 1
      printError(error, this.#options.debug)
    }
  }

  async #take(line: string): Promise<void> {
    if (this.#begun === '' && /^\s*\.[a-z]/i.test(line)) {
      return this.#attempt(() => runDotCommand(line, this))
    }
    const text = this.#begun === '' ? line : `${this.#begun}\n${line}`
    const { statements, rest } = splitStatements(text)
    this.#begun = rest
    if (statements.length > 0) await this.#remember(text.slice(0, text.length - rest.length))
    return this.#attempt(async () => {
      for (const statement of statements) await this.execute(statement)
    })
  }

  /** Keeps what was typed over several lines as one entry. */
  async #remember(text: string): Promise<void> {
    if (!this.#onTerminal) return
    const entry = onOneLine(text)
    if (entry === null || !isKept(text)) return
    for (const line of text.split('\n').toReversed()) if (this.#typed[0] === line) this.#typed.shift()
    this.#typed.unshift(entry)
    await this.#options.history.add(entry)
  }

  #prompt(lines: Interface): void {
    if (!this.#onTerminal || this.#isClosed) return
    lines.setPrompt(this.#begun === '' ? PROMPT : CONTINUED)
    lines.prompt()
  }

  #interrupt(lines: Interface): void {
    if (this.#running?.signal.aborted === true) {
      // The terminal gives no signal of its own while readline reads single keys.
      process.kill(process.pid, 'SIGINT')
      return
    }
    if (this.#running !== null) return this.#running.abort()
    this.#begun = ''
    lines.write(null, { ctrl: true, name: 'e' })
    lines.write(null, { ctrl: true, name: 'u' })
    process.stdout.write('\n')
    this.#prompt(lines)
  }

  async #answerCompletion(text: string, done: (error: null, completion: Completion) => void): Promise<void> {
    done(null, await this.#complete(text))
  }

  async #complete(text: string): Promise<Completion> {
    if (this.#begun === '' && text.startsWith('.')) {
      return [dotCommandNames.filter((name) => name.startsWith(text)), text]
    }
    try {
      // A statement that runs may have the session's connection for itself.
      if (this.#running === null) this.#names ??= await loadNames(this.#options.session)
      return this.#names === null ? [[], text] : complete(`${this.#begun}\n${text}`, this.#names)
    } catch {
      return [[], text]
    }
  }
}
