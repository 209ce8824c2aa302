import { unreachable } from '../base/errors.ts'
import { quoteIdentifier, quoteLiteral } from '../expr/render.ts'
import type { FileSource, TableSource } from './plan.ts'

/** A source as it is written after FROM. */
export function renderSource(source: FileSource | TableSource): string {
  switch (source.kind) {
    case 'table':
      return source.name.map(quoteIdentifier).join('.')
    case 'parquet':
    case 'csv':
    case 'json': {
      const paths = `[${source.paths.map(quoteLiteral).join(', ')}]`
      const options = Object.entries(source.options).map(
        ([name, value]) =>
          `${quoteIdentifier(name)} = ${typeof value === 'string' ? quoteLiteral(value) : value}`,
      )
      return `read_${source.kind}(${[paths, ...options].join(', ')})`
    }
    default:
      return unreachable(source)
  }
}
