import type { DataType, Field } from '../src/base/dataType.ts'
import { checkDefinition } from './checkDefinition.ts'
import type { BatchingPolicy, HandlerContext, HandlerStyle, NullHandling, Volatility } from './function.ts'
import { resolveType } from './resolveType.ts'
import type { HandlerInput, HandlerOutput, InputShape, TypeLike } from './valueTypes.ts'

/** Copies of the package know each other's definitions by it. */
const brand = Symbol.for('callplane.FunctionDefinition')

/** The style that `batching` and `format` ask for. */
export type StyleOf<Batching, Format> = Format extends 'arrow'
  ? 'arrow'
  : Batching extends object
    ? 'batch'
    : 'row'

/** What a handler returns: results, or a promise of them. */
export type HandlerResult<Output extends TypeLike, Style extends HandlerStyle> =
  | HandlerOutput<Output, Style>
  | PromiseLike<HandlerOutput<Output, Style>>

/** What {@link defineFunction} takes. */
export interface DefinitionOptions<
  Input extends InputShape,
  Output extends TypeLike,
  Nulls extends NullHandling,
  Batching extends Partial<BatchingPolicy> | undefined,
  Format extends 'arrow' | undefined,
  Result extends HandlerResult<Output, StyleOf<Batching, Format>>,
> {
  /** Letters, digits and `_`, at most one `.`; distinct in the catalog, letter case aside. */
  readonly name: string
  readonly description?: string
  /** Column name to type, in the order of the arguments. */
  readonly input: Input
  /** Type of the result; a handler may return null whatever it is. */
  readonly output: Output
  /**
   * Gets one row and returns its value; with `batching` a list a column, and returns as many values as there are rows; with
   * `format: 'arrow'` an Arrow table, and returns a Vector.
   */
  readonly handler: (
    input: HandlerInput<Input, Nulls, StyleOf<Batching, Format>>,
    context: HandlerContext,
  ) => Result
  /** Rows to gather for a call: at most `maxBatchingSize` (default 10), for `maxBufferDuration` milliseconds (default 1000). */
  readonly batching?: Batching
  readonly format?: Format
  /** What may be shared, cached and reordered. Default `'immutable'`. */
  readonly volatility?: Volatility
  /** `'propagate'`: a row with a null argument is null and not called. Default `'call'`. */
  readonly nullHandling?: Nulls
  /** Where staged calls run: `'main'` thread or a `'pool'` of threads. Default: async handlers and closures on main. */
  readonly executor?: 'main' | 'pool'
  /** Microseconds a row takes; the planner runs cheap predicates first. */
  readonly costPerRow?: number
  /** Share of rows, 0 to 1, for which a boolean result is true. */
  readonly selectivity?: number
}

/** A checked definition; {@link defineFunction} makes it. Frozen. */
export interface FunctionDefinition<
  Input extends InputShape = InputShape,
  Output extends TypeLike = TypeLike,
> {
  readonly name: string
  readonly description: string | null
  readonly inputs: readonly Field[]
  readonly output: DataType
  readonly style: HandlerStyle
  readonly volatility: Volatility
  readonly nullHandling: NullHandling
  readonly batching: BatchingPolicy | null
  /** Whether the handler is an async function. */
  readonly async: boolean
  readonly executor: 'main' | 'pool' | null
  readonly costPerRow: number | null
  readonly selectivity: number | null
  /** A method, so that handlers of any input can stand here. */
  handler(input: unknown, context: HandlerContext): unknown
  /** Present in types only. */
  readonly types?: { readonly input: Input; readonly output: Output }
}

const batchingDefaults: BatchingPolicy = { maxBatchingSize: 10, maxBufferDuration: 1000 }

/**
 * Defines a catalog function. Throws DEFINITION_INVALID for options that are incomplete or contradict themselves and
 * NAME_INVALID for a name that SQL could not write.
 */
export function defineFunction<
  const Input extends InputShape,
  const Output extends TypeLike,
  const Nulls extends NullHandling = 'call',
  const Batching extends Partial<BatchingPolicy> | undefined = undefined,
  const Format extends 'arrow' | undefined = undefined,
  // A parameter, so that literals keep their types in results of handlers without parameters.
  const Result extends HandlerResult<Output, StyleOf<Batching, Format>> = HandlerResult<
    Output,
    StyleOf<Batching, Format>
  >,
>(
  options: DefinitionOptions<Input, Output, Nulls, Batching, Format, Result>,
): FunctionDefinition<Input, Output> {
  checkDefinition(options)
  const { name, input, output, batching, format } = options
  const inputs = Object.entries(input).map(([column, type]) =>
    Object.freeze({ name: column, type: resolveType(type, `function '${name}': input '${column}'`) }),
  )
  return Object.freeze({
    [brand]: true,
    name,
    description: options.description ?? null,
    inputs: Object.freeze(inputs),
    output: resolveType(output, `function '${name}': output`),
    style: format ?? (batching === undefined ? 'row' : 'batch'),
    volatility: options.volatility ?? 'immutable',
    nullHandling: options.nullHandling ?? 'call',
    batching: batching === undefined ? null : Object.freeze({ ...batchingDefaults, ...batching }),
    async: Object.prototype.toString.call(options.handler) === '[object AsyncFunction]',
    executor: options.executor ?? null,
    costPerRow: options.costPerRow ?? null,
    selectivity: options.selectivity ?? null,
    handler: options.handler,
  })
}

/** Holds across copies of the package. */
export function isFunctionDefinition(value: unknown): value is FunctionDefinition {
  return typeof value === 'object' && value !== null && brand in value
}
