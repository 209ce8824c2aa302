import type { ExecutionProvider } from '../../../catalog/models/model.ts'
import { EngineError, messageOf } from '../../../src/base/errors.ts'

/** Why a session was not made, and what it was asked to run on. */
export interface LoadFailure {
  readonly thrown: unknown
  readonly providers: readonly ExecutionProvider[]
}

/** `label` names the model as messages do. */
export function loadFailed(label: string, path: string, { thrown, providers }: LoadFailure): EngineError {
  const reason = reasonOf(thrown)
  if (/File doesn't exist|open file .* fail|Permission denied/i.test(reason)) {
    return new EngineError('IO_FAILED', `${label} cannot be read from '${path}': ${reason}`, { path }, thrown)
  }
  const isMemory = lacksMemory(reason)
  if (providers.includes('cuda') && !isMemory && /cuda|cudnn|cublas|providers_shared/i.test(reason)) {
    const message = `${label} cannot run on CUDA, which this machine does not have: ${reason}`
    return new EngineError('PROVIDER_UNAVAILABLE', message, { path, hint: installCuda }, thrown)
  }
  if (isMemory) {
    const message = `${label} does not load, as there is too little memory: ${reason}`
    return new EngineError('MODEL_FAILED', message, { path }, thrown)
  }
  return new EngineError('MODEL_INVALID', invalidMessage(label, reason), { path }, thrown)
}

function lacksMemory(reason: string): boolean {
  return /bad_alloc|allocate memory|out of memory/i.test(reason)
}

const installCuda =
  "install NVIDIA's driver, CUDA 12, cuDNN 9, and the provider's libraries (npm install onnxruntime-node --onnxruntime-node-install=cuda12), or ask for executionProviders: ['cpu']"

function invalidMessage(label: string, reason: string): string {
  if (/Protobuf parsing failed|does not have a graph/.test(reason)) return `${label} is no ONNX model`
  const operator = /No Op registered for (\S+) with domain_version of (\d+)/.exec(reason)
  if (operator !== null) {
    return `${label} uses operator '${operator[1]}' of opset ${operator[2]}, which onnxruntime does not know`
  }
  const type = /^Unsupported data type: (\d+)/.exec(reason)
  if (type !== null) {
    return `${label} has an input or output with elements of type ${elementNames.get(Number(type[1])) ?? type[1]}, which onnxruntime-node does not take`
  }
  return `${label} does not load: ${reason}`
}

/** Element types of ONNX for which JavaScript has no arrays. */
const elementNames: ReadonlyMap<number, string> = new Map([
  [14, 'complex64'],
  [15, 'complex128'],
  [16, 'bfloat16'],
  [17, 'float8e4m3fn'],
  [18, 'float8e4m3fnuz'],
  [19, 'float8e5m2'],
  [20, 'float8e5m2fnuz'],
  [23, 'float4e2m1'],
])

/** A run that failed: MODEL_INPUT_INVALID for tensors that the model does not take, MODEL_FAILED for anything else. */
export function runFailed(label: string, thrown: unknown): EngineError {
  const reason = reasonOf(thrown)
  if (
    /invalid dimensions for input|Invalid rank for input|Unexpected input data type|is missing in 'feeds'|Invalid input name/i.test(
      reason,
    )
  ) {
    return new EngineError('MODEL_INPUT_INVALID', `${label} does not take its input: ${reason}`, {}, thrown)
  }
  const hint = lacksMemory(reason) ? { hint: 'lower batchSize, so that a run takes less memory' } : {}
  return new EngineError('MODEL_FAILED', `${label} failed: ${reason}`, hint, thrown)
}

/** What the runtime says, without the path and the places in its source. */
function reasonOf(thrown: unknown): string {
  return messageOf(thrown)
    .replace(/^Load model from [^]*? failed:/, '')
    .replaceAll(/\/onnxruntime_src\/\S+:\d+ [^]*?\)(?: const)? (?=[A-Z[])/g, '')
    .replaceAll(/\s+/g, ' ')
    .trim()
}
