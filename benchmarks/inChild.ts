import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { task as callReceiver } from './tasks/callReceiver.ts'
import type { task as deployModels } from './tasks/deployModels.ts'
import type { task as makeInput } from './tasks/makeInput.ts'
import type { task as makeTexts } from './tasks/makeTexts.ts'
import type { task as runFigure } from './tasks/runFigure.ts'
import type { task as upperOnce } from './tasks/upperOnce.ts'
import type { task as useModels } from './tasks/useModels.ts'

/** Modules of `tasks/`, each with a function `task`. */
interface Tasks {
  readonly callReceiver: typeof callReceiver
  readonly deployModels: typeof deployModels
  readonly makeInput: typeof makeInput
  readonly makeTexts: typeof makeTexts
  readonly runFigure: typeof runFigure
  readonly upperOnce: typeof upperOnce
  readonly useModels: typeof useModels
}

type Value<Name extends keyof Tasks> = Awaited<ReturnType<Tasks[Name]>>

export interface ChildRequest {
  /** URL of the task's module. */
  readonly module: string
  readonly argument: unknown
}

/** What a task gave, and the most memory that its process held. */
export interface ChildResult<T> {
  readonly value: T
  readonly peakRssBytes: number
}

export type ChildReply<T> = ChildResult<T> | { readonly error: string }

const child = fileURLToPath(new URL('./child.ts', import.meta.url))

/**
 * Runs a task in a process of its own, so that neither memory nor warm code of others counts; its stdout goes to stderr. The
 * signal kills that process, which gets no chance to clean up.
 */
export async function inChild<Name extends keyof Tasks>(
  name: Name,
  argument: Parameters<Tasks[Name]>[0],
  signal?: AbortSignal,
): Promise<ChildResult<Value<Name>>> {
  const killing = signal === undefined ? {} : { signal, killSignal: 'SIGKILL' as const }
  const running = fork(child, { stdio: ['ignore', 2, 2, 'ipc'], ...killing })
  const module = new URL(`./tasks/${name}.ts`, import.meta.url).href
  const reply = await new Promise<ChildReply<Value<Name>>>((resolve, reject) => {
    running.once('message', (message: ChildReply<Value<Name>>) => resolve(message))
    running.once('error', reject)
    running.once('exit', (code, killedBy) => {
      resolve({ error: `the process of ${name} ended with ${killedBy ?? `exit code ${code}`}` })
    })
    running.send({ module, argument } satisfies ChildRequest)
  })
  if ('error' in reply) throw new Error(reply.error)
  return reply
}
