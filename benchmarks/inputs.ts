import { access } from 'node:fs/promises'
import { join } from 'node:path'
import type { FigureOptions } from './figure.ts'
import { inChild } from './inChild.ts'
import type { InputRequest } from './tasks/makeInput.ts'
import type { TextsRequest } from './tasks/makeTexts.ts'

/** Parquet of `id` and `amount`. */
export async function makeDoubles({ rows, directory }: FigureOptions): Promise<string> {
  return make({ kind: 'doubles', rows, path: join(directory, `doubles-${rows}.parquet`) })
}

/** Zstd parquet of `id`, `amount` and `memo`, 40 to 200 characters. */
export async function makeMemos({ rows, directory }: FigureOptions): Promise<string> {
  return make({ kind: 'memos', rows, path: join(directory, `memos-${rows}.parquet`) })
}

/** Zstd parquet of `id` and `text`, 100 bytes each. */
export async function makeStrings({ rows, directory }: FigureOptions): Promise<string> {
  return make({ kind: 'strings', rows, path: join(directory, `strings-${rows}.parquet`) })
}

/** Parquet of `id` and `x`, a FLOAT[384]. */
export async function makeVectors({ rows, directory }: FigureOptions): Promise<string> {
  return make({ kind: 'vectors', rows, path: join(directory, `vectors-${rows}.parquet`) })
}

/** Parquet of `id` and `text`, of the READMEs in `node_modules`. */
export async function makeTexts(
  { rows, directory }: FigureOptions,
  request: Pick<TextsRequest, 'kind' | 'tokenizer'>,
): Promise<string> {
  const path = join(directory, `texts-${request.kind}-${rows}.parquet`)
  if (!(await exists(path))) await inChild('makeTexts', { ...request, rows, path })
  return path
}

/** In another process: what DuckDB needs to write a file is not what the figure's own work needs. */
async function make(request: InputRequest): Promise<string> {
  const { path } = request
  if (!(await exists(path))) await inChild('makeInput', request)
  return path
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
