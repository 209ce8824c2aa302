import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { scalar, withSession } from '../openSession.ts'
import { largeNumberedModel } from '../workloads/numberedModel.ts'

export interface ModelsInTurn {
  readonly models: number
  /** Sessions that may be loaded at once. */
  readonly sessions: number
  /** Uses in all, of one model after the other. */
  readonly uses: number
  /** Of each use. */
  readonly rows: number
  readonly directory: string
}

/** Uses models in turn; each answers with its own number. */
export async function task({ models, sessions, uses, rows, directory }: ModelsInTurn): Promise<void> {
  const state = await mkdtemp(join(directory, 'models-'))
  const file = join(state, 'model.onnx')
  try {
    await withSession(
      { modelSessions: sessions },
      async (session) => {
        for (let model = 0; model < models; model++) {
          const name = `numbered_${model}`
          await writeFile(file, largeNumberedModel(model))
          await session.models.registerModelVersion({ name, model: file })
          await session.models.deployModel({ group: name, model: name, scaling: { maxReplicas: 1 } })
        }
        for (let use = 0; use < uses; use++) {
          const model = use % models
          const call = `catalog_call('model.numbered_${model}', id::FLOAT)`
          const sum = await scalar(session, `SELECT sum(${call} - id) FROM range(${rows}) rows(id)`)
          if (Number(sum) !== model * rows)
            throw new Error(`model ${model} gave ${String(sum)} for ${rows} rows`)
        }
      },
      { functions: [], state },
    )
  } finally {
    await rm(state, { recursive: true })
  }
}
