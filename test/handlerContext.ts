import { defineFunction } from '../catalog/defineFunction.ts'
import type { HandlerContext } from '../catalog/handlerContext.ts'
import { registerFunction } from '../catalog/registerFunction.ts'
import { unobserved } from '../udf/callEvents.ts'
import { invokeHandlerSync } from '../udf/invokeHandler.ts'

/** A context as handlers get it, for tests that call a handler themselves. */
export function handlerContext(): HandlerContext {
  const seen: HandlerContext[] = []
  const definition = defineFunction({
    name: 'f',
    input: {},
    output: 'INTEGER',
    handler: (_, context) => {
      seen.push(context)
      return 1
    },
  })
  const scope = {
    batch: 0,
    firstRow: 0,
    signal: new AbortController().signal,
    metadata: null,
    attempt: 1,
    deadline: null,
    reportsRows: false,
    observer: unobserved,
  }
  invokeHandlerSync(registerFunction(definition, null), { length: 1, columns: [] }, scope)
  return seen[0]!
}
