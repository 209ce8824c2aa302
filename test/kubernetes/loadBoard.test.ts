import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LoadBoard } from '../../src/kubernetes/loadBoard.ts'
import type { GroupLoad, LoadReport } from '../../udf/scaling/loadReport.ts'

const LIFE = 10_000
const one: GroupLoad = { inFlight: 1, waiting: 0 }

/** A board on a clock that starts when everything is known. */
function boardAt() {
  const time = { now: 0 }
  const board = new LoadBoard({ now: () => time.now })
  time.now = LIFE
  return { board, time }
}

describe('a board of loads', () => {
  const clients = fc.constantFrom('a', 'b', 'c')
  const loads = fc.record({ inFlight: fc.nat(3), waiting: fc.nat(3) })
  const reported = fc.dictionary(fc.constantFrom('x', 'y'), loads)
  const events = fc.oneof(
    fc.record({ client: clients, groups: reported }),
    fc.record({ pass: fc.integer({ min: 1, max: LIFE }) }),
  )

  it('has the sums of what processes said last, if that is no more than 10 s ago', () => {
    fc.assert(
      fc.property(fc.array(events, { maxLength: 30 }), (sequence) => {
        const { board, time } = boardAt()
        const last = new Map<string, { readonly at: number; readonly groups: LoadReport['groups'] }>()
        for (const event of sequence) {
          if ('pass' in event) time.now += event.pass
          else {
            board.report(event)
            last.set(event.client, { at: time.now, groups: event.groups })
          }
          for (const group of ['x', 'y']) {
            const heard = [...last.values()].filter(({ at }) => at + LIFE > time.now)
            const sum = (name: keyof GroupLoad): number =>
              heard.reduce((total, { groups: of }) => total + (of[group]?.[name] ?? 0), 0)
            expect(board.load(group)).toEqual({ inFlight: sum('inFlight'), waiting: sum('waiting') })
          }
        }
      }),
    )
  })

  it('tells those who watch whenever a group becomes active or idle, and not else', () => {
    fc.assert(
      fc.property(fc.array(events, { maxLength: 30 }), (sequence) => {
        const { board, time } = boardAt()
        board.expire()
        let told = 0
        const stop = board.watch(() => told++)
        for (const event of sequence) {
          const [before, times] = [Object.keys(board.loads()), told]
          if ('pass' in event) time.now += event.pass
          else board.report(event)
          board.expire()
          const changed = Object.keys(board.loads()).join() !== before.join()
          if ('pass' in event || !changed) expect(told > times).toBe(changed)
          else expect(told).toBeGreaterThan(times)
        }
        stop()
        const before = told
        board.report({ client: 'd', groups: { z: one } })
        expect(told).toBe(before)
      }),
    )
  })

  it('is told of by 4,000 processes at most', () => {
    const { board, time } = boardAt()
    for (let index = 0; index < 4_000; index++) board.report({ client: `${index}`, groups: { x: one } })
    const more = { client: 'one more', groups: {} }
    expect(() => board.report(more)).toThrow('4000 processes report already')
    board.report({ client: '7', groups: { x: { inFlight: 0, waiting: 2 } } })
    expect(board.load('x')).toEqual({ inFlight: 3_999, waiting: 2 })
    time.now += LIFE
    board.report(more)
    expect(board.loads()).toEqual({})
  })

  it('has 1,000 groups at most', () => {
    const { board } = boardAt()
    const all = Object.fromEntries(Array.from({ length: 1_000 }, (_, index) => [`g${index}`, one]))
    board.report({ client: 'a', groups: all })
    expect(() => board.report({ client: 'b', groups: { more: one } })).toThrow(
      'more than 1000 groups have calls',
    )
    board.report({ client: 'b', groups: { g7: one } })
    expect(board.load('g7')).toEqual({ inFlight: 2, waiting: 0 })
  })
})
