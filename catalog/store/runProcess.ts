import { readFileSync } from 'node:fs'
import type { RunRecord } from './stateStore.ts'

/** Whether a run is going on: in state `running`, and its process is alive. */
export function isRunning(run: Pick<RunRecord, 'state' | 'process' | 'processInstance'>): boolean {
  if (run.state !== 'running' || !isAlive(run.process)) return false
  // A process that came later may have got the number of the one that ran it.
  return run.processInstance === undefined || run.processInstance === processInstance(run.process)
}

/** What no other process has in common with a living one; undefined where the system does not say. */
export function processInstance(process: number): string | undefined {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()
    const status = readFileSync(`/proc/${process}/stat`, 'latin1')
    // The second field is the program's name in parentheses, which may hold anything; the 22nd is the time of the start.
    const [state, ...fields] = status.slice(status.lastIndexOf(')') + 2).split(' ')
    // A zombie has ended: only its number is still taken.
    return state === 'Z' ? undefined : `${boot}:${fields[18]}`
  } catch {
    return undefined
  }
}

function isAlive(pid: number): boolean {
  // Zero and below name groups of processes.
  if (pid <= 0) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // A process of another user may not be signalled, but is there.
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
