import { once } from 'node:events'
import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { prepareImport } from '../../../catalog/prepareImport.ts'
import { EngineError } from '../../base/errors.ts'
import { closeDefaultSession, configureDefaultSession } from '../../session/defaultSession.ts'
import { exitCodes } from '../exitCode.ts'
import type { SessionFlags } from '../flags.ts'
import { runCommand } from '../runCommand.ts'
import { scriptError } from '../scriptError.ts'
import { sessionOptions } from '../sessionOptions.ts'

/** Runs a user's script in this process, as `node` would, and answers what it leaves in `process.exitCode`. */
export async function runScriptCommand(
  file: string,
  args: readonly string[],
  flags: SessionFlags,
): Promise<number> {
  // The script's own output is what there is to see.
  return runCommand({ ...flags, progress: false }, async ({ signal }) => {
    const path = await scriptPath(file)
    const options = await sessionOptions(flags)
    configureDefaultSession(options)
    process.argv.splice(1, process.argv.length, path, ...args.slice(args[0] === '--' ? 1 : 0))
    try {
      await Promise.race([runScript(path), uncaughtError(), aborted(signal)])
    } catch (thrown) {
      throw scriptError(path, thrown)
    } finally {
      await closeDefaultSession()
    }
    return typeof process.exitCode === 'number' ? process.exitCode : exitCodes.done
  })
}

async function scriptPath(file: string): Promise<string> {
  const path = resolve(file)
  const found = await stat(path).catch(() => null)
  if (found?.isFile() === true) return path
  throw new EngineError('USAGE_INVALID', `cannot run ${path}: there is no such file`, { path })
}

/** Resolves when the script has nothing more to do. */
async function runScript(path: string): Promise<void> {
  const { href } = pathToFileURL(path)
  await prepareImport(href)
  const ended = once(process, 'beforeExit').then(() => 'ended')
  const imported = import(href).then(() => 'imported')
  if ((await Promise.race([imported, ended])) === 'ended') {
    throw new EngineError('SCRIPT_FAILED', `${path} waits for something that never comes`, { path })
  }
  await ended
}

async function uncaughtError(): Promise<never> {
  const [thrown] = await once(process, 'uncaughtException')
  throw thrown
}

async function aborted(signal: AbortSignal): Promise<never> {
  await once(signal, 'abort')
  throw signal.reason
}
