import { currentCall } from '../catalog/currentCall.ts'
import type {
  CallFunction,
  HandlerContext,
  HandlerLog,
  LogLine,
  StartupContext,
  Usage,
} from '../catalog/handlerContext.ts'
import { RowError } from '../catalog/rowError.ts'
import { createSecret, missingSecret } from '../catalog/secret.ts'
import { abortSignalOf } from '../src/base/cancellation.ts'
import { EngineError, messageOf } from '../src/base/errors.ts'
import type { Redact } from '../src/base/redact.ts'
import type { CallEvent } from './callEvents.ts'
import { type CallPlace, subjectOf } from './functionErrors.ts'
import { plainFields } from './plainFields.ts'
import type { RowErrors } from './rowErrors.ts'

/** What the handler of one batch gets. `rows`: those that it is called for; `redact`: takes secrets out of what it says. */
export function createHandlerContext(
  rows: number,
  place: CallPlace,
  { rowErrors, redact }: { readonly rowErrors: RowErrors; readonly redact: Redact },
): HandlerContext {
  const { signature, context: scope } = place
  const { name, version, style } = signature
  const tell = (event: CallEvent): void => scope.observer({ function: name, version }, event)
  const callRows = callerFor(place)
  const context: HandlerContext = Object.freeze({
    function: name,
    version,
    attempt: scope.attempt,
    batch: scope.batch,
    firstRow: scope.firstRow,
    rows: style === 'row' ? 1 : rows,
    metadata: scope.metadata,
    state: scope.state,
    deadline: scope.deadline,
    get signal() {
      return abortSignalOf(scope.signal)
    },
    secrets: secretsFor(place),
    log: createLog(tell, redact),
    span: createSpan(tell, place, redact, () => context),
    reportUsage: (usage: Usage) => tell(usageEvent(place, usage, redact)),
    rowError: (problem: unknown, row?: number) => {
      const error = new RowError(problem)
      rowErrors.made(error, row)
      return error
    },
    callRows,
    call: ((other: string, ...args: readonly unknown[]) =>
      answered(callRows(other, [args]).then(([result]) => result))) as CallFunction,
  })
  return context
}

/** What the `onStartup` of a function gets; `signal` aborts when the place closes that it prepares. */
export function createStartupContext(
  place: CallPlace,
  { signal, redact }: { readonly signal: AbortSignal; readonly redact: Redact },
): StartupContext {
  const { name, version } = place.signature
  const tell = (event: CallEvent): void => place.context.observer({ function: name, version }, event)
  return Object.freeze({
    function: name,
    version,
    secrets: secretsFor(place),
    log: createLog(tell, redact),
    signal,
  })
}

function callerFor(place: CallPlace): HandlerContext['callRows'] {
  const { signature, context } = place
  const chain = [...(context.chain ?? []), signature.name]
  return (other, rows) =>
    answered(
      context.call === undefined
        ? Promise.reject(notHere(place, other))
        : context.call({ function: other, rows, chain }),
    )
}

/** A handler that does not wait for a call does not learn how it ended. */
function answered<Result>(calling: Promise<Result>): Promise<Result> {
  calling.catch(() => undefined)
  return calling
}

function notHere(place: CallPlace, other: string): EngineError {
  const message = `${subjectOf(place)} called function '${other}' where it runs inside DuckDB and cannot wait for it`
  return new EngineError('FUNCTION_RETURNED_PROMISE', message, {
    function: place.signature.name,
    version: place.signature.version,
    hint: 'declare its handler async, so that it is called outside DuckDB: async ({ … }) => { … }',
  })
}

function secretsFor({ signature, context }: CallPlace): HandlerContext['secrets'] {
  if (signature.secrets.length === 0) return noSecrets
  const entries = signature.secrets.map((name) => {
    const value = context.secrets?.[name]
    if (value === undefined) throw missingSecret(name, signature)
    return [name, createSecret(name, value)] as const
  })
  return Object.freeze(Object.fromEntries(entries))
}

const noSecrets: HandlerContext['secrets'] = Object.freeze({})

type Tell = (event: CallEvent) => void

function createLog(tell: Tell, redact: Redact): HandlerLog {
  const line =
    (level: Extract<CallEvent, { kind: 'log' }>['level']): LogLine =>
    (message, fields = {}) =>
      tell({ kind: 'log', level, message: redact(message), fields: plainFields(fields, redact) })
  return Object.freeze(
    Object.assign(line('info'), {
      debug: line('debug'),
      info: line('info'),
      warn: line('warn'),
      error: line('error'),
    }),
  )
}

function createSpan(
  tell: Tell,
  { context: { batch, firstRow, attempt } }: CallPlace,
  redact: Redact,
  contextOf: () => HandlerContext,
): HandlerContext['span'] {
  let spans = 0
  return (name, work) => {
    const context = contextOf()
    const around = currentCall.getStore()
    const parent = around?.context === context ? around.span : null
    const id = ++spans
    const started = Date.now()
    const begun = performance.now()
    const end = (error: string | null): void =>
      tell({
        kind: 'span',
        batch,
        firstRow,
        attempt,
        id,
        parent,
        name: redact(name),
        started,
        milliseconds: performance.now() - begun,
        error,
      })
    const fail = (thrown: unknown): void => end(redact(messageOf(thrown)))
    try {
      const result = currentCall.run({ context, span: id }, work)
      if (result instanceof Promise) void result.then(() => end(null), fail)
      else end(null)
      return result
    } catch (thrown) {
      fail(thrown)
      throw thrown
    }
  }
}

function usageEvent(place: CallPlace, { key, ...given }: Usage, redact: Redact): CallEvent {
  const units: Record<string, number> = {}
  for (const [unit, amount] of Object.entries(given)) {
    if (typeof amount !== 'number' || !Number.isFinite(amount) || amount < 0) {
      throw new EngineError(
        'WRONG_ARGUMENTS',
        `${subjectOf(place)} reported usage of ${String(amount)} ${unit}; it must be a number, 0 or more`,
        { function: place.signature.name, version: place.signature.version },
      )
    }
    const shown = redact(unit)
    units[shown] = (units[shown] ?? 0) + amount
  }
  return { kind: 'usage', key: key === undefined ? null : redact(key), units }
}
