import type { DataType } from '../src/base/dataType.ts'

const numericKinds: ReadonlySet<string> = new Set(
  `tinyint smallint integer bigint hugeint utinyint usmallint uinteger ubigint uhugeint float double decimal bignum`.split(
    ' ',
  ),
)

/** Whether values of a type are numbers. */
export function isNumeric({ kind }: DataType): boolean {
  return numericKinds.has(kind)
}
