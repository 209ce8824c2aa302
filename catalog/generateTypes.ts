import type { DataType, Field } from '../src/base/dataType.ts'
import type { CatalogSnapshot, FunctionSignature } from './function.ts'

/**
 * The text of a `catalog.d.ts` that tells the compiler the functions of a catalog: it merges into `CatalogFunctions`. Results
 * have the types that rows of a result have; arguments also those that DuckDB casts to the function's.
 */
export function generateCatalogTypes({ functions }: CatalogSnapshot): string {
  const entries = [...functions.values()]
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map(
      (signature) => `${documentation(signature)}    ${propertyName(signature.name)}: ${entry(signature)}\n`,
    )
  return [
    '// Written by `callplane types`. Write it again when functions change.\n',
    'export {}\n',
    '\n',
    "declare module 'callplane' {\n",
    '  interface CatalogFunctions {\n',
    ...entries,
    '  }\n',
    '}\n',
  ].join('')
}

function documentation({ description }: FunctionSignature): string {
  return description === null
    ? ''
    : `    /** ${description.replaceAll('*/', '* /').replaceAll(/\s*\n\s*/g, ' ')} */\n`
}

function entry({ inputs, output }: FunctionSignature): string {
  const args = inputs
    .map(({ name, type }) => `${label(name)}: ${widened[type.kind] ?? valueType(type)} | null`)
    .join(', ')
  return `{ args: [${args}]; result: ${valueType(output)} | null }`
}

/** Words of TypeScript that cannot label an item of a tuple. */
const reservedLabels: ReadonlySet<string> = new Set(
  `break case catch class const continue debugger default delete do else enum export extends finally for if in instanceof
  return super switch throw try var while with`.split(/\s+/),
)

function label(name: string): string {
  return reservedLabels.has(name) ? `${name}_` : name
}

const number = 'number | bigint'
const timestamp = 'bigint | number | Date'

/** What may stand where a function takes such a type, beside its own values: DuckDB casts numbers to wider ones. */
const widened: Readonly<Partial<Record<DataType['kind'], string>>> = {
  bigint: number,
  ubigint: number,
  hugeint: number,
  uhugeint: number,
  bignum: number,
  float: number,
  double: number,
  decimal: 'string | number | bigint',
  date: 'number | Date',
  timestamp,
  timestamp_s: timestamp,
  timestamp_ms: timestamp,
  timestamp_ns: timestamp,
  timestamp_tz: timestamp,
}

function valueType(type: DataType): string {
  switch (type.kind) {
    case 'null':
      return 'null'
    case 'boolean':
      return 'boolean'
    case 'tinyint':
    case 'smallint':
    case 'integer':
    case 'utinyint':
    case 'usmallint':
    case 'uinteger':
    case 'float':
    case 'double':
      return 'number'
    case 'bigint':
    case 'ubigint':
    case 'hugeint':
    case 'uhugeint':
    case 'bignum':
    case 'time':
    case 'time_ns':
      return 'bigint'
    case 'date':
    case 'timestamp':
    case 'timestamp_s':
    case 'timestamp_ms':
    case 'timestamp_ns':
    case 'timestamp_tz':
      return 'Date'
    case 'time_tz':
      return '{ micros: bigint; offset: number }'
    case 'varchar':
    case 'json':
    case 'uuid':
    case 'bit':
    case 'decimal':
      return 'string'
    case 'blob':
    case 'geometry':
      return 'Uint8Array'
    case 'interval':
      return '{ months: number; days: number; micros: bigint }'
    case 'enum':
      return type.values.map(quoted).join(' | ')
    case 'list':
    case 'array':
      return `(${valueType(type.item)} | null)[]`
    case 'struct':
      return `{ ${type.fields.map(member).join('; ')} }`
    case 'map':
      return `Map<${valueType(type.key)}, ${valueType(type.value)} | null>`
    case 'union':
      return type.members
        .map(({ name, type: value }) => `{ tag: ${quoted(name)}; value: ${valueType(value)} | null }`)
        .join(' | ')
  }
}

function member({ name, type }: Field): string {
  return `${propertyName(name)}: ${valueType(type)} | null`
}

function propertyName(name: string): string {
  return /^[a-z_$][\w$]*$/i.test(name) ? name : quoted(name)
}

function quoted(text: string): string {
  return `'${JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`
}
