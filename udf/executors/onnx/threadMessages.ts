import type { ModelBinding, ModelInterface } from '../../../catalog/models/model.ts'
import type { Batch, ColumnData } from '../../../src/arrow/column.ts'
import type { encodeError } from '../../../src/base/errors.ts'
import type { PipelineContext } from './pipeline.ts'

type EncodedError = ReturnType<typeof encodeError>

/** What a thread is there for: to serve a model, or to look at one. */
export type ThreadJob =
  | { readonly kind: 'serve'; readonly binding: ModelBinding }
  | { readonly kind: 'inspect'; readonly path: string }

/** What a thread is started with. */
export interface ThreadData {
  readonly job: ThreadJob
  /** That of its `RunLatch`. */
  readonly latch: SharedArrayBuffer
}

/** One batch for a thread; it works on them in the order in which they come. */
export interface BatchTask {
  readonly id: number
  readonly batch: Batch
  readonly context: Omit<PipelineContext, 'signal'>
}

/** What a thread is told. */
export type ThreadOrder =
  | ({ readonly kind: 'batch' } & BatchTask)
  | { readonly kind: 'cancel'; readonly id: number }
  /** To release its session and end, once it has nothing to work on. */
  | { readonly kind: 'end' }

/** What a thread says. */
export type ThreadReport =
  | { readonly kind: 'loaded' }
  | { readonly kind: 'inspected'; readonly graph: ModelInterface }
  | { readonly kind: 'notLoaded'; readonly error: EncodedError }
  | {
      readonly kind: 'done'
      readonly id: number
      readonly column: ColumnData
      readonly failures: readonly { readonly row: number; readonly error: EncodedError }[]
    }
  | { readonly kind: 'failed'; readonly id: number; readonly error: EncodedError }
