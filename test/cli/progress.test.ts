import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { describeCancelled, formatProgress, type Progress } from '../../src/cli/progress.ts'
import { ProgressLine } from '../../src/cli/progressLine.ts'

const progress: Progress = {
  rows: 12_345,
  totalRows: 50_000,
  batchesInFlight: 8,
  fill: 0.984,
  savedRows: 0,
  retries: 0,
  failedRows: 0,
  dollars: 0,
}

test.each<readonly [Partial<Progress>, number, string]>([
  [{}, 3, '12,345 of 50,000 rows  4,115 rows/s  8 batches in flight  98 % full  ETA 0:09'],
  [{ totalRows: null }, 3, '12,345 rows  4,115 rows/s  8 batches in flight  98 % full  0:03'],
  [
    { batchesInFlight: 1, fill: null },
    3600,
    '12,345 of 50,000 rows  3 rows/s  1 batch in flight  ETA 3:03:01',
  ],
  [{ batchesInFlight: 0, fill: null, totalRows: 12_345 }, 65, '12,345 of 12,345 rows  190 rows/s  ETA 0:00'],
  [{ rows: 0, batchesInFlight: 0 }, 65, 'running  1:05'],
  [{ rows: 1, totalRows: null, fill: 1 }, 0, '1 row  0 rows/s  8 batches in flight  100 % full  0:00'],
])('%j after %d s', (change, seconds, expected) => {
  expect(formatProgress({ ...progress, ...change }, seconds)).toBe(expected)
})

test('says what was saved, attempted again, lost and paid, and drops what is least worth of room', () => {
  const costly: Progress = { ...progress, savedRows: 9000, retries: 1, failedRows: 2, dollars: 0.125 }
  const line = (columns?: number): string => formatProgress(costly, 3, columns)
  expect(line()).toBe(
    '12,345 of 50,000 rows  4,115 rows/s  8 batches in flight  98 % full  9,000 saved  1 retry  2 errors  $0.13  ETA 0:09',
  )
  expect(line(80)).toBe('12,345 of 50,000 rows  4,115 rows/s  9,000 saved  2 errors  $0.13  ETA 0:09')
  expect(line(50)).toBe('12,345 of 50,000 rows  2 errors  $0.13  ETA 0:09')
  expect(line(10)).toBe('12,345 of 50,000 rows  ETA 0:09')
})

test('a cancelled query says what it had done, and that its file is as it was', () => {
  expect(describeCancelled(progress, 3.21)).toBe('cancelled after 12,345 rows in 3.21 s')
  expect(describeCancelled(progress, 75, 'out.csv')).toBe(
    'cancelled after 12,345 rows in 1:15; out.csv is as it was',
  )
  expect(describeCancelled({ ...progress, rows: 0 }, 12.34)).toBe('cancelled after 12.3 s')
})

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

const erase = '\r\u001b[K'

test('on a terminal a line appears after half a second, is redrawn, and leaves nothing', () => {
  const texts: string[] = []
  const line = new ProgressLine({ isTTY: true, columns: 20, write: (text) => texts.push(text) })
  vi.advanceTimersByTime(499)
  expect(texts).toEqual([])
  line.update({ ...progress, totalRows: null })
  vi.advanceTimersByTime(1)
  expect(texts).toEqual([`${erase}12,345 rows  0:01`])
  line.addRows(20_000)
  vi.advanceTimersByTime(100)
  expect(texts.at(-1)).toBe(`${erase}20,000 rows  0:01`)
  line.close()
  line.close()
  vi.advanceTimersByTime(1000)
  expect(texts.slice(2)).toEqual([erase])
})

test('work that is quick shows nothing', () => {
  const texts: string[] = []
  const line = new ProgressLine({ isTTY: true, write: (text) => texts.push(text) })
  vi.advanceTimersByTime(400)
  line.close()
  vi.advanceTimersByTime(1000)
  expect(texts).toEqual([])
})

test('where there is no terminal, a plain line is written every ten seconds', () => {
  const texts: string[] = []
  const line = new ProgressLine({ write: (text) => texts.push(text) })
  line.update(progress)
  vi.advanceTimersByTime(25_000)
  line.close()
  vi.advanceTimersByTime(25_000)
  expect(texts).toEqual([
    '12,345 of 50,000 rows  1,235 rows/s  8 batches in flight  98 % full  ETA 0:31\n',
    '12,345 of 50,000 rows  617 rows/s  8 batches in flight  98 % full  ETA 1:01\n',
  ])
})
