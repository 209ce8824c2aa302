import type { FigureOptions, Measurement } from '../figure.ts'
import { findFigures } from '../findFigures.ts'

export interface FigureRequest {
  readonly name: string
  readonly options: FigureOptions
}

export async function task({ name, options }: FigureRequest): Promise<Measurement> {
  const figure = (await findFigures([name])).find((found) => found.name === name)
  if (figure === undefined) throw new Error(`no figure is called ${name}`)
  return figure.run(options)
}
