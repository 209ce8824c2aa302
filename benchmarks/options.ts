import { parseArgs } from 'node:util'

/** What the command line asks for. */
export interface BenchOptions {
  /** Names of figures; none for all. */
  readonly names: readonly string[]
  readonly json: boolean
  /** Instead of each figure's own; null leaves them. */
  readonly rows: number | null
  readonly rounds: number | null
  /** What runs models. */
  readonly device: 'cpu' | 'cuda'
  /** A directory that keeps the inputs for the next run; null for one that is removed. */
  readonly inputs: string | null
}

export const usage = `usage: npm run bench [name…] [-- --rows N] [--rounds N] [--inputs DIRECTORY] [--device cuda]
       npm run --silent bench -- name… --json`

/** Throws an error whose message says which option is wrong. */
export function readOptions(args: readonly string[]): BenchOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      json: { type: 'boolean', default: false },
      rows: { type: 'string' },
      rounds: { type: 'string' },
      inputs: { type: 'string' },
      device: { type: 'string', default: 'cpu' },
    },
  })
  return {
    names: positionals,
    json: values.json,
    rows: count('rows', values.rows),
    rounds: count('rounds', values.rounds),
    inputs: values.inputs ?? null,
    device: readDevice(values.device),
  }
}

function readDevice(text: string): BenchOptions['device'] {
  if (text === 'cpu' || text === 'cuda') return text
  throw new Error(`--device takes cpu or cuda, not ${text}`)
}

function count(option: string, text: string | undefined): number | null {
  if (text === undefined) return null
  const number = Number(text.replaceAll(/[_,]/g, ''))
  if (Number.isSafeInteger(number) && number > 0) return number
  throw new Error(`--${option} takes a number of at least 1, not ${text}`)
}
