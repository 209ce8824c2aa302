import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

/** Where `test/python/setup.sh` puts Python and the models; nothing else writes there. */
const cache = resolve(process.env['CALLPLANE_CACHE'] ?? join(import.meta.dirname, '../../.cache'))

/** Of the virtual environment; it may not be there. */
export const pythonProgram: string = join(cache, 'python/bin/python')

/** Path of a file of the models, such as `minilm/minilm.onnx`; it may not be there. */
export function modelFile(name: string): string {
  return join(cache, 'models', name)
}

/** Why what needs these files cannot be done here; null if all are there. */
export function missingFile(...paths: readonly string[]): string | null {
  const missing = paths.find((path) => !existsSync(path))
  return missing === undefined ? null : `there is no ${missing}: run test/python/setup.sh`
}

/** Why what needs a package of Python that only `test/python/setup.sh --chalkdf` installs cannot be done here; null if it is there. */
export function missingModule(name: string): string | null {
  const { status } = spawnSync(pythonProgram, [
    '-c',
    `import importlib.util, sys; sys.exit(not importlib.util.find_spec('${name}'))`,
  ])
  return status === 0 ? null : `Python has no ${name}: run test/python/setup.sh --chalkdf`
}

/** A model's columns by name, and what Python's onnxruntime predicts for them, a value a row. */
export interface PythonPredictions {
  readonly inputs: Readonly<Record<string, readonly unknown[]>>
  readonly outputs: Readonly<Record<string, readonly unknown[]>>
}

/** What the script that wrote a model of `tabular/` left beside it. */
export function pythonPredictions(name: string): PythonPredictions {
  return JSON.parse(readFileSync(modelFile(`tabular/${name}.json`), 'utf8'))
}
