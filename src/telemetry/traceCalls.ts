import type { Attributes } from '@opentelemetry/api'
import type { RegisteredFunction } from '../../catalog/registerFunction.ts'
import type { CallResult, Interceptor, InvokeContext } from '../../udf/executor.ts'
import { inTrace } from '../../udf/traceCarrier.ts'
import { attribute } from './attributes.ts'
import { HandlerSpans } from './handlerSpans.ts'
import { openSpanBelow } from './openSpan.ts'

/** A span for each batch, with all its attempts; it stands around whatever makes several of one. */
export const traceBatches: Interceptor = (next) => async (registered, batch, context) => {
  if (context.trace == null) return next(registered, batch, context)
  const span = openSpanBelow(context.trace, {
    name: `batch ${registered.signature.name}`,
    attributes: describeBatch(registered, batch.length, context),
  })
  try {
    const result = await next(registered, batch, { ...context, trace: span.carrier })
    span.end(null, describeFailures(result))
    return result
  } catch (error) {
    span.end(error)
    throw error
  }
}

/** A span for each attempt, and below it one for each that its handler measures; it stands right around the executor. */
export const traceAttempts: Interceptor = (next) => async (registered, batch, context) => {
  if (context.trace == null) return next(registered, batch, context)
  const { name, executor } = registered.signature
  const span = openSpanBelow(context.trace, {
    name: `attempt ${name}`,
    attributes: {
      ...describeBatch(registered, batch.length, context),
      [attribute.attempt]: context.attempt,
      [attribute.executor]: executor,
    },
  })
  const { carrier } = span
  if (carrier === null) return next(registered, batch, context)
  const handlerSpans = new HandlerSpans()
  const traced = { ...context, trace: carrier, observer: handlerSpans.observer(context.observer) }
  try {
    const result = await inTrace(carrier, () => next(registered, batch, traced))
    handlerSpans.record(carrier)
    span.end(null, describeFailures(result))
    return result
  } catch (error) {
    handlerSpans.record(carrier)
    span.end(error)
    throw error
  }
}

function describeBatch({ signature }: RegisteredFunction, rows: number, context: InvokeContext): Attributes {
  return {
    [attribute.function]: signature.name,
    [attribute.version]: signature.version,
    [attribute.batch]: context.batch,
    [attribute.firstRow]: context.firstRow,
    [attribute.rows]: rows,
  }
}

function describeFailures({ failures }: CallResult): Attributes {
  return failures.length === 0 ? {} : { [attribute.failedRows]: failures.length }
}
