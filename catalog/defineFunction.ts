import type { DataType, Field } from '../src/base/dataType.ts'
import { callRemote } from './callRemote.ts'
import { checkDefinition } from './checkDefinition.ts'
import type { HandlerStyle, NullHandling, Volatility } from './function.ts'
import type { HandlerContext, StartupContext } from './handlerContext.ts'
import { definitionPlace } from './policy/place.ts'
import type { BatchingPolicy, CallPolicies } from './policy/policies.ts'
import type { PolicyOptions } from './policy/policyOptions.ts'
import { type BatchingOptions, type CostOf, readBatching } from './policy/readBatching.ts'
import { readPolicies } from './policy/readPolicies.ts'
import { type ResourceOptions, readResources } from './policy/readResources.ts'
import { resolveType } from './resolveType.ts'
import type {
  ColumnValue,
  HandlerInput,
  HandlerOutput,
  InputShape,
  ItemStream,
  ListOf,
  OutputValue,
  Row,
  TypeLike,
} from './valueTypes.ts'

/** Copies of the package know each other's definitions by it. */
const brand = Symbol.for('callplane.FunctionDefinition')

/** The style that `batching` and `format` ask for. */
export type StyleOf<Batching, Format> = Format extends 'arrow'
  ? 'arrow'
  : Batching extends object
    ? 'batch'
    : 'row'

/** What a handler returns: results, a promise of them, or one after the other as an async generator. */
export type HandlerResult<Output extends TypeLike, Style extends HandlerStyle> =
  | HandlerOutput<Output, Style>
  | PromiseLike<HandlerOutput<Output, Style>>
  | (Style extends 'row' ? ItemStream<OutputValue<Output>> : never)

/** The type of a call's result: of what is yielded SQL sees a list. */
export type ResultType<Output extends TypeLike, Result> = [Result] extends [AsyncGenerator<unknown, unknown>]
  ? ListOf<Output>
  : Output

/** What {@link defineFunction} takes. */
export interface DefinitionOptions<
  Input extends InputShape,
  Output extends TypeLike,
  Nulls extends NullHandling,
  Batching extends BatchingOptions<Row<Input, Nulls>> | undefined,
  Format extends 'arrow' | undefined,
  Result extends HandlerResult<Output, StyleOf<Batching, Format>>,
  SecretName extends string,
  State,
> extends PolicyOptions {
  /** Letters, digits and `_`, at most one `.`; distinct in the catalog, letter case aside. */
  readonly name: string
  readonly description?: string
  /** Column name to type, in the order of the arguments. */
  readonly input: Input
  /** Type of the result, of an item where the handler is an async generator; a handler may return null whatever it is. */
  readonly output: Output
  /**
   * Gets one row and returns its value; with `batching` a list a column, and returns as many values as there are rows; with
   * `format: 'arrow'` an Arrow table, and returns a Vector. An async generator (`async function*`) gets one row and yields the
   * items of its result.
   */
  readonly handler: (
    input: HandlerInput<Input, Nulls, StyleOf<Batching, Format>>,
    context: HandlerContext<SecretName, NoInfer<State>>,
  ) => Result
  /**
   * Runs once in each place that calls the handler, before the first call there: the main thread, each thread of the pool, each
   * process. What it gives is `context.state` of the handler; the compiler knows its type if it is written above the handler. If it
   * fails, the calls that need it fail with FUNCTION_FAILED, and the next one tries again.
   */
  readonly onStartup?: (context: StartupContext<SecretName>) => State | PromiseLike<State>
  /** Gets what `onStartup` gave when the place closes. All that close with it have a second. */
  readonly onShutdown?: (state: NoInfer<State>) => unknown
  /**
   * Rows to gather for a call: at most `maxBatchingSize` (default 10, or `'auto'`), for `maxBufferDuration` milliseconds (default
   * 1000); also by `maxBytes` of the arguments, or by `maxCost`, as `costOf` counts a row.
   */
  readonly batching?: Batching
  readonly format?: Format
  /** What may be shared, cached and reordered. Default `'immutable'`. */
  readonly volatility?: Volatility
  /** `'propagate'`: a row with a null argument is null and not called. Default `'call'`. */
  readonly nullHandling?: Nulls
  /** Where staged calls run: `'main'` thread or a `'pool'` of threads. Default: async handlers and closures on main. */
  readonly executor?: 'main' | 'pool'
  /**
   * `'process'`: the handler runs in child processes, so that a crash ends its calls with WORKER_LOST and nothing else. It must be
   * exported from a module.
   */
  readonly isolation?: 'process'
  /**
   * The scaling group whose replicas host the function: its staged calls go there. It must be exported from a module.
   */
  readonly scalingGroup?: string
  /** What each of its processes may take, `{ memory: '1GB' }`: one that takes more is ended. Default: no limit. */
  readonly resources?: ResourceOptions
  /** Microseconds a row takes; the planner runs cheap predicates first. */
  readonly costPerRow?: number
  /** Share of rows, 0 to 1, for which a boolean result is true. */
  readonly selectivity?: number
  /** Names of secrets that the session or the environment gives: `context.secrets.NAME.reveal()`. */
  readonly secrets?: readonly SecretName[]
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
  /** What a row counts towards `batching.maxCost`; null without that. */
  readonly costOf: CostOf | null
  readonly policies: CallPolicies
  /** Whether the handler is an async function or generator. */
  readonly async: boolean
  /** Whether the handler is an async generator. */
  readonly streams: boolean
  readonly secrets: readonly string[]
  readonly executor: 'main' | 'pool' | null
  readonly isolation: 'process' | null
  /** Name of the group whose replicas host it; null where it runs here. */
  readonly scalingGroup: string | null
  /** Bytes; null for any number. */
  readonly memoryLimit: number | null
  readonly costPerRow: number | null
  readonly selectivity: number | null
  /** A method, so that handlers of any input can stand here. */
  handler(input: unknown, context: HandlerContext): unknown
  readonly onStartup: OnStartup | null
  readonly onShutdown: OnShutdown | null
  /** Calls the function for one row from within another's handler, as `context.call` does with its name. */
  remote(input: RemoteInput<Input>): Promise<ColumnValue<Output>>
  /** Present in types only. */
  readonly types?: { readonly input: Input; readonly output: Output }
}

