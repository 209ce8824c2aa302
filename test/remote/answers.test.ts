import { describe, expect, it } from 'vitest'
import { type RegisteredFunction, registerFunction } from '../../catalog/registerFunction.ts'
import { decodePayload, encodePayload } from '../../src/arrow/ipcPayload.ts'
import type { DataType, Field } from '../../src/base/dataType.ts'
import { EngineError, encodeError } from '../../src/base/errors.ts'
import { parseType } from '../../src/base/parseType.ts'
import type { CallRequest } from '../../src/protocol/callChannel.ts'
import { EVENTS_COLUMN, ROW_ERRORS_COLUMN } from '../../src/protocol/callContext.ts'
import { MESSAGE_BYTES_MAX } from '../../src/protocol/limits.ts'
import type { CallEvent } from '../../udf/callEvents.ts'
import type { InvokeContext } from '../../udf/executor.ts'
import { batchOf, registered, valuesOf } from '../executor.conformance.ts'
import { contextOf, failureOf } from '../invocations.ts'
import { atGroup } from './replicas.ts'
import type { Script } from './scriptedChannel.ts'
import { answered, body, group, result, text, upper, workers } from './scriptedWorkers.ts'

describe('an answer', () => {
  it('may come in several messages, and name its column as it likes', async () => {
    const parts = [result(['A', null]), result([]), body({ upper: [text, ['C']] }), result(['D'])]
    expect(await answered(() => parts)).toEqual(['A', null, 'C', 'D'])
  })

  it('may have more columns beside the result', async () => {
    const both = body({ score: ['DOUBLE', [1, 2]], result: [text, ['A', 'B']] })
    expect(await answered(() => [both], ['a', 'b'])).toEqual(['A', 'B'])
  })

  it.each([
    ['a missing row', [result(['A', 'B', 'C'])], 'got 3 rows for 4'],
    ['one row', [result(['A'])], 'got 1 row for 4'],
    ['nothing', [], 'got 0 rows for 4'],
    ['an extra row', [result(['A', 'B', 'C', 'D', 'E'])], 'got 5 rows for 4'],
    ['an extra message', [result(['A', 'B', 'C', 'D']), result(['E'])], 'got 5 rows for 4'],
    ['another type', [result([1, 2, 3, 4], 'INTEGER')], 'got INTEGER instead of VARCHAR'],
    ['a nested type', [result([[], [], [], []], 'VARCHAR[]')], 'got VARCHAR[] instead of VARCHAR'],
    [
      'other columns',
      [body({ a: [text, ['A']], b: [text, ['B']] })],
      "got columns 'a', 'b' instead of 'result'",
    ],
    ['no column', [encodePayload([], { length: 4, columns: [] })], "got no column instead of 'result'"],
  ])('with %s is refused', async (_, bodies, problem) => {
    expect(await failureOf(answered(() => bodies))).toEqual({
      code: 'REMOTE_RESULT_INVALID',
      message: `function 'upper_batch' (version 2) ${problem} from w:1 in batch 7`,
      details: { function: 'upper_batch', version: 2, batch: 7, batchRows: 4, endpoint: 'w:1' },
    })
  })

  it('that is no Arrow data is refused', async () => {
    for (const bytes of ['', 'nonsense', 'x'.repeat(1000)]) {
      const { code, message } = await failureOf(answered(() => [Buffer.from(bytes)]))
      expect(code).toBe('REMOTE_RESULT_INVALID')
      expect(message).toMatch(
        /^function 'upper_batch' \(version 2\) got malformed Arrow data \(.+\) from w:1 in batch 7$/,
      )
    }
  })

  it('that goes on is not read further than its rows', async () => {
    let sent = 0
    const endless = function* (): Generator<Uint8Array, void, undefined> {
      for (;;) {
        sent++
        yield result(['x'])
      }
    }
    expect(await failureOf(answered(endless))).toMatchObject({ code: 'REMOTE_RESULT_INVALID' })
    expect(sent).toBe(5)
  })
})

const returning = (output: DataType | string): RegisteredFunction => ({
  ...upper,
  signature: { ...upper.signature, output: typeof output === 'string' ? parseType(output) : output },
})

