import type { DataType, Field } from '../../src/base/dataType.ts'
import type { ModuleReference } from '../moduleReference.ts'

/** Element types of tensors, as onnxruntime names them. */
export type TensorType =
  | 'float16'
  | 'float32'
  | 'float64'
  | 'int8'
  | 'int16'
  | 'int32'
  | 'int64'
  | 'uint8'
  | 'uint16'
  | 'uint32'
  | 'uint64'
  | 'bool'
  | 'string'

/** An input or output of a model's graph. */
export interface TensorInfo {
  readonly name: string
  readonly type: TensorType
  /** Size of each dimension; a name, perhaps empty, for one that may be of any size. */
  readonly shape: readonly (number | string)[]
}

/** What a model's graph takes and gives. */
export interface ModelInterface {
  readonly inputs: readonly TensorInfo[]
  readonly outputs: readonly TensorInfo[]
}

/** A file of a model version. */
export interface ModelArtifact {
  readonly path: string
  /** SHA-256 of its content, in hex. */
  readonly digest: string
  readonly bytes: number
}

export type Pooling = 'mean' | 'cls' | 'none'

/** The arguments are the model's inputs by their names, the result its output, or a struct of them. */
export interface TensorPipeline {
  readonly kind: 'tensors'
  /** Makes tensors of columns; null where columns are tensors. */
  readonly preprocess: ModuleReference | null
  /** Makes values of tensors. */
  readonly postprocess: ModuleReference | null
}

export interface TextEmbeddingPipeline {
  readonly kind: 'textEmbedding'
  readonly pooling: Pooling
  /** Whether embeddings get the length 1. */
  readonly normalize: boolean
  /** Tokens of a text at most; null for what the tokenizer's files say. */
  readonly maxLength: number | null
  /** Put before each text. */
  readonly prefix: string
}

export interface TextClassificationPipeline {
  readonly kind: 'textClassification'
  readonly labels: readonly string[]
  readonly maxLength: number | null
  readonly prefix: string
}

/** How rows become tensors and tensors become results. */
export type ModelPipeline = TensorPipeline | TextEmbeddingPipeline | TextClassificationPipeline

/** One version of a model as the registry keeps it. It never changes. */
export interface ModelVersion {
  readonly name: string
  /** From 1. */
  readonly version: number
  /** Milliseconds since 1970. */
  readonly created: number
  readonly model: ModelArtifact
  /** Other files, by their roles: `tokenizer`, or the names of files with weights of the model. */
  readonly artifacts: Readonly<Record<string, ModelArtifact>>
  /** The arguments of a call, in order. */
  readonly inputs: readonly Field[]
  readonly output: DataType
  readonly graph: ModelInterface
  readonly pipeline: ModelPipeline
  /** JSON. */
  readonly metadata: Readonly<Record<string, unknown>>
}

export type ExecutionProvider = 'cpu' | 'cuda'

/** How the sessions of a deployed model run. */
export interface ModelRuntime {
  /** Sessions that are loaded before the first call. */
  readonly minSessions: number
  /** Sessions at most, each in a thread of its own. */
  readonly maxSessions: number
  /** Threads that one run uses. */
  readonly intraOpNumThreads: number
  /** In order of preference. */
  readonly executionProviders: readonly ExecutionProvider[]
  /** The device of a provider that has several. */
  readonly deviceId: number
  /** Bytes of the device's memory that a session may take; null for no limit. */
  readonly deviceMemory: number | null
  /** Bytes of memory that a session is taken to need; null or absent for as many as its files have. */
  readonly memory?: number | null
  readonly graphOptimizationLevel: 'disabled' | 'basic' | 'extended' | 'all'
  /** Rows of one run at most. */
  readonly batchSize: number
}

/** What a model's name stands for while it serves: one version, and how it runs. */
export interface ModelBinding {
  readonly version: ModelVersion
  readonly runtime: ModelRuntime
}

/** That a group serves a version. Each change makes a revision of its own. */
export interface ModelDeployment {
  /** The name of its function is `model.<group>`. */
  readonly group: string
  /** From 1. */
  readonly revision: number
  readonly model: string
  readonly version: number
  readonly runtime: ModelRuntime
  /** Milliseconds since 1970. */
  readonly created: number
}
