import { scalar, withSession } from '../openSession.ts'
import type { NumberedModels } from './deployModels.ts'

export interface ModelsInTurn extends NumberedModels {
  /** Sessions that may be loaded at once. */
  readonly sessions: number
  /** Uses in all, of one model after the other. */
  readonly uses: number
  /** Of each use. */
  readonly rows: number
}

/** Uses models in turn that another process has deployed; each answers with its own number. */
export async function task({ state, models, sessions, uses, rows }: ModelsInTurn): Promise<void> {
  await withSession(
    { modelSessions: sessions },
    async (session) => {
      for (let use = 0; use < uses; use++) {
        const number = use % models
        const call = `catalog_call('model.numbered_${number}', id::FLOAT)`
        const sum = await scalar(session, `SELECT sum(${call} - id) FROM range(${rows}) rows(id)`)
        if (Number(sum) === number * rows) continue
        throw new Error(`model ${number} gave ${String(sum)} for ${rows} rows`)
      }
    },
    { functions: [], state },
  )
}
