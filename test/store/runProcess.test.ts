import { spawn } from 'node:child_process'
import { expect, it, onTestFinished } from 'vitest'
import { isRunning, processInstance } from '../../catalog/store/runProcess.ts'
import { endedProcess } from './processes.ts'

it('knows whether the process of a run is alive', async () => {
  expect(isRunning({ state: 'running', process: process.pid })).toBe(true)
  expect(isRunning({ state: 'running', process: 1 })).toBe(true)
  expect(isRunning({ state: 'running', process: await endedProcess() })).toBe(false)
  expect(isRunning({ state: 'done', process: process.pid })).toBe(false)
  expect(isRunning({ state: 'running', process: 0 })).toBe(false)
  expect(isRunning({ state: 'running', process: -1 })).toBe(false)
})

it.runIf(process.platform === 'linux')('tells a process from a later one of the same number', async () => {
  const child = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60_000)'])
  onTestFinished(() => void child.kill('SIGKILL'))
  const instance = processInstance(child.pid ?? 0)
  expect(instance).toMatch(/^[0-9a-f-]{36}:\d+$/)
  const run = { state: 'running', process: child.pid ?? 0 } as const
  expect(isRunning({ ...run, processInstance: instance ?? '' })).toBe(true)
  expect(isRunning({ ...run, processInstance: `${instance}0` })).toBe(false)
  expect(processInstance(await endedProcess())).toBeUndefined()
})
