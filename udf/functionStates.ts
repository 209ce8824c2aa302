import type { FunctionDefinition } from '../catalog/defineFunction.ts'
import type { RegisteredFunction } from '../catalog/registerFunction.ts'
import { EngineError, isEngineError, messageOf } from '../src/base/errors.ts'
import { createRedactor, type Redact } from '../src/base/redact.ts'
import { untilAborted } from './abort.ts'
import type { CallObserver } from './callEvents.ts'
import type { HandlerScope } from './executor.ts'
import { endsTheQuery } from './functionErrors.ts'
import { createStartupContext } from './handlerContext.ts'
import { redactError } from './redactError.ts'

/** An `onShutdown` that threw or did not end in time. */
export interface ShutdownFailure {
  readonly function: string
  readonly version: number
  readonly message: string
}

/** A function that has a state here, or is about to. */
interface Stateful {
  readonly registered: RegisteredFunction
  readonly redact: Redact
  readonly observer: CallObserver
  readonly starting: Promise<unknown>
  /** Null until it is there. */
  state: { readonly value: unknown } | null
}

/**
 * The states of functions in one place: a session's main thread, a thread of the pool, a process. A function's `onStartup` runs
 * before its first call there; calls that come meanwhile wait for it too. One that fails is forgotten, so that the next call tries again.
 */
export class FunctionStates {
  readonly #functions = new Map<FunctionDefinition, Stateful>()
  readonly #closing = new AbortController()
  readonly #report: (failure: ShutdownFailure, observer: CallObserver) => void
  #calls = 0
  #idle: () => void = () => {}

  /** `report` is told of each `onShutdown` that fails, with the observer of the call that started the function. */
  constructor(report: (failure: ShutdownFailure, observer: CallObserver) => void) {
    this.#report = report
  }

  /** Whether there is something to shut down. */
  get hasShutdowns(): boolean {
    return [...this.#functions.keys()].some(({ onShutdown }) => onShutdown !== null)
  }

  /** Whether the function can be called without waiting. */
  isReady({ definition }: RegisteredFunction): boolean {
    return definition.onStartup === null || this.#functions.get(definition)?.state != null
  }

  /**
   * Calls `work` with the function's state in its scope, without waiting where there is none or it is there already. Fails with
   * FUNCTION_FAILED where `onStartup` does, with SECRET_MISSING, or with the signal's reason.
   */
  run<Result>(
    registered: RegisteredFunction,
    scope: HandlerScope,
    work: (scope: HandlerScope) => Result | Promise<Result>,
  ): Result | Promise<Result> {
    if (registered.definition.onStartup === null) return work(scope)
    const known = this.#functions.get(registered.definition)?.state ?? null
    if (known !== null) return this.#work(() => work({ ...scope, state: known.value }))
    return this.prepare(registered, scope).then((prepared) => this.#work(() => work(prepared)))
  }

  /** The scope with the function's state. Fails as `run` does. */
  async prepare(registered: RegisteredFunction, scope: HandlerScope): Promise<HandlerScope> {
    if (registered.definition.onStartup === null) return scope
    const stateful = this.#functions.get(registered.definition) ?? this.#start(registered, scope)
    return { ...scope, state: await untilAborted(scope.signal, stateful.starting) }
  }

  /** A call that needs its state until it says that it has ended. */
  enter(): () => void {
    this.#calls++
    return () => {
      if (--this.#calls === 0) this.#idle()
    }
  }

  /**
   * Waits for the calls that use states, though no longer than half of `patience` milliseconds, then shuts all down, those that started
   * last first, and waits for the rest of it. Never fails.
   */
  async close(patience: number): Promise<void> {
    this.#closing.abort()
    const left = new Set(this.#functions.values())
    if (left.size === 0) return
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<'late'>((resolve) => {
      timer = setTimeout(resolve, patience, 'late')
    })
    const ended = await Promise.race([this.#shutDown(left, patience / 2), late])
    clearTimeout(timer)
    if (ended !== 'late') return
    for (const stateful of left) {
      if (stateful.registered.definition.onShutdown === null) continue
      this.#tell(stateful, `did not end within ${patience} ms`)
    }
  }

  #start(registered: RegisteredFunction, scope: HandlerScope): Stateful {
    const { definition, signature } = registered
    const redact = createRedactor(scope.secrets ?? {})
    const place = { signature, context: scope, rows: 0, called: null }
    const begin = async (): Promise<unknown> => {
      const context = createStartupContext(place, { signal: this.#closing.signal, redact })
      return definition.onStartup?.(context)
    }
    const starting = begin().then(
      (value) => {
        stateful.state = { value }
        return value
      },
      (thrown: unknown) => {
        this.#functions.delete(definition)
        throw startupFailed(registered, thrown, redact)
      },
    )
    // Whoever waits for it may have been cancelled.
    starting.catch(() => undefined)
    const stateful: Stateful = { registered, redact, observer: scope.observer, starting, state: null }
    this.#functions.set(definition, stateful)
    return stateful
  }

  #work<Result>(work: () => Result | Promise<Result>): Result | Promise<Result> {
    const leave = this.enter()
    let result: Result | Promise<Result>
    try {
      result = work()
    } catch (error) {
      leave()
      throw error
    }
    if (result instanceof Promise) return result.finally(leave)
    leave()
    return result
  }

  async #shutDown(left: Set<Stateful>, callPatience: number): Promise<void> {
    if (this.#calls > 0) {
      await new Promise<void>((resolve) => {
        this.#idle = resolve
        setTimeout(resolve, callPatience).unref()
      })
    }
    const shutDown = async (stateful: Stateful): Promise<void> => {
      try {
        if (stateful.state === null) await stateful.starting.catch(() => undefined)
        if (stateful.state !== null) {
          await stateful.registered.definition.onShutdown?.(stateful.state.value)
        }
      } catch (thrown) {
        this.#tell(stateful, `failed: ${messageOf(thrown)}`)
      }
      left.delete(stateful)
    }
    await Promise.all([...left].toReversed().map(shutDown))
  }

  #tell({ registered: { signature }, redact, observer }: Stateful, problem: string): void {
    const { name, version } = signature
    const message = redact(`onShutdown of function '${name}' ${problem}`)
    this.#report({ function: name, version, message }, observer)
  }
}

function startupFailed({ signature }: RegisteredFunction, thrown: unknown, redact: Redact): EngineError {
  if (isEngineError(thrown) && endsTheQuery(thrown)) return thrown
  const { name, version } = signature
  const stack = thrown instanceof Error && thrown.stack !== undefined ? { functionStack: thrown.stack } : {}
  const message = `onStartup of function '${name}' failed: ${messageOf(thrown)}`
  const details = { function: name, version, during: 'onStartup', ...stack } as const
  return redactError(new EngineError('FUNCTION_FAILED', message, details, thrown), redact)
}
