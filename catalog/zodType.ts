import type { $ZodNumberDef, $ZodType, $ZodTypes } from 'zod/v4/core'
import type { DataType } from '../src/base/dataType.ts'
import { EngineError } from '../src/base/errors.ts'

/** Whether a value is a schema of zod 4, zod/mini included, of whichever copy of zod. */
export function isZodType(value: unknown): value is $ZodType {
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
  readonly above: readonly $ZodType[]
}

function convert(schema: $ZodType, position: Position): DataType {
  if (position.above.includes(schema))
    throw unsupported(position, 'recursive', 'use z.json() for values of any depth')
  const { def } = (schema as $ZodTypes)._zod
  const inner = (child: $ZodType, step: string): DataType =>
    convert(child, { ...position, path: position.path + step, above: [...position.above, schema] })
  switch (def.type) {
    case 'string':
    case 'template_literal':
      return { kind: 'varchar' }
    case 'number':
      return numberType(def)
    case 'bigint':
      return { kind: 'format' in def && def.format === 'uint64' ? 'ubigint' : 'bigint' }
    case 'boolean':
      return { kind: 'boolean' }
    case 'date':
      return { kind: 'timestamp', as: 'date' }
    case 'any':
    case 'unknown':
      return { kind: 'json', as: 'parsed' }
    case 'null':
    case 'undefined':
    case 'void':
      return { kind: 'null' }
    case 'enum':
      return enumType(Object.values(def.entries), position)
    case 'literal':
      return enumType(def.values, position)
    case 'array':
      return { kind: 'list', item: inner(def.element, '[]') }
    case 'object': {
      const fields = Object.entries(def.shape).map(([name, field]) => ({
        name,
        type: inner(field, `.${name}`),
      }))
      if (fields.length === 0)
        throw unsupported(position, 'z.object() without a field', 'give it at least one field')
      return { kind: 'struct', fields }
    }
    case 'record':
    case 'map':
      return { kind: 'map', key: inner(def.keyType, '.key'), value: inner(def.valueType, '.value') }
    case 'union':
      return unionType(def.options, position, inner)
    case 'nullable':
    case 'optional':
    case 'nonoptional':
    case 'default':
    case 'prefault':
    case 'catch':
    case 'readonly':
      return inner(def.innerType, '')
    case 'lazy': {
      const target = def.getter()
      return isJsonUnion(target) ? { kind: 'json', as: 'parsed' } : inner(target, '')
    }
    default:
      throw unsupported(
        position,
        `z.${def.type}()`,
        insteadOf[def.type] ?? 'use a type in DuckDB\'s words, such as "BLOB"',
      )
  }
}

const insteadOf: Readonly<Record<string, string>> = {
  tuple: 'use z.object() with a name for each item, or z.array() if all have one type',
  set: 'use z.array()',
  intersection: 'use one z.object(), made with .extend()',
  pipe: 'use the schema that the transformation starts from, and transform in the handler',
  transform: 'use the schema of the values as they are, and transform in the handler',
  promise: 'use the schema of what the promise gives, and an async handler',
  custom: 'use a type in DuckDB\'s words, such as "BLOB" for bytes',
}

function numberType(def: $ZodNumberDef): DataType {
  const formats = new Set<unknown>([def, ...(def.checks ?? []).map((check) => check._zod.def)].map(formatOf))
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

function unionType(
  options: readonly $ZodType[],
  position: Position,
  inner: (option: $ZodType, step: string) => DataType,
): DataType {
  const types = options.map((option) => inner(option, '')).filter((type) => type.kind !== 'null')
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
function isJsonUnion(schema: $ZodType): boolean {
  const { def } = (schema as $ZodTypes)._zod
  if (def.type !== 'union') return false
  const kinds = def.options.map((option) => option._zod.def.type).toSorted()
  return kinds.join() === 'array,boolean,null,number,record,string'
}

function unsupported({ place, path }: Position, what: string, hint: string): EngineError {
  const at = path === '' ? '' : ` at ${path}`
  return new EngineError('DEFINITION_INVALID', `${place}${at} is ${what}, which has no type in DuckDB`, {
    hint,
  })
}
