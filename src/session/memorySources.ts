import type { MemoryContent } from '../../dataframe/planRunner.ts'
import type { BatchStream } from '../arrow/batchStream.ts'
import { BufferedStream } from '../arrow/bufferedStream.ts'
import type { Batch } from '../arrow/column.ts'
import { encodeColumn } from '../arrow/encode.ts'
import { inferSchema } from '../arrow/inferSchema.ts'
import { readIpcFiles } from '../arrow/ipcFile.ts'
import { batchesOfTable } from '../arrow/table.ts'
import type { Schema } from '../base/dataType.ts'
import { EngineError } from '../base/errors.ts'
import type { MemorySource } from '../plan/plan.ts'
import type { SessionResources } from './sessionResources.ts'

/** Rows that are encoded at a time. */
const ROWS_PER_BATCH = 8192

/** Keeps rows that came from JavaScript or Arrow in scratch tables: each content once, for as long as somebody holds it. */
export class MemorySources {
  readonly #resources: SessionResources
  readonly #sources = new WeakMap<MemoryContent, Promise<MemorySource>>()
  readonly #unheld: FinalizationRegistry<string>

  constructor(resources: SessionResources) {
    this.#resources = resources
    // The session may be closed by then, and its tables with it.
    this.#unheld = new FinalizationRegistry(
      (table) => void resources.scratch.drop(table).catch(() => undefined),
    )
  }

  async sourceOf(content: MemoryContent): Promise<MemorySource> {
    const known = this.#sources.get(content)
    if (known !== undefined) return known
    const made = this.#store(content)
    this.#sources.set(content, made)
    const source = await made
    this.#unheld.register(content, source.id)
    return source
  }

  async #store(content: MemoryContent): Promise<MemorySource> {
    const id = this.#resources.newRelation()
    await this.#resources.scratch.fill(id, await open(content))
    return { kind: 'memory', id }
  }
}

async function open(content: MemoryContent): Promise<BatchStream> {
  switch (content.kind) {
    case 'arrow': {
      const { schema, batches } = batchesOfTable(content.table)
      return new BufferedStream(schema, batches)
    }
    case 'arrowFiles':
      return readIpcFiles(content.paths)
    case 'rows': {
      const schema = content.schema ?? inferSchema(content.rows)
      return new BufferedStream(schema, [...encodeRows(content.rows, schema)])
    }
  }
}

function* encodeRows(rows: readonly object[], schema: Schema): Generator<Batch> {
  if (schema.length === 0)
    throw new EngineError('WRONG_ARGUMENTS', 'rows without a column make no DataFrame', {
      hint: 'give a schema',
    })
  for (let from = 0; from < rows.length; from += ROWS_PER_BATCH) {
    const part = rows.slice(from, from + ROWS_PER_BATCH)
    const columns = schema.map(({ name, type }) => {
      const values = part.map((row) => (row as Readonly<Record<string, unknown>>)[name])
      return encodeColumn(type, values, (row, problem) => {
        throw new EngineError(
          'WRONG_ARGUMENTS',
          `column '${name}' of row ${from + row} is no value of its type: ${problem}`,
          {
            column: name,
            row: from + row,
          },
        )
      })
    })
    yield { length: part.length, columns }
  }
}