/** Declared so that functions of any secrets and state can stand here. */
export type OnStartup = { start(context: StartupContext): unknown }['start']
export type OnShutdown = { stop(state: unknown): unknown }['stop']

/** A row of arguments; what is left out is null. */
export type RemoteInput<Input extends InputShape> = {
  readonly [Name in keyof Input]?: OutputValue<Input[Name]> | undefined
}

/**
 * Defines a catalog function. Throws DEFINITION_INVALID for options that are incomplete or contradict themselves and
 * NAME_INVALID for a name that SQL could not write.
 */
export function defineFunction<
  const Input extends InputShape,
  const Output extends TypeLike,
  const Nulls extends NullHandling = 'call',
  const Batching extends BatchingOptions<Row<Input, Nulls>> | undefined = undefined,
  const Format extends 'arrow' | undefined = undefined,
  // A parameter, so that literals keep their types in results of handlers without parameters.
  const Result extends HandlerResult<Output, StyleOf<Batching, Format>> = HandlerResult<
    Output,
    StyleOf<Batching, Format>
  >,
  const SecretName extends string = never,
  State = undefined,
>(
  options: DefinitionOptions<Input, Output, Nulls, Batching, Format, Result, SecretName, State>,
): FunctionDefinition<Input, ResultType<Output, Result>> {
  checkDefinition(options)
  const { name, input, output, batching, format } = options
  const inputs = Object.entries(input).map(([column, type]) =>
    Object.freeze({ name: column, type: resolveType(type, `function '${name}': input '${column}'`) }),
  )
  const kind = Object.prototype.toString.call(options.handler)
  const streams = kind === '[object AsyncGeneratorFunction]'
  const type = resolveType(output, `function '${name}': output`)
  const place = definitionPlace(name)
  const volatility = options.volatility ?? 'immutable'
  const async = streams || kind === '[object AsyncFunction]'
  return Object.freeze({
    [brand]: true,
    name,
    description: options.description ?? null,
    inputs: Object.freeze(inputs),
    output: streams ? Object.freeze({ kind: 'list', item: type } as const) : type,
    style: format ?? (batching === undefined ? 'row' : 'batch'),
    volatility,
    nullHandling: options.nullHandling ?? 'call',
    batching: batching === undefined ? null : readBatching({ value: batching, name: 'batching', place }),
    costOf: batching?.costOf ?? null,
    policies: readPolicies({ ...options }, place, { volatility, async }),
    async,
    streams,
    secrets: Object.freeze([...(options.secrets ?? [])]),
    executor: options.executor ?? null,
    isolation: options.isolation ?? null,
    scalingGroup: options.scalingGroup ?? null,
    memoryLimit: readResources({ value: options.resources, name: 'resources', place }).memory,
    costPerRow: options.costPerRow ?? null,
    selectivity: options.selectivity ?? null,
    handler: options.handler,
    onStartup: options.onStartup ?? null,
    onShutdown: options.onShutdown ?? null,
    remote: (row: RemoteInput<Input>) =>
      callRemote<ColumnValue<ResultType<Output, Result>>>(name, inputs, row),
  })
}

/** Holds across copies of the package. */
export function isFunctionDefinition(value: unknown): value is FunctionDefinition {
  return typeof value === 'object' && value !== null && brand in value
}
