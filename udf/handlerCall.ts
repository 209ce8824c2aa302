import type { FunctionDefinition } from '../catalog/defineFunction.ts'
import type { HandlerContext } from '../catalog/handlerContext.ts'
import type { Batch } from '../src/arrow/column.ts'
import type { CallPlace } from './functionErrors.ts'
import type { Limiter } from './limiter.ts'
import type { RowErrors } from './rowErrors.ts'

/** One batch on its way through a handler. */
export interface HandlerCall {
  readonly definition: FunctionDefinition
  /** The rows that the handler is called for. */
  readonly batch: Batch
  readonly place: CallPlace
  readonly context: HandlerContext
  readonly rowErrors: RowErrors
  /** Room for calls that are waited for; null where nothing can be waited for. */
  readonly limiter: Limiter | null
}
