import { serveDataFrames } from './session/defaultSession.ts'

export type { CatalogFunctions } from '../catalog/catalogFunctions.ts'
export { defineFunction, type FunctionDefinition } from '../catalog/defineFunction.ts'
export type { CatalogSnapshot, FunctionSignature } from '../catalog/function.ts'
export { ScalingGroup, type ScalingGroupDefinition } from '../catalog/groups/defineScalingGroup.ts'
export type { ScalingGroupOptions } from '../catalog/groups/scalingGroupOptions.ts'
export type { HandlerContext, HandlerLog, StartupContext, Usage } from '../catalog/handlerContext.ts'
export type {
  ModelArtifact,
  ModelDeployment,
  ModelInterface,
  ModelRuntime,
  ModelVersion,
  TensorInfo,
} from '../catalog/models/model.ts'
export type { DeployOptions, ModelSummary, RegisterModelOptions } from '../catalog/models/modelRegistry.ts'
export {
  type TextModel,
  textClassification,
  textEmbedding,
} from '../catalog/models/textModels.ts'
export {
  CircuitBreakerPolicy,
  ConcurrencyPolicy,
  RateLimitPolicy,
  RetryPolicy,
} from '../catalog/policy/factories.ts'
export type { RowError } from '../catalog/rowError.ts'
export type { Secret } from '../catalog/secret.ts'
export type { Column, ColumnLike } from '../dataframe/column.ts'
export { DataFrame } from '../dataframe/dataFrame.ts'
export { F } from '../dataframe/functions.ts'
export type { QueryResult, RunOptions } from '../dataframe/planRunner.ts'
export type { ScanOptions } from '../dataframe/scanRelation.ts'
export { _ } from '../dataframe/underscore.ts'
export { when } from '../dataframe/when.ts'
export type { WriteOptions } from '../dataframe/writeRequest.ts'
export type { DataType, Field, Schema } from './base/dataType.ts'
export { type ErrorCode, type ErrorKind } from './base/errorCodes.ts'
export { EngineError, type ErrorDetails, isEngineError } from './base/errors.ts'
export {
  closeDefaultSession,
  configureDefaultSession,
  defaultSession,
  deployModel,
  registerModelVersion,
} from './session/defaultSession.ts'
export type { Result } from './session/result.ts'
export { type QueryOptions, Session, type SessionOptions } from './session/session.ts'
export type { SessionModels } from './session/sessionModels.ts'
export type { SessionSettings } from './session/settings.ts'

serveDataFrames()
