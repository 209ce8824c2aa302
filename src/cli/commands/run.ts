import { once } from 'node:events'
import { readFile, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { prepareImport } from '../../../catalog/prepareImport.ts'
import { EngineError } from '../../base/errors.ts'
import type { AmbientRun } from '../../session/ambientRun.ts'
import { closeDefaultSession, configureDefaultSession } from '../../session/defaultSession.ts'
import { deadLetterFiles } from '../deadLetters/deadLetterFiles.ts'
import { exitCodes } from '../exitCode.ts'
import { describeFailedRows, describeRetry } from '../failedRows.ts'
import type { RunFlags, SessionFlags } from '../flags.ts'
import { withRun } from '../recordedRun.ts'
import { runCommand } from '../runCommand.ts'
import { scriptError } from '../scriptError.ts'
import { sessionOptions } from '../sessionOptions.ts'
import { withTelemetry } from '../withTelemetry.ts'

/** Runs a user's script in this process, as `node` would, and answers what it leaves in `process.exitCode`. */
export async function runScriptCommand(
  file: string,
  args: readonly string[],
  flags: SessionFlags & RunFlags,
): Promise<number> {
  // The script's own output is what there is to see.
  return runCommand({ ...flags, progress: false }, async ({ signal }) => {
    const path = await scriptPath(file)
    const options = await sessionOptions(flags)
    const what = { source: path, text: await readFile(path, 'utf8') }
    process.argv.splice(1, process.argv.length, path, ...args.slice(args[0] === '--' ? 1 : 0))
    return withTelemetry(flags, () =>
      withRun<number>(
        { options, flags, failureOf: (code) => exitFailure(path, code) },
        what,
        async (recorded) => {
          configureDefaultSession(options)
          try {
            await Promise.race([runScript(path), uncaughtError(), aborted(signal)])
          } catch (thrown) {
            throw scriptError(path, thrown)
          } finally {
            await closeDefaultSession()
          }
          if (recorded !== null) await sayFailedRows(recorded)
          return typeof process.exitCode === 'number' ? process.exitCode : exitCodes.done
        },
      ),
    )
  })
}

/** A script that says by its exit code that it failed can be resumed. */
function exitFailure(path: string, code: number): EngineError | null {
  return code === exitCodes.done
    ? null
    : new EngineError('SCRIPT_FAILED', `${path} ended with exit code ${code}`, { path })
}

/** Rows that failed without failing the script. */
async function sayFailedRows({ run, state }: AmbientRun): Promise<void> {
  if (run.failedRows === 0) return
  const letters = await deadLetterFiles(state, run.id)
  const lines = [...describeFailedRows(run.profile), ...(letters.length > 0 ? [describeRetry(run.id)] : [])]
  process.stderr.write(`${lines.join('\n')}\n`)
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
