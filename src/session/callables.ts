import type { FunctionSignature } from '../../catalog/function.ts'
import type { LoadedDefinitions } from '../../catalog/loadModules.ts'
import type { RegisteredFunction } from '../../catalog/registerFunction.ts'
import type { OnnxExecutor, OnnxOptions } from '../../udf/executors/onnx/onnx.ts'
import { AnnouncedFunctions } from './announcedFunctions.ts'
import { createModelExecutor } from './modelExecutor.ts'
import { SessionCatalog } from './sessionCatalog.ts'
import { SessionModels } from './sessionModels.ts'
import type { SessionState } from './sessionState.ts'
import type { Settings } from './settings.ts'

export interface CallablesOptions extends Pick<OnnxOptions, 'releaseMemory'> {
  readonly definitions: LoadedDefinitions
  readonly settings: Settings
  readonly state: SessionState
  /** Of relative paths. */
  readonly baseDirectory: string
  /** Lets SQL call one more function than those known from the start. */
  announce(signature: FunctionSignature): Promise<void>
}

/** All that can be called, with what runs models for it; no database. */
export class Callables {
  readonly catalog: SessionCatalog
  readonly models: SessionModels
  readonly onnx: OnnxExecutor
  /** What SQL knows from the start. */
  readonly known: readonly FunctionSignature[]

  constructor({ definitions, settings, state, baseDirectory, announce, ...options }: CallablesOptions) {
    const { functions } = definitions
    this.known = functions.map(({ signature }) => signature)
    this.onnx = createModelExecutor(settings, options)
    this.catalog = new SessionCatalog({ functions, retire: (retired) => this.#retire(retired) })
    this.models = new SessionModels({
      state,
      catalog: this.catalog,
      executor: this.onnx,
      baseDirectory,
      announced: new AnnouncedFunctions(this.known, announce),
    })
  }

  async close(): Promise<void> {
    await this.onnx.close()
  }

  #retire({ signature: { model } }: RegisteredFunction): void {
    if (model !== null) void this.onnx.retire(model)
  }
}
