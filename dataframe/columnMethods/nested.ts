import { EngineError } from '../../src/base/errors.ts'
import { formatType } from '../../src/base/formatType.ts'
import type { Expr } from '../../src/expr/expr.ts'
import { literal } from '../../src/expr/factories.ts'
import { toExpr } from '../operand.ts'
import { sqlOfPieces } from '../sqlPieces.ts'
import { parsedType } from '../typeText.ts'
import { type ColumnMethods, scalar } from './methods.ts'

export type NestedMethodName =
  | 'listLength'
  | 'at'
  | 'slice'
  | 'listContains'
  | 'join'
  | 'field'
  | 'cast'
  | 'tryCast'

export const nestedMethods: ColumnMethods<NestedMethodName> = {
  listLength: (self) => scalar('len', self),
  at: (self, index) => scalar('list_extract', self, literal(sqlIndex(index, 'at'))),
  slice: (self, offset, length) => {
    const begin = sqlIndex(offset, 'slice')
    return scalar('list_slice', self, literal(begin), literal(sqlEnd(begin, length)))
  },
  listContains: (self, item) => scalar('list_contains', self, toExpr(item, 'listContains')),
  join: (self, separator) => scalar('array_to_string', self, toExpr(separator, 'join')),
  field: (self, name) => scalar('struct_extract', self, literal(name)),
  cast: (self, type) => castExpr(self, type, 'CAST'),
  tryCast: (self, type) => castExpr(self, type, 'TRY_CAST'),
}

/** SQL counts from 1; negative positions count from the end in both. */
function sqlIndex(index: number, method: string): number {
  if (Number.isSafeInteger(index)) return index < 0 ? index : index + 1
  throw new EngineError('WRONG_ARGUMENTS', `${method} takes a whole number, got ${String(index)}`)
}

/** Position of the last item, which SQL includes; -1 is that of the list. */
function sqlEnd(begin: number, length: number | undefined): number {
  if (length === undefined) return -1
  if (!Number.isSafeInteger(length) || length < 0) {
    throw new EngineError('WRONG_ARGUMENTS', `slice takes a length of 0 or more, got ${String(length)}`)
  }
  const end = begin + length - 1
  return begin < 0 ? Math.min(end, -1) : end
}

function castExpr(self: Expr, type: string, keyword: string): Expr {
  return sqlOfPieces(
    [`${keyword}(`, self, ` AS ${formatType(parsedType(type, keyword === 'CAST' ? 'cast' : 'tryCast'))})`],
    'row',
    false,
  )
}
