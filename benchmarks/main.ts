import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { type Environment, readEnvironment } from './environment.ts'
import type { Figure, Measurement } from './figure.ts'
import { findFigures } from './findFigures.ts'
import { cudaFigures, noCuda } from './gpu/cuda.ts'
import { inChild } from './inChild.ts'
import { type BenchOptions, readOptions, usage } from './options.ts'
import { jsonLine, tableHeader, tableRow } from './report.ts'
import type { FigureRequest } from './tasks/runFigure.ts'

try {
  const options = readOptions(process.argv.slice(2))
  const isCuda = options.device === 'cuda'
  const figures = await findFigures(isCuda && options.names.length === 0 ? cudaFigures : options.names)
  const reason = isCuda ? await noCuda() : null
  if (reason === null) process.exitCode = await bench(options, figures)
  else console.log(`skipped: ${reason}`)
} catch (error) {
  console.error(`${messageOf(error)}\n${usage}`)
  process.exitCode = 2
}

/** Runs one figure after the other; answers the exit code: 1 if one of them failed or gave wrong results. */
async function bench(options: BenchOptions, figures: readonly Figure[]): Promise<number> {
  const environment = await readEnvironment()
  const directory = await openDirectory(options)
  let failures = 0
  let interrupted = false
  // The figure's process gets the signal too and ends; this one stays to clean up.
  process.once('SIGINT', () => {
    interrupted = true
  })
  if (!options.json) console.log(tableHeader())
  try {
    for (const figure of figures) {
      if (interrupted) break
      try {
        print(figure, await measure(figure, options, directory), options, environment)
      } catch (error) {
        failures++
        console.error(`${figure.name} failed: ${messageOf(error)}`)
      }
    }
  } finally {
    if (options.inputs === null) await rm(directory, { recursive: true, force: true })
  }
  if (interrupted) return 130
  return failures === 0 ? 0 : 1
}

async function measure(figure: Figure, options: BenchOptions, directory: string): Promise<Measurement> {
  const request: FigureRequest = {
    name: figure.name,
    options: {
      rows: options.rows ?? figure.rows,
      rounds: options.rounds ?? figure.rounds,
      directory,
      device: options.device,
    },
  }
  return (await inChild('runFigure', request)).value
}

function print(
  figure: Figure,
  measurement: Measurement,
  { json }: BenchOptions,
  environment: Environment,
): void {
  console.log(json ? jsonLine(figure, measurement, environment) : tableRow(figure, measurement))
}

async function openDirectory({ inputs }: BenchOptions): Promise<string> {
  if (inputs === null) return mkdtemp(join(tmpdir(), 'callplane-bench-'))
  await mkdir(inputs, { recursive: true })
  return resolve(inputs)
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
