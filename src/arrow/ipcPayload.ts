import type * as arrow from 'apache-arrow'
import type { DataType, Schema } from '../base/dataType.ts'
import { EngineError, isEngineError, messageOf } from '../base/errors.ts'
import { formatType } from '../base/formatType.ts'
import { dataTypeOfField, schemaOfArrow } from './arrowSchema.ts'
import { canRead, entryFields } from './arrowStorage.ts'
import type { Batch } from './column.ts'
import { library } from './library.ts'
import { checkFrames, type PayloadLimits } from './payloadFrames.ts'
import { checkData, checkStorage } from './payloadStorage.ts'
import { payloadWriterOf } from './payloadWriter.ts'
import { batchOf } from './table.ts'

/** Columns as one stream of Arrow's IPC format. */
export interface Payload {
  readonly fields: Schema
  readonly batches: readonly Batch[]
  /** Rows of all batches. */
  readonly length: number
}

/**
 * A batch as one stream of Arrow's IPC format, which has no dictionaries: enums go as text. Large columns are copied once.
 */
export function encodePayload(fields: Schema, batch: Batch): Uint8Array {
  return payloadWriterOf(fields).write(batch)
}

/**
 * The columns of a payload, from whomever it comes: what it claims is checked before it is decoded, all of it is copied, and no
 * claim takes more time or memory than its bytes are worth. `expected` are the types of its columns in order, whatever their names and
 * however Arrow keeps them; null for any. Throws ARROW_INVALID, and TYPE_UNSUPPORTED for a type that DuckDB has no like of.
 */
export function decodePayload(expected: Schema | null, bytes: Uint8Array, limits: PayloadLimits): Payload {
  try {
    const frames = checkFrames(bytes, limits)
    const reader = library.RecordBatchReader.from(bytes.subarray(0, frames.end)).open()
    const given = reader.schema.fields
    for (const { name, type } of given) checkStorage(type, name)
    const fields = expected === null ? schemaOfArrow(reader.schema) : fieldsAs(expected, given)
    const batches: Batch[] = []
    // apache-arrow makes up an empty batch where there is none.
    for (let batch = 0; batch < frames.batches; batch++) batches.push(nextBatch(reader, fields))
    return { fields, batches, length: frames.rows }
  } catch (error) {
    if (isEngineError(error)) throw error
    throw new EngineError('ARROW_INVALID', `the Arrow data cannot be read: ${messageOf(error)}`, {}, error)
  }
}

function nextBatch(reader: arrow.RecordBatchReader, fields: Schema): Batch {
  const next = reader.next()
  if (next instanceof Promise || !(next.value instanceof library.RecordBatch))
    throw new Error('a batch is missing')
  const batch: arrow.RecordBatch = next.value
  batch.data.children.forEach((data, index) => checkData(data, fields[index]?.name ?? ''))
  return batchOf(fields, batch)
}

/** The names that it has, with the types that are wanted. */
function fieldsAs(expected: Schema, given: readonly arrow.Field[]): Schema {
  if (given.length !== expected.length) {
    const names = given.map(({ name }) => `'${name}'`).join(', ')
    throw new EngineError(
      'ARROW_INVALID',
      `the Arrow data has ${given.length} columns instead of ${expected.length}: ${names}`,
    )
  }
  return expected.map(({ type }, index) => {
    const field = given[index]!
    if (isReadAs(type, field)) return { name: field.name, type }
    throw new EngineError(
      'ARROW_INVALID',
      `column '${field.name}' of the Arrow data is ${nameOf(field)} instead of ${formatType(type)}`,
    )
  })
}

function nameOf(field: arrow.Field): string {
  try {
    return formatType(dataTypeOfField(field))
  } catch {
    return String(field.type)
  }
}

function isReadAs(type: DataType, field: arrow.Field): boolean {
  return canRead(type, field.type) && hasNames(type, field.type)
}

/** Parts are read in their order, so that the names must be in the same. */
function hasNames(type: DataType, storage: arrow.DataType): boolean {
  if (library.DataType.isDictionary(storage)) return hasNames(type, storage.dictionary)
  const { children } = storage
  switch (type.kind) {
    case 'list':
    case 'array':
      return hasNames(type.item, children[0]!.type)
    case 'map': {
      const [key, value] = entryFields(storage)
      return hasNames(type.key, key!.type) && hasNames(type.value, value!.type)
    }
    case 'struct':
      return type.fields.every((field, index) => isNamedAs(field, children[index]!))
    case 'union':
      return type.members.every((member, index) => isNamedAs(member, children[index + 1]!))
    default:
      return true
  }
}

function isNamedAs({ name, type }: Schema[number], field: arrow.Field): boolean {
  return (name === '' || name === field.name) && hasNames(type, field.type)
}
