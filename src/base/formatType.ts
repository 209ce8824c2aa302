import { type DataType, type Field, isSimpleType, type SimpleKind } from './dataType.ts'
import { formatIdentifier } from './identifier.ts'

const names: Readonly<Partial<Record<SimpleKind, string>>> = {
  null: '"NULL"',
  time_tz: 'TIME WITH TIME ZONE',
  timestamp_tz: 'TIMESTAMP WITH TIME ZONE',
}

/** A type as DuckDB prints it: `STRUCT(a INTEGER, b VARCHAR)[]`. */
export function formatType(type: DataType): string {
  if (isSimpleType(type)) return names[type.kind] ?? type.kind.toUpperCase()
  switch (type.kind) {
    case 'decimal':
      return `DECIMAL(${type.width},${type.scale})`
    case 'enum':
      return `ENUM(${type.values.map((value) => `'${value.replaceAll("'", "''")}'`).join(', ')})`
    case 'list':
      return `${formatType(type.item)}[]`
    case 'array':
      return `${formatType(type.item)}[${type.size}]`
    case 'struct':
      return `STRUCT(${formatFields(type.fields)})`
    case 'map':
      return `MAP(${formatType(type.key)}, ${formatType(type.value)})`
    case 'union':
      return `UNION(${formatFields(type.members)})`
  }
}

/** An unnamed struct, such as that of `row(1, 2)` and `list_zip`, has empty names. */
function formatFields(fields: readonly Field[]): string {
  const unnamed = fields.every(({ name }) => name === '')
  return fields
    .map(({ name, type }) => (unnamed ? formatType(type) : `${formatIdentifier(name)} ${formatType(type)}`))
    .join(', ')
}

/** Whether two types are the same to DuckDB; how a handler sees their values (`as`) does not count. */
export function sameType(a: DataType, b: DataType): boolean {
  if (isSimpleType(a)) return a.kind === b.kind
  switch (a.kind) {
    case 'decimal':
      return b.kind === 'decimal' && a.width === b.width && a.scale === b.scale
    case 'enum':
      return (
        b.kind === 'enum' &&
        (a.values === b.values ||
          (a.values.length === b.values.length && a.values.every((value, code) => value === b.values[code])))
      )
    case 'list':
      return b.kind === 'list' && sameType(a.item, b.item)
    case 'array':
      return b.kind === 'array' && a.size === b.size && sameType(a.item, b.item)
    case 'struct':
      return b.kind === 'struct' && sameFields(a.fields, b.fields)
    case 'map':
      return b.kind === 'map' && sameType(a.key, b.key) && sameType(a.value, b.value)
    case 'union':
      return b.kind === 'union' && sameFields(a.members, b.members)
  }
}

function sameFields(a: readonly Field[], b: readonly Field[]): boolean {
  return (
    a.length === b.length &&
    a.every(({ name, type }, index) => {
      const other = b[index]
      return other !== undefined && name === other.name && sameType(type, other.type)
    })
  )
}
