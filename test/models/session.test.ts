import { fork } from 'node:child_process'
import { truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isEngineError, type Session } from 'callplane'
import { beforeEach, describe, expect, it } from 'vitest'
import { openSession, temporaryDirectory, values } from '../sessions.ts'
import { onnxModel } from './onnxModel.ts'

let folder: string
beforeEach(async () => {
  folder = await temporaryDirectory()
})

/** A model that adds a number to each of its inputs. */
async function adds(addend: number, type: 'float64' | 'float32' = 'float64'): Promise<string> {
  const data = type === 'float64' ? Float64Array.of(addend) : Float32Array.of(addend)
  const path = join(folder, `adds${addend}.onnx`)
  const value = { type, shape: ['rows'] }
  const graph = {
    nodes: [{ op: 'Add', inputs: ['x', 'addend'], outputs: ['y'] }],
    inputs: [{ name: 'x', ...value }],
    outputs: [{ name: 'y', ...value }],
    initializers: [{ name: 'addend', type, dims: [1], data }],
  }
  await writeFile(path, onnxModel(graph))
  return path
}

const openHere = (): Promise<Session> => openSession({ functions: [], state: join(folder, 'state') })

async function deployed(session: Session, addend: number): Promise<void> {
  await session.models.registerModelVersion({ name: 'adds', model: await adds(addend) })
  await session.models.deployModel({ group: 'adds', model: 'adds' })
}

async function errorOf(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  )
  return isEngineError(error) ? `${error.code}: ${error.message}` : String(error)
}

const addedIn = (session: Session, rows: number): Promise<unknown[]> =>
  values(session, `SELECT DISTINCT catalog_call('model.adds', i::DOUBLE) - i FROM range(${rows}) t(i)`)

describe('models of a session', () => {
  it('are called by the names of their groups', async () => {
    const session = await openHere()
    expect(await errorOf(addedIn(session, 1))).toContain("unknown catalog function 'model.adds'")
    await deployed(session, 1)
    expect(await addedIn(session, 5000)).toEqual([1])
    expect(await values(session, 'SELECT model.adds(41.0)')).toEqual([42])
    await deployed(session, 2)
    expect(await addedIn(session, 5000)).toEqual([2])
    expect((await session.models.showModel('adds')).deployments).toMatchObject([{ revision: 2, version: 2 }])
    expect(await session.models.rollbackModel('adds')).toMatchObject({ revision: 3, version: 1 })
    expect(await addedIn(session, 5000)).toEqual([1])
    await session.models.undeployModel('adds')
    expect(await errorOf(addedIn(session, 1))).toContain("unknown catalog function 'model.adds'")
  })

  it('are there in the next session', async () => {
    const first = await openHere()
    await deployed(first, 7)
    await first.close()
    expect(await addedIn(await openHere(), 3)).toEqual([7])
  })

  it('need a session that keeps state', async () => {
    const session = await openSession({ functions: [], state: null })
    expect(await errorOf(session.models.deployModel({ group: 'adds', model: 'adds' }))).toBe(
      "CONFIG_INVALID: models need a place, but this session keeps no state\n  open the session with state: '.callplane', or another directory",
    )
    expect(await session.models.listModels()).toEqual([])
  })

  it('have other results in the cache for each version', async () => {
    const session = await openHere()
    const cached = `SELECT catalog_call('model.adds', i::DOUBLE, options => {cache: true}) FROM range(3) t(i)`
    await deployed(session, 10)
    expect(await values(session, cached)).toEqual([10, 11, 12])
    await deployed(session, 20)
    expect(await values(session, cached)).toEqual([20, 21, 22])
    await session.models.rollbackModel('adds')
    const result = await session.sql(cached)
    expect(await result.toRows()).toHaveLength(3)
    expect(result.calls).toEqual([])
  })
})

describe('another version of a group', () => {
  it('takes new queries while those that run keep theirs', async () => {
    const session = await openHere()
    await deployed(session, 1)
    const result = await session.sql(
      "SELECT catalog_call('model.adds', i::DOUBLE) - i AS added FROM range(200000) t(i)",
    )
    const batches = result[Symbol.asyncIterator]()
    const added = new Set<unknown>()
    let rows = 0
    for (let next = await batches.next(); next.done !== true; next = await batches.next()) {
      if (rows === 0) await deployed(session, 2)
      rows += next.value.numRows
      for (const row of next.value.toArray()) added.add(row['added'])
    }
    expect(added).toEqual(new Set([1]))
    expect(await addedIn(session, 5000)).toEqual([2])
    expect(rows).toBe(200_000)
  })

  it('loses no call and mixes no versions in a query when it changes again and again under load', async () => {
    const session = await openHere()
    await deployed(session, 1)
    await session.models.registerModelVersion({ name: 'adds', model: await adds(2) })
    const swaps = { done: 0 }
    const query = async (): Promise<number> => {
      let queries = 0
      for (; swaps.done < 12; queries++) expect(await addedIn(session, 1000)).toHaveLength(1)
      return queries
    }
    const load = Promise.all([query(), query(), query()])
    for (; swaps.done < 12; swaps.done++) {
      const version = 2 - (swaps.done % 2)
      await session.models.deployModel({ group: 'adds', model: 'adds', version })
      expect(await addedIn(session, 1000)).toEqual([version])
    }
    expect(Math.min(...(await load))).toBeGreaterThan(0)
  })

  it('changes nothing if it does not load', async () => {
    const session = await openHere()
    await deployed(session, 1)
    const { model } = await session.models.registerModelVersion({ name: 'adds', model: await adds(2) })
    await truncate(model.path, 40)
    expect(await errorOf(session.models.deployModel({ group: 'adds', model: 'adds' }))).toContain(
      'MODEL_CHANGED',
    )
    expect(await addedIn(session, 100)).toEqual([1])
    expect((await session.models.showModel('adds')).deployments).toMatchObject([{ revision: 1, version: 1 }])
  })

  it('keeps the types of the group', async () => {
    const session = await openHere()
    await deployed(session, 1)
    await session.models.registerModelVersion({ name: 'single', model: await adds(2, 'float32') })
    expect(await errorOf(session.models.deployModel({ group: 'adds', model: 'single' }))).toContain(
      "MODEL_INVALID: group 'adds' cannot change its types while it serves",
    )
    await session.models.undeployModel('adds')
    expect(await errorOf(session.models.deployModel({ group: 'adds', model: 'single' }))).toBe(
      "MODEL_INVALID: 'model.adds' was model.adds(x DOUBLE) → DOUBLE in this session\n  open another session, or choose another group",
    )
  })

  it('comes from another process with the next query', async () => {
    const session = await openHere()
    await deployed(session, 1)
    expect(await addedIn(session, 10)).toEqual([1])
    await inOtherProcess({ state: join(folder, 'state'), model: await adds(5) })
    await expect.poll(() => addedIn(session, 10), { timeout: 20_000 }).toEqual([5])
  })
})

/** Registers a model as the next version of `adds`, and deploys it. */
async function inOtherProcess(task: { readonly state: string; readonly model: string }): Promise<void> {
  const child = fork(new URL('../fixtures/models/deploys.mjs', import.meta.url), [JSON.stringify(task)])
  const code = await new Promise((resolve) => child.once('exit', resolve))
  expect(code).toBe(0)
}
