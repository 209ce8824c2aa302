import { randomBytes } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { scatterColumn } from '../../src/arrow/columns.ts'
import { decodeColumn } from '../../src/arrow/decode.ts'
import { encodeColumn } from '../../src/arrow/encode.ts'
import { keyWords } from '../../src/arrow/rowKeys.ts'
import type { DataType } from '../../src/base/dataType.ts'
import { KeyIndex } from '../../udf/once/keyIndex.ts'
import { KeyTable } from '../../udf/once/keyTable.ts'
import { MemoryBudget } from '../../udf/once/memoryBudget.ts'
import { ResultLog } from '../../udf/once/resultLog.ts'

function randomKeys(count: number): Uint32Array {
  return new Uint32Array(Uint8Array.from(randomBytes(count * keyWords * 4)).buffer)
}

/** Keys that share their first words, as random ones never do. */
const similarKeys = (words: readonly (readonly number[])[]): Uint32Array =>
  Uint32Array.from(words.flatMap(([first = 0, last = 0]) => [first, 0, 0, last]))

const valueOf = (row: number): unknown => (row % 7 === 0 ? null : [`row ${row}`, null])

describe('a table of keys', () => {
  it('does what a map does, also for keys that want one place', () => {
    const word = fc.constantFrom(0, 1, 2 ** 31, 2 ** 32 - 2, 2 ** 32 - 1)
    const operation = fc.record({
      key: fc.tuple(word, fc.nat(20)),
      kind: fc.constantFrom('set', 'set', 'delete'),
    })
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 200 }), (operations) => {
        const table = new KeyTable(4)
        const map = new Map<string, number>()
        operations.forEach(({ key, kind }, index) => {
          const keys = similarKeys([key])
          const name = key.join()
          expect(table.find(keys, 0)).toBe(map.get(name) ?? -1)
          if (kind === 'delete') {
            table.delete(keys, 0)
            map.delete(name)
          } else if (!map.has(name)) {
            if (table.isFull) table.grow(table.capacity * 2)
            table.set(keys, 0, index)
            map.set(name, index)
          }
        })
        expect(table.size).toBe(map.size)
        for (const [name, number] of map) {
          expect(table.find(similarKeys([name.split(',').map(Number)]), 0)).toBe(number)
        }
      }),
    )
  })

  it('gives its keys in ascending order', () => {
    const table = new KeyTable(1000)
    const keys = randomKeys(900)
    for (let row = 0; row < 900; row++) table.set(keys, row * keyWords, row)
    const seen: string[] = []
    table.visitSorted((words, at) => {
      seen.push(
        Array.from(words.subarray(at, at + keyWords), (word) => String(word).padStart(10, '0')).join(),
      )
    })
    expect(seen).toHaveLength(900)
    expect(seen).toEqual(seen.toSorted())
  })
})

describe('an index of keys', () => {
  it('finds every key and no other, in memory and in runs on disk, while they are merged', async () => {
    const count = 60_000
    const index = new KeyIndex(new MemoryBudget(0), 64)
    const keys = randomKeys(count)
    const others = randomKeys(1000)
    for (let row = 0; row < count; row++) {
      index.add(keys, row * keyWords, row)
      if (row % 5000 === 0) await new Promise(setImmediate)
      if (row % 97 === 0) expect(index.find(keys, (row >> 1) * keyWords)).toBe(row >> 1)
    }
    for (let round = 0; round < 2; round++) {
      for (let row = 0; row < count; row++) {
        if (index.find(keys, row * keyWords) !== row) throw new Error(`key ${row} is lost`)
      }
      for (let row = 0; row < 1000; row++) expect(index.find(others, row * keyWords)).toBe(-1)
      for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate)
    }
    await index.close()
  })

  it('finds keys in runs that begin alike', async () => {
    const index = new KeyIndex(new MemoryBudget(0), 64)
    const keys = similarKeys(Array.from({ length: 3000 }, (_, row) => [row % 3, row]))
    for (let row = 0; row < 3000; row++) index.add(keys, row * keyWords, row)
    for (let row = 0; row < 3000; row++) expect(index.find(keys, row * keyWords)).toBe(row)
    await index.close()
  })

  it('can be closed while runs are merged', async () => {
    const index = new KeyIndex(new MemoryBudget(0), 16)
    const keys = randomKeys(40_000)
    for (let row = 0; row < 40_000; row++) index.add(keys, row * keyWords, row)
    await index.close()
    expect(index.find(keys, 0)).toBe(-1)
  })
})

describe('a log of results', () => {
  const type: DataType = { kind: 'list', item: { kind: 'varchar' } }

  it('gives back any rows in any order, in memory and on disk', () => {
    for (const limit of [0, 20_000, 1 << 30]) {
      const log = new ResultLog(type, new MemoryBudget(limit))
      let length = 0
      for (let size = 1; length < 5000; size = (size * 3) % 101) {
        const values = Array.from({ length: size }, (_, row) => valueOf(length + row))
        expect(log.append(encodeColumn(type, values))).toBe(length)
        length += size
      }
      const numbers = Float64Array.from({ length: 2000 }, (_, k) => (k * 7919) % length)
      const rows = Int32Array.from(numbers, (_, k) => numbers.length - 1 - k)
      const column = scatterColumn(type, log.parts(rows, numbers), numbers.length)
      expect(decodeColumn(type, column)).toEqual(Array.from(numbers, valueOf).toReversed())
      expect(log.spillable).toBeLessThanOrEqual(limit)
      log.close()
    }
  })

  it('leaves no file behind, not even while it is used', () => {
    const log = new ResultLog(type, new MemoryBudget(0))
    log.append(encodeColumn(type, [['a']]))
    expect(readdirSync(tmpdir()).filter((name) => /^callplane-[0-9a-f]{8}-/.test(name))).toEqual([])
    log.close()
  })

  it('moves to disk what takes most memory in its run', () => {
    const budget = new MemoryBudget(10_000)
    const small = new ResultLog({ kind: 'integer' }, budget)
    const large = new ResultLog({ kind: 'integer' }, budget)
    small.append(encodeColumn({ kind: 'integer' }, new Int32Array(100)))
    large.append(encodeColumn({ kind: 'integer' }, new Int32Array(2000)))
    small.append(encodeColumn({ kind: 'integer' }, new Int32Array(1000)))
    large.append(encodeColumn({ kind: 'integer' }, new Int32Array(1000)))
    expect([small.spillable, large.spillable]).toEqual([4400, 4000])
  })
})