const read = (output: string, given: Uint8Array, rows = 3) =>
  answered(() => [given], Array(rows).fill('x'), { fn: returning(output) })

describe('a type that other languages lack', () => {
  it('is read from what stands for it', async () => {
    expect(await read("ENUM('a', 'b')", result(['b', null, 'a']))).toEqual(['b', null, 'a'])
    expect(await read('JSON', result(['{"a":1}', null, '2']))).toEqual(['{"a":1}', null, '2'])
    const vectors = [[1, 2], null, [3, 4]]
    expect(
      (await read('FLOAT[2]', result(vectors, 'FLOAT[]'))).map((row) => row && Array.from(row as [])),
    ).toEqual(vectors)
    const structs = [{ kind: 'a', at: 1 }]
    const plain = result(structs, 'STRUCT("kind" VARCHAR, "at" INTEGER)')
    expect(await read(`STRUCT("kind" ENUM('a'), "at" INTEGER)`, plain, 1)).toEqual(structs)
  })

  it('is checked', async () => {
    expect(await failureOf(read("ENUM('a', 'b')", result(['a', 'x', 'b'])))).toMatchObject({
      code: 'REMOTE_RESULT_INVALID',
      message: expect.stringMatching(
        /^function 'upper_batch' \(version 2\) got .*'x'.* in row 1 from w:1 in batch 7$/,
      ),
    })
    expect(await failureOf(read('JSON', result(['1', '{', '2'])))).toMatchObject({
      code: 'REMOTE_RESULT_INVALID',
    })
    expect(await failureOf(read('FLOAT[2]', result([[1], [1, 2], [1, 2]], 'FLOAT[]')))).toMatchObject({
      code: 'REMOTE_RESULT_INVALID',
    })
    expect(await failureOf(read('DOUBLE', result([1, 2, 3], 'INTEGER')))).toMatchObject({
      message: "function 'upper_batch' (version 2) got INTEGER instead of DOUBLE from w:1 in batch 7",
    })
  })
})

describe('rows that fail', () => {
  const details = { function: 'upper_batch', version: 2, batch: 7, batchRows: 3, row: 1 }
  const failed = new EngineError('ROW_FAILED', "function 'upper_batch' (version 2) failed: no", details)
  const errors = [null, JSON.stringify(encodeError(failed)), 'it is broken']
  const partly = () => [body({ result: [text, ['A', null, null]], [ROW_ERRORS_COLUMN]: [text, errors] })]

  it('are told beside the others where they are asked for', async () => {
    const { executor } = workers(partly)
    const { column, failures } = await executor.invoke(
      upper,
      batchOf(upper, ['a', 'b', 'c']),
      contextOf({ reportsRows: true }),
    )
    expect(valuesOf(upper, { column })).toEqual(['A', null, null])
    expect(
      failures.map(({ row, error }) => [row, error.code, error.message, error.details.endpoint]),
    ).toEqual([
      [1, 'ROW_FAILED', "function 'upper_batch' (version 2) failed: no", 'w:1'],
      [
        2,
        'FUNCTION_FAILED',
        "function 'upper_batch' (version 2) failed in batch 7 of 3 rows at w:1: it is broken",
        'w:1',
      ],
    ])
  })

  it('fail the batch otherwise', async () => {
    expect(await failureOf(answered(partly, ['a', 'b', 'c']))).toMatchObject({ code: 'ROW_FAILED', details })
  })
})

describe('what a handler reports', () => {
  it('is told, if it is a report', async () => {
    const log = { kind: 'log', level: 'info', message: 'hello', fields: { x: 1 } }
    const usage = { kind: 'usage', key: null, units: { tokens: 3 } }
    const lies = [
      { kind: 'called', rows: 1e9 },
      { ...log, level: 'loud' },
      { ...usage, units: { tokens: 'many' } },
      3,
    ]
    const texts = [log, ...lies, usage].map((event) => JSON.stringify(event))
    const events: CallEvent[] = []
    const told = body({ [EVENTS_COLUMN]: [text, [...texts, '{', null]] })
    const observer: InvokeContext['observer'] = (_, event) => events.push(event)
    expect(await answered(() => [told, result(['A'])], ['a'], { observer })).toEqual(['A'])
    expect(events).toEqual([log, usage])
  })
})

