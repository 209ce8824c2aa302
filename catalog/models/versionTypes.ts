import type { DataType, Field } from '../../src/base/dataType.ts'
import { EngineError } from '../../src/base/errors.ts'
import { formatType, sameType } from '../../src/base/formatType.ts'
import { checkInputs, checkOutput, fixedRows, inputsOfGraph, outputOfGraph } from './graphTypes.ts'
import type { ModelInterface, ModelPipeline, ModelVersion } from './model.ts'
import type { Registration } from './readRegistration.ts'
import type { TextModel } from './textModels.ts'

export type VersionTypes = Pick<ModelVersion, 'inputs' | 'output' | 'pipeline'>

/** The arguments and the result of a model with such a graph. Throws MODEL_INVALID for schemas that it does not fit. */
export function typesOfVersion(registration: Registration, graph: ModelInterface): VersionTypes {
  const { text } = registration
  return text === null ? tensorTypes(registration, graph) : textTypes(registration, text, graph)
}

/** Whether calls of one are calls of the other. */
export function sameTypes(
  a: Pick<ModelVersion, 'inputs' | 'output'>,
  b: Pick<ModelVersion, 'inputs' | 'output'>,
): boolean {
  return sameType(structOf(a.inputs), structOf(b.inputs)) && sameType(a.output, b.output)
}

function structOf(fields: readonly Field[]): DataType {
  return { kind: 'struct', fields }
}

function tensorTypes(registration: Registration, graph: ModelInterface): VersionTypes {
  const { name, inputs, output, preprocess, postprocess } = registration
  if (preprocess !== null && inputs === null) throw needsSchema(name, 'preprocess', 'inputSchema')
  if (postprocess !== null && output === null) throw needsSchema(name, 'postprocess', 'outputSchema')
  // What a function makes of columns or of tensors is its own affair.
  if (preprocess === null) fixedRows(graph)
  if (preprocess === null && inputs !== null) checkInputs(graph, inputs)
  if (postprocess === null && output !== null) checkOutput(graph, output)
  const pipeline: ModelPipeline = Object.freeze({ kind: 'tensors', preprocess, postprocess })
  return { inputs: inputs ?? inputsOfGraph(graph), output: output ?? outputOfGraph(graph), pipeline }
}

function textTypes(registration: Registration, text: TextModel, graph: ModelInterface): VersionTypes {
  const { name, preprocess, postprocess } = registration
  if (preprocess !== null || postprocess !== null) {
    const role = preprocess === null ? 'postprocess' : 'preprocess'
    throw new EngineError('CONFIG_INVALID', `model '${name}' has a ${role}, which text models do not take`)
  }
  text.check(graph)
  const inputs = registration.inputs ?? [{ name: 'text', type: { kind: 'varchar' } }]
  if (inputs.length !== 1 || inputs[0]?.type.kind !== 'varchar') {
    const given = `(${inputs.map((input) => `${input.name} ${formatType(input.type)}`).join(', ')})`
    throw new EngineError(
      'MODEL_INVALID',
      `model '${name}' is a text model, which takes one VARCHAR, but its inputSchema is ${given}`,
    )
  }
  const output = text.outputOf(graph)
  if (registration.output !== null && !sameType(registration.output, output)) {
    throw new EngineError(
      'MODEL_INVALID',
      `model '${name}' gives ${formatType(output)}, but its outputSchema is ${formatType(registration.output)}`,
    )
  }
  return { inputs, output, pipeline: text.pipeline }
}

function needsSchema(name: string, role: string, schema: string): EngineError {
  return new EngineError('MODEL_INVALID', `model '${name}' has a ${role} and no ${schema}`, {
    hint: `give ${schema}: what a ${role} ${role === 'preprocess' ? 'takes' : 'gives'} is not in the model`,
  })
}
