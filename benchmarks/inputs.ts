import { access } from 'node:fs/promises'
import { join } from 'node:path'
import type { FigureOptions } from './figure.ts'
import { inChild } from './inChild.ts'
import type { InputRequest } from './tasks/makeInput.ts'

/** Parquet of `id` and `amount`. */
export async function makeDoubles({ rows, directory }: FigureOptions): Promise<string> {
  return make({ kind: 'doubles', rows, path: join(directory, `doubles-${rows}.parquet`) })
}

/** Zstd parquet of `id`, `amount` and `memo`, 40 to 200 characters. */
export async function makeMemos({ rows, directory }: FigureOptions): Promise<string> {
  return make({ kind: 'memos', rows, path: join(directory, `memos-${rows}.parquet`) })
}

/** In another process: what DuckDB needs to write a file is not what the figure's own work needs. */
async function make(request: InputRequest): Promise<string> {
  const { path } = request
  const exists = await access(path).then(
    () => true,
    () => false,
  )
  if (!exists) await inChild('makeInput', request)
  return path
}
