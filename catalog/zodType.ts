import type { $ZodNumberDef, $ZodType, $ZodTypes } from 'zod/v4/core'
import type { DataType } from '../src/base/dataType.ts'
import { EngineError } from '../src/base/errors.ts'

/** Whether a value is a schema of zod 4, zod/mini included, of whichever copy of zod. */
export function isZodType(value: unknown): value is $ZodTypes {
  return typeof value === 'object' && value !== null && '_zod' in value
}

/**
 * The DuckDB type that holds the values of a schema. Its checks (`min`, `email`, `refine`, …) describe values; they are not
 * run. `place` starts the message of an error: `function 'f': input 'memo'`.
 */
export function zodToDataType(schema: $ZodType, place: string): DataType {
  return convert(schema, { place, path: '', above: [] })
}

interface Position {
  readonly place: string
  /** From the outermost schema to this one: `[].kind`. */
  readonly path: string
  readonly above: readonly unknown[]
}

const parsedJson: DataType = { kind: 'json', as: 'parsed' }

const plainTypes: Readonly<Partial<Record<$ZodTypes['_zod']['def']['type'], DataType>>> = {
  string: { kind: 'varchar' },
  template_literal: { kind: 'varchar' },
  boolean: { kind: 'boolean' },
  date: { kind: 'timestamp', as: 'date' },
  any: parsedJson,
  unknown: parsedJson,
  null: { kind: 'null' },
  undefined: { kind: 'null' },
  void: { kind: 'null' },
}

function convert(schema: unknown, position: Position): DataType {
  if (position.above.includes(schema))
    throw unsupported(position, 'recursive', 'use z.json() for values of any depth')
  if (!isZodType(schema)) throw unsupported(position, 'no schema', 'use a schema of zod 4')
  const { _zod: internals } = schema
  const { def } = internals
  const inner = (child: unknown, step: string): DataType =>
    convert(child, { ...position, path: position.path + step, above: [...position.above, schema] })

  const plain = plainTypes[def.type]
  if (plain !== undefined) return plain
  if (def.type === 'number') return numberType(def)
  if (def.type === 'bigint') return { kind: formatOf(def) === 'uint64' ? 'ubigint' : 'bigint' }
  if (def.type === 'enum') return enumType(Object.values(def.entries), position)
  if (def.type === 'literal') return enumType(def.values, position)
  if (def.type === 'array') return { kind: 'list', item: inner(def.element, '[]') }
  if (def.type === 'record' || def.type === 'map') {
    return { kind: 'map', key: inner(def.keyType, '.key'), value: inner(def.valueType, '.value') }
  }
  if (def.type === 'object') {
    const fields = Object.entries(def.shape).map(([name, field]) => ({
      name,
      type: inner(field, `.${name}`),
    }))
    if (fields.length === 0)
      throw unsupported(position, 'z.object() without a field', 'give it at least one field')
    return { kind: 'struct', fields }
  }
  if (def.type === 'union')
    return unionType(
      def.options.map((option) => inner(option, '')),
      position,
    )
  if (def.type === 'lazy') {
    const target = def.getter()
    return isJsonUnion(target) ? parsedJson : inner(target, '')
  }
  const instead = insteadOf[def.type]
  if (instead !== undefined) throw unsupported(position, `z.${def.type}()`, instead)
  if ('innerType' in def) return inner(def.innerType, '')
  throw unsupported(position, `z.${def.type}()`, 'use a type in DuckDB\'s words, such as "BLOB"')
}

const insteadOf: Readonly<Record<string, string>> = {
  tuple: 'use z.object() with a name for each item, or z.array() if all have one type',
  set: 'use z.array()',
  intersection: 'use one z.object(), made with .extend()',
  pipe: 'use the schema that the transformation starts from, and transform in the handler',
  transform: 'use the schema of the values as they are, and transform in the handler',
  success: 'use z.boolean()',
  promise: 'use the schema of what the promise gives, and an async handler',
  custom: 'use a type in DuckDB\'s words, such as "BLOB" for bytes',
}

function numberType(def: $ZodNumberDef): DataType {
  const formats = new Set<unknown>(
    [def, ...(def.checks ?? []).map(({ _zod: internals }) => internals.def)].map(formatOf),
  )
  if (formats.has('int32')) return { kind: 'integer' }
  if (formats.has('uint32')) return { kind: 'uinteger' }
  if (formats.has('float32')) return { kind: 'float' }
  return formats.has('safeint') ? { kind: 'bigint', as: 'number' } : { kind: 'double' }
}

function formatOf(def: object): unknown {
  return 'format' in def ? def.format : undefined
}

function enumType(values: readonly unknown[], position: Position): DataType {
  const present = values.filter((value) => value !== null && value !== undefined)
  const texts = present.filter((value) => typeof value === 'string')
  if (texts.length < present.length) {
    const kind = typeof present.find((value) => typeof value !== 'string')
    throw unsupported(position, `an enumeration with a ${kind}`, `use z.${kind}(), or strings only`)
  }
  return texts.length === 0 ? { kind: 'null' } : { kind: 'enum', values: [...new Set(texts)] }
}

function unionType(options: readonly DataType[], position: Position): DataType {
  const types = options.filter((type) => type.kind !== 'null')
  const [first] = types
  if (first === undefined) return { kind: 'null' }
  const enums = types.filter((type) => type.kind === 'enum')
  if (enums.length === types.length) {
    return { kind: 'enum', values: [...new Set(enums.flatMap(({ values }) => values))] }
  }
  const text = JSON.stringify(first)
  if (types.every((type) => JSON.stringify(type) === text)) return first
  throw unsupported(
    position,
    'z.union() of several types',
    'use z.object() with a nullable field for each, z.json(), or a type in DuckDB\'s words, such as "UNION(number DOUBLE, text VARCHAR)"',
  )
}

/** `z.json()` has no type of its own: it is a lazy union whose lists and records hold the union again. */
function isJsonUnion(schema: unknown): boolean {
  if (!isZodType(schema)) return false
  const { _zod: internals } = schema
  if (internals.def.type !== 'union') return false
  const kinds = internals.def.options.map(({ _zod: option }) => option.def.type).toSorted()
  return kinds.join() === 'array,boolean,null,number,record,string'
}

function unsupported({ place, path }: Position, what: string, hint: string): EngineError {
  const at = path === '' ? '' : ` at ${path}`
  return new EngineError('DEFINITION_INVALID', `${place}${at} is ${what}, which has no type in DuckDB`, {
    hint,
  })
}
