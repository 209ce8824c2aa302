import { execFile } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { promisify } from 'node:util'

/** What a process and those that it started take. */
export interface ProcessUsage {
  /** Bytes in memory. */
  readonly memory: number
  /** Milliseconds of one core so far. */
  readonly cpuTime: number
}

const run = promisify(execFile)
/** Linux tells times in hundredths of a second, whatever its kernel counts in. */
const TICK_MS = 10
/** Places in `/proc/<pid>/stat` behind the name: user and system time, its own and of children that have ended. */
const TIME_FIELDS = [11, 12, 13, 14]

/** Null for a process that has ended, or a system that does not tell. */
export async function processUsage(pid: number): Promise<ProcessUsage | null> {
  try {
    return process.platform === 'linux' ? await fromProc(pid) : await fromPs(pid)
  } catch {
    return null
  }
}

async function fromProc(pid: number): Promise<ProcessUsage> {
  const [stat, status, children] = await Promise.all([
    readFile(`/proc/${pid}/stat`, 'utf8'),
    readFile(`/proc/${pid}/status`, 'utf8'),
    childrenOf(pid),
  ])
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const ticks = TIME_FIELDS.reduce((sum, field) => sum + Number(fields[field]), 0)
  const memory = Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024
  const below = await Promise.all(children.map((child) => fromProc(child).catch(() => null)))
  return below.reduce<ProcessUsage>(
    (sum, child) => ({
      memory: sum.memory + (child?.memory ?? 0),
      cpuTime: sum.cpuTime + (child?.cpuTime ?? 0),
    }),
    { memory, cpuTime: ticks * TICK_MS },
  )
}

async function childrenOf(pid: number): Promise<readonly number[]> {
  const threads = await readdir(`/proc/${pid}/task`)
  const texts = await Promise.all(
    threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/children`, 'utf8').catch(() => '')),
  )
  return texts.flatMap((text) => text.split(' ').filter(Boolean).map(Number))
}

async function fromPs(pid: number): Promise<ProcessUsage | null> {
  const { stdout } = await run('ps', ['-o', 'rss=,time=', '-p', String(pid)])
  const [, kibibytes, time] = /^\s*(\d+)\s+(\S+)/.exec(stdout) ?? []
  if (kibibytes === undefined || time === undefined) return null
  // [days-][hours:]minutes:seconds
  const seconds = time
    .replace('-', ':')
    .split(':')
    .map(Number)
    .toReversed()
    .reduce((sum, part, place) => sum + part * ([1, 60, 3600, 86_400][place] ?? 0), 0)
  return { memory: Number(kibibytes) * 1024, cpuTime: seconds * 1000 }
}
