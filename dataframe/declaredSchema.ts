import { resolveType } from '../catalog/resolveType.ts'
import type { DataType, Schema } from '../src/base/dataType.ts'
import { EngineError } from '../src/base/errors.ts'
import { formatType } from '../src/base/formatType.ts'
import type { NamedExpr } from '../src/expr/expr.ts'
import { column } from '../src/expr/factories.ts'
import { describe } from './operand.ts'
import { applyVerb, type Relation } from './relation.ts'
import { sqlOfPieces } from './sqlPieces.ts'

/** The columns of a schema that a caller declares: names to types, or a zod object. */
export function declaredSchema(schema: unknown, place: string): Schema {
  if (typeof schema !== 'object' || schema === null || Array.isArray(schema)) {
    throw new EngineError(
      'WRONG_ARGUMENTS',
      `${place}: schema takes types by name, got ${describe(schema)}`,
      {
        hint: "schema: { memo: 'VARCHAR', amount: 'DOUBLE' }",
      },
    )
  }
  const fields = '_zod' in schema ? zodFields(schema, place) : typedFields(schema, place)
  for (const { name, type } of fields) checkPlain(type, `${place}: column '${name}'`)
  return fields
}

function typedFields(schema: object, place: string): Schema {
  return Object.entries(schema).map(([name, type]) => ({
    name,
    type: resolveType(type, `${place}: column '${name}'`),
  }))
}

function zodFields(schema: object, place: string): Schema {
  const type = resolveType(schema, `${place}: schema`)
  if (type.kind === 'struct') return type.fields
  throw new EngineError('WRONG_ARGUMENTS', `${place}: schema is no z.object({ … })`)
}

/** Rows come out of DuckDB with its types alone: a schema cannot turn their values into others. */
function checkPlain(type: DataType, place: string): void {
  if ('as' in type && (type.as === 'number' || type.as === 'parsed')) {
    throw new EngineError(
      'TYPE_UNSUPPORTED',
      `${place}: values of ${formatType(type)} are not read as ${type.as === 'parsed' ? 'parsed JSON' : 'numbers'}`,
      {
        hint: `declare it as '${formatType(type)}'`,
      },
    )
  }
  const inner =
    type.kind === 'list' || type.kind === 'array'
      ? [type.item]
      : type.kind === 'struct'
        ? type.fields.map((field) => field.type)
        : type.kind === 'map'
          ? [type.key, type.value]
          : []
  for (const part of inner) checkPlain(part, place)
}

/** A relation whose columns are those of a schema, cast to their types. */
export function asDeclared(relation: Relation, schema: Schema | null): Relation {
  if (schema === null) return relation
  const items = schema.map(
    ({ name, type }): NamedExpr => ({
      name,
      expr: sqlOfPieces(['CAST(', column(name), ` AS ${formatType(type)})`], 'row', false),
    }),
  )
  return applyVerb({ kind: 'project', items }, [relation])
}
