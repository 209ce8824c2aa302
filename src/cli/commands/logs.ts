import { resolve } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { groupsDirectory } from '../../session/sessionGroups.ts'
import { exitCodes } from '../exitCode.ts'
import type { SessionFlags } from '../flags.ts'
import { FollowedLog } from '../groups/followLog.ts'
import { findLogs, isNamed, lastLines, listLogs, type ReplicaLogFile } from '../groups/replicaLogs.ts'
import { type Output, openOutput } from '../output.ts'
import { runCommand } from '../runCommand.ts'
import { sessionOptions } from '../sessionOptions.ts'

export interface LogsFlags extends SessionFlags {
  readonly lines: number
  readonly follow: boolean
}

/** Milliseconds between two looks at what came. */
const PERIOD_MS = 200

/** Prints what replicas have written, and with `follow` goes on until Ctrl-C, which is exit code 130. */
export async function logsCommand(name: string | undefined, flags: LogsFlags): Promise<number> {
  return runCommand(flags, async ({ signal, progress }) => {
    const { state = '.callplane', baseDirectory = process.cwd() } = await sessionOptions(flags)
    if (state === null) return
    const directory = groupsDirectory(resolve(baseDirectory, state))
    const logs = await findLogs(directory, name)
    const output = await openOutput(undefined, progress)
    const isOne = logs.length === 1 && !flags.follow
    const followed = new Map<string, FollowedLog>()
    for (const log of logs) {
      const { lines, end } = await lastLines(log, flags.lines)
      followed.set(log.path, await follow(log, end))
      if (!(await print(output, lines, isOne ? null : log))) return
    }
    if (!flags.follow) return
    while (!signal.aborted) {
      for (const log of await listLogs(directory)) {
        if (name !== undefined && !isNamed(log, name)) continue
        const own = followed.get(log.path) ?? new FollowedLog(log.path, 0)
        followed.set(log.path, own)
        if (!(await print(output, await own.read(), log))) return
      }
      await setTimeout(PERIOD_MS, undefined, { signal }).catch(() => undefined)
    }
    return exitCodes.cancelled
  })
}

async function follow({ path }: ReplicaLogFile, end: number): Promise<FollowedLog> {
  const log = new FollowedLog(path, end)
  await log.begin()
  return log
}

/** Each line after the replica that wrote it; without that where it is null. Answers false when nobody reads any more. */
async function print(output: Output, lines: readonly string[], log: ReplicaLogFile | null): Promise<boolean> {
  if (lines.length === 0) return true
  const prefix = log === null ? '' : `${log.replica} `
  return output.write(lines.map((line) => `${prefix}${line}\n`).join(''))
}
