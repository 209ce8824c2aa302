import { resolve } from 'node:path'
import { readConfiguration } from '../session/configuration.ts'
import type { SessionOptions } from '../session/session.ts'
import type { SessionFlags } from './flags.ts'

/** What the configuration of this directory says, with what the command line adds to it. */
export async function sessionOptions(flags: SessionFlags): Promise<SessionOptions> {
  const configured = await readConfiguration(process.cwd())
  return {
    ...configured,
    functions: [...(configured.functions ?? []), ...flags.functions],
    settings: { ...configured.settings, ...flags.set },
    ...(flags.database === undefined ? {} : { database: flags.database }),
    ...(flags.state === undefined ? {} : { state: resolve(flags.state) }),
    ...(flags.trace ? { tracing: true } : {}),
  }
}
