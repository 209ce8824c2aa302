import { describe, expect, it, onTestFinished } from 'vitest'
// The worker is a program: it is started from the build.
import { createReplicas } from '../../dist/udf/scaling/createReplicas.js'
import { decodeColumn } from '../../src/arrow/decode.ts'
import { encodeColumn } from '../../src/arrow/encode.ts'
import { decodePayload, encodePayload } from '../../src/arrow/ipcPayload.ts'
import { Cancellation } from '../../src/base/cancellation.ts'
import { groupSpec } from './groups.ts'
import { connect, isAlive } from './processes.ts'

describe('a worker of Callplane', () => {
  it('serves the functions of modules', async () => {
    const module = new URL('../fixtures/scaling/functions.ts', import.meta.url).href
    const group = groupSpec({ source: { kind: 'functions', modules: [module] } })
    const replicas = createReplicas({ group, revision: 1 }, { connect })
    onTestFinished(() => replicas.close())
    const lease = await replicas.acquire(new Cancellation())
    const column = encodeColumn({ kind: 'varchar' }, ['a', 'b'])
    const payload = encodePayload([{ name: 'text', type: { kind: 'varchar' } }], {
      length: 2,
      columns: [column],
    })
    const bodies = await lease.channel.call({
      name: 'shout',
      payload,
      headers: {},
      deadline: null,
      signal: new Cancellation(),
    })
    lease.release('answered')
    const { batches } = decodePayload(null, bodies[0]!, { maxRows: 2 })
    expect(decodeColumn({ kind: 'varchar' }, batches[0]!.columns[0]!)).toEqual(['A', 'B'])
    const { pid } = replicas.status().replicas[0]!
    await replicas.drain()
    expect(isAlive(pid!)).toBe(false)
  })
})
