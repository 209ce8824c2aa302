import { existsSync, readdirSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { verifyVersion } from '../../catalog/models/artifacts.ts'
import { StoreProcess } from '../store/processes.ts'
import { churnGraph, openRegistry } from './registryFolder.ts'

const fixture = 'models/registerProcess.ts'

function keptFolders(directory: string): readonly string[] {
  const artifacts = join(directory, 'models', 'artifacts')
  return existsSync(artifacts) ? readdirSync(artifacts) : []
}

it('gives versions of processes that register at once different numbers', async () => {
  const { directory, registry, write } = openRegistry()
  const model = write('churn.onnx', churnGraph)
  const processes = [1, 2].map(() => new StoreProcess([directory, model, '8'], { fixture }))
  await Promise.all(processes.map(({ ended }) => ended))
  const numbers = processes.flatMap(({ lines }) => lines.slice(1).map(Number)).toSorted((a, b) => a - b)
  expect(numbers).toEqual(Array.from({ length: 16 }, (_, index) => index + 1))
  const { versions, aliases } = await registry.show('churn')
  expect(versions).toHaveLength(16)
  expect(aliases).toEqual([
    { alias: 'latest', version: 16 },
    { alias: 'prod', version: 16 },
  ])
  for (const version of versions) await verifyVersion(version)
  expect(keptFolders(directory)).toHaveLength(1)
})

it('keeps the files of a version that one process registers while another deletes the last that had them', async () => {
  const { directory, registry, write } = openRegistry()
  const model = write('churn.onnx', churnGraph)
  const other = new StoreProcess([directory, model, '20'], { fixture })
  await other.said(2)
  while (other.lines.length < 20) {
    const own = await registry.registerModelVersion({ name: 'own', model })
    await verifyVersion(own)
    for (const { version } of (await registry.show('churn')).versions.slice(0, -1)) {
      await registry.deleteModel({ name: 'churn', version }).catch(() => undefined)
    }
    await registry.deleteModel({ name: 'own' })
  }
  await other.ended
  expect(other.lines).not.toContain('failed')
  await verifyVersion(await registry.resolve('churn'))
})

it('has no version of a process that is killed while it copies, and what it left is removed', async () => {
  const { directory, registry, write } = openRegistry()
  const model = write('churn.onnx', churnGraph)
  const weights = write('weights.bin', '')
  truncateSync(weights, 2 ** 32)
  const killed = new StoreProcess([directory, model, '1', weights], { fixture })
  while (!keptFolders(directory).some((name) => name.startsWith('incoming-'))) await setTimeout(2)
  await setTimeout(50)
  await killed.kill()
  expect(killed.lines).toEqual(['open'])
  expect(keptFolders(directory)).toHaveLength(1)
  expect(await registry.list()).toEqual([])
  const version = await registry.registerModelVersion({ name: 'churn', model })
  expect(version.version).toBe(1)
  await verifyVersion(version)
  expect(keptFolders(directory)).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/)])
})
