import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { withSession } from '../openSession.ts'
import { largeNumberedModel } from '../workloads/numberedModel.ts'

/** Models that are served where a session keeps its state. */
export interface NumberedModels {
  readonly state: string
  /** As `model.numbered_0` and so on; each adds its number to what it is given. */
  readonly models: number
}

/** Registers and deploys the models. */
export async function task({ state, models }: NumberedModels): Promise<void> {
  const deploy = async (name: string, model: string): Promise<void> =>
    withSession(
      {},
      async (session) => {
        await session.models.registerModelVersion({ name, model })
        await session.models.deployModel({ group: name, model: name, scaling: { maxReplicas: 1 } })
      },
      { functions: [], state },
    )
  for (let number = 0; number < models; number++) {
    const file = join(state, 'model.onnx')
    await writeFile(file, largeNumberedModel(number))
    await deploy(`numbered_${number}`, file)
    await rm(file)
  }
}
