import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { missingFile, missingModule, pythonProgram } from '../models/pythonModels.ts'
import { ownWorker, WorkerProcess } from './workerProcess.ts'

const missingPython = missingFile(pythonProgram)
const missingEngine = missingPython ?? missingModule('chalkdf')

/** What a script of this folder prints, when it is told the port of a worker of ours. */
async function answersOf(script: string, { endpoint }: WorkerProcess): Promise<Record<string, unknown>> {
  const args = [join(import.meta.dirname, script), endpoint.slice(endpoint.indexOf(':') + 1)]
  return JSON.parse((await promisify(execFile)(pythonProgram, args)).stdout)
}

/** What `chalkcompute` raises for a status and its text. */
function refused(code: number, text: unknown): unknown {
  return { error: 'RemoteCallStatusError', said: [code, text] }
}

/** How the error of `refuse` begins, as clients of Chalk take errors apart. */
function failure(rows: string, text: string): string {
  const message = `function 'refuse' (version 1) failed in batch 0 of ${rows}, row 0: 100 % of '${text}' is #1: é`
  return `{"chalk_remote_error":1,"exception":{"kind":"RangeError","message":"${message}","stacktrace":"RangeError: `
}

describe('a worker of ours', () => {
  let worker: WorkerProcess

  beforeAll(async () => {
    worker = await WorkerProcess.open(ownWorker('test/fixtures/interop/*.ts'))
  })
  afterAll(() => worker.close())

  const skipped = missingPython === null ? '' : ` (skipped: ${missingPython})`
  it.skipIf(missingPython !== null)(`is called by chalkcompute${skipped}`, async () => {
    expect(await answersOf('callWithChalkcompute.py', worker)).toEqual({
      text: [{ result: ['A', null, 'Ä 👋'] }],
      position: [{ result: ['A'] }],
      empty: [{ result: [] }],
      large: [{ result: ['A'] }],
      view: [{ result: ['A', 'LONGER THAN TWELVE BYTES'] }],
      dictionary: [{ result: ['A', 'B', 'A'] }],
      batches: [{ result: ['A'] }, { result: ['B', 'C'] }],
      struct: [{ result: [{ total: 4.5, parts: [0, 1, 2] }] }],
      microseconds: [{ result: ['2023-11-14 22:13:20.000001', null] }],
      nanoseconds: [{ result: ['2023-11-14 22:13:20.000001', null] }],
      metadata: [{ result: ['x of "acme"'] }],
      items: [{ result: ['to'] }, { result: ['be'] }, { result: ['or'] }, { result: ['not'] }],
      failure: refused(2, expect.stringContaining(failure('1 row', 'x'))),
      unknown: {
        error: 'RemoteCallNotFoundError',
        said: [
          "unknown function 'lower': this worker has refuse, same_time, tenant, upper, weigh and 1 more",
        ],
      },
      type: refused(3, expect.stringContaining("function 'upper' cannot take its argument 'text': got 1n")),
      columns: refused(3, expect.stringContaining("function 'upper' takes 1, got 2 columns: 'a', 'b'")),
    })
  })

  const withoutEngine = missingEngine === null ? '' : ` (skipped: ${missingEngine})`
  it.skipIf(missingEngine !== null)(`is called by chalkdf${withoutEngine}`, async () => {
    expect(await answersOf('callWithChalkdf.py', worker)).toEqual({
      text: ['A', null, 'Ä 👋'],
      struct: [
        { total: 1.5, parts: [0] },
        { total: 4, parts: [0, 1] },
      ],
      failure: expect.stringContaining(failure('3 rows', 'a')),
      many: true,
    })
  })
})
