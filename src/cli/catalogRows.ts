import { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import type { FunctionSignature } from '../../catalog/function.ts'
import type { ModelBinding } from '../../catalog/models/model.ts'
import type { Schema } from '../base/dataType.ts'
import { formatType } from '../base/formatType.ts'
import type { RowSource } from './formats/rowSource.ts'
import { counted } from './progress.ts'

const text = { kind: 'varchar' } as const

const listed: Schema = ['function', 'result', 'volatility', 'description'].map((name) => ({
  name,
  type: text,
}))

/** A row a function: its name with its arguments, and what it returns. */
export function functionRows(functions: Iterable<FunctionSignature>): RowSource {
  const signatures = [...functions].toSorted((a, b) => (a.name < b.name ? -1 : 1))
  return rowsOf(
    listed,
    signatures.map((signature) => [
      formatCall(signature),
      formatType(signature.output),
      signature.volatility,
      signature.description,
    ]),
  )
}

const properties: Schema = ['property', 'value'].map((name) => ({ name, type: text }))

/** A row for each property of a function. */
export function describeFunction(signature: FunctionSignature): RowSource {
  const { version, output, inputs, batching, module, model } = signature
  return rowsOf(properties, [
    ['name', signature.name],
    ['version', String(version)],
    ['description', signature.description],
    ...inputs.map(({ name, type }) => [`argument ${name}`, formatType(type)]),
    ['result', formatType(output)],
    ['volatility', signature.volatility],
    ['nulls', nullsOf(signature)],
    ['handler', model === null ? `${signature.async ? 'async, ' : ''}${handled[signature.style]}` : null],
    [
      'batching',
      batching === null ? null : `${batching.maxBatchingSize} rows or ${batching.maxBufferDuration} ms`,
    ],
    ['executor', signature.executor],
    ['module', module === null ? null : `${fileURLToPath(module.url)} (${module.exportName})`],
    ...(model === null ? [] : describeModel(model)),
  ])
}

function nullsOf({ nullHandling, model }: FunctionSignature): string {
  if (nullHandling === 'propagate') return 'give null'
  if (model === null) return 'reach the handler'
  const { pipeline } = model.version
  return pipeline.kind === 'tensors' && pipeline.preprocess !== null ? 'reach its preprocess' : 'fail'
}

function describeModel({ version, runtime }: ModelBinding): readonly (readonly [string, string])[] {
  const { minSessions, maxSessions, intraOpNumThreads, executionProviders, batchSize } = runtime
  return [
    ['model', `${version.name}, version ${version.version}`],
    ['sessions', minSessions === maxSessions ? String(maxSessions) : `${minSessions} to ${maxSessions}`],
    ['threads', `${counted(intraOpNumThreads, 'thread')} a session, on ${executionProviders.join(' or ')}`],
    ['runs', `${counted(batchSize, 'row')} at most`],
  ]
}

const handled: Readonly<Record<FunctionSignature['style'], string>> = {
  row: 'a row at a time',
  batch: 'a list a column',
  arrow: 'an Arrow table',
}

function formatCall({ name, inputs }: FunctionSignature): string {
  return `${name}(${inputs.map((input) => `${input.name} ${formatType(input.type)}`).join(', ')})`
}

/** Rows of values in the order of the columns. */
export function rowsOf(schema: Schema, rows: readonly (readonly unknown[])[]): RowSource {
  const chunk = { length: rows.length, columns: schema.map((_, column) => rows.map((row) => row[column])) }
  return { schema, chunks: Readable.from([chunk]) }
}
