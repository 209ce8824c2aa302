import type { LoadedDefinitions } from '../../catalog/loadModules.ts'
import { Callables } from '../session/callables.ts'
import type { SessionOptions } from '../session/session.ts'
import { readSettings } from '../session/settings.ts'
import { withState } from './openState.ts'

const nothing: LoadedDefinitions = { functions: [], groups: [] }

/** Runs `work` on what a session with these options and definitions could call; no database is opened for it. */
export async function withCallables<T>(
  options: SessionOptions,
  work: (callables: Callables) => Promise<T>,
  definitions: LoadedDefinitions = nothing,
): Promise<T> {
  const { baseDirectory = process.cwd() } = options
  const settings = readSettings(options.settings)
  return withState(options, async (state) => {
    const { secrets = {} } = options
    const callables = await Callables.create({ definitions, settings, state, secrets, baseDirectory })
    try {
      await callables.open(null)
      return await work(callables)
    } finally {
      await callables.close()
    }
  })
}