const rowsOf = ({ payload }: CallRequest): unknown[] => {
  const { fields, batches } = decodePayload(null, payload, { maxRows: 1e6 })
  return batches.flatMap((batch) =>
    valuesOf(
      { ...upper, signature: { ...upper.signature, output: fields[0]!.type } },
      { column: batch.columns[0]! },
    ),
  )
}

const echo: Script = (request) => [result(rowsOf(request))]

const picky: Script = (request) => {
  const rows = rowsOf(request).map((value) => Number.parseInt(String(value), 10))
  const row = rows.indexOf(33)
  if (row < 0) return [result(rows.map(String))]
  const at = `batch 7 of ${rows.length} rows, row ${row}`
  const details = { function: 'upper_batch', version: 2, batch: 7, batchRows: rows.length, row }
  throw new EngineError('FUNCTION_FAILED', `function 'upper_batch' (version 2) failed in ${at}: no`, details)
}

describe('a batch that takes more than a message', () => {
  it('goes in several calls, as many at once as there is room for, and comes back in order', async () => {
    const values = Array.from({ length: 60 }, (_, row) => String(row).padEnd(1_000_000, 'x'))
    const { executor, channels, replicas } = workers(echo)
    const column = await executor.invoke(upper, batchOf(upper, values), contextOf())
    expect(valuesOf(upper, column)).toEqual(values)
    const sizes = channels.flatMap(({ requests }) => requests.map(({ payload }) => payload.byteLength))
    expect(sizes).toHaveLength(2)
    for (const size of sizes) expect(size).toBeLessThan(MESSAGE_BYTES_MAX)
    expect(channels.map(({ requests }) => requests.length)).toEqual([1, 1])
    expect(replicas.leased).toBe(0)
  })

  it('fails with the row that no message can carry', async () => {
    const values = ['a', 'b', 'x'.repeat(MESSAGE_BYTES_MAX), 'c']
    const { code, message, details } = await failureOf(answered(echo, values))
    expect(code).toBe('MESSAGE_TOO_LARGE')
    expect(message).toMatch(
      /^function 'upper_batch' \(version 2\) cannot be sent batch 7 of 4 rows, row 2: it takes 335\d{5} bytes, and a request may have 33554432\n {2}pass what is large by its name or address, or in several rows$/,
    )
    expect(details).toMatchObject({ function: 'upper_batch', version: 2, batch: 7, batchRows: 4, row: 2 })
  })

  it('tells errors and failed rows by their place in the whole', async () => {
    const values = Array.from({ length: 40 }, (_, row) => String(row).padEnd(1_000_000, 'x'))
    expect(await failureOf(answered(picky, values))).toMatchObject({
      code: 'FUNCTION_FAILED',
      message: "function 'upper_batch' (version 2) failed in batch 7 of 40 rows, row 33: no",
      details: { row: 33, batchRows: 40 },
    })
  })
})

describe('an input row_metadata of type JSON', () => {
  it('is sent as the metadata of rows', async () => {
    const { definition, signature } = registered('upperRow')
    const inputs: readonly Field[] = [
      { name: 'row_metadata', type: { kind: 'json' } },
      { name: 'memo', type: text },
    ]
    const fn = atGroup(registerFunction({ ...definition, inputs }, signature.module, 2), group)
    const { executor, channels } = workers(() => [result(['A', 'B'])])
    await executor.invoke(fn, batchOf(fn, ['{"a":1}', null], ['a', 'b']), contextOf())
    const { fields, batches } = decodePayload(null, channels[0]!.requests[0]!.payload, { maxRows: 10 })
    expect(fields).toEqual([
      { name: 'memo', type: text },
      { name: '__chalk_row_metadata__', type: { kind: 'blob' } },
    ])
    const [bytes] = valuesOf(
      { ...fn, signature: { ...signature, output: { kind: 'blob' } } },
      { column: batches[0]!.columns[1]! },
    )
    expect(Buffer.from(bytes as Uint8Array).toString()).toBe('{"a":1}')
  })
})
