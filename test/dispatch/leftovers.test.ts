import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { DataFrame, defineFunction, F, Session } from 'callplane'
import { afterEach, expect, test } from 'vitest'
import { temporaryDirectory } from '../sessions.ts'

const WITHIN_MS = 1000

// libsql closes a file when the last of its statements is collected.
setFlagsFromString('--expose-gc')
const collectGarbage: unknown = runInNewContext('gc')

/** What this process holds. */
interface Held {
  readonly timers: number
  /** Open ones in the folder of the test, those without a name too. */
  readonly files: readonly string[]
  readonly threads: number
  readonly children: string
}

function held(folder: string): Held {
  const files = readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      const path = readlinkSync(`/proc/self/fd/${fd}`)
      return path.startsWith('/') && !path.startsWith('/dev/') && !path.startsWith('/proc/') ? [path] : []
    } catch {
      return []
    }
  })
  return {
    timers: process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length,
    files: files.filter((path) => path.startsWith(folder)).toSorted(),
    threads: readdirSync('/proc/self/task').length,
    children: readFileSync('/proc/thread-self/children', 'utf8'),
  }
}

const limited = (deadline: number | null) =>
  defineFunction({
    name: 'limited',
    input: { value: 'BIGINT' },
    output: 'VARCHAR',
    batching: { maxBatchingSize: 256, maxBufferDuration: 20 },
    cache: true,
    concurrency: { maxConcurrent: 4, key: 'leftovers' },
    rateLimit: 1000,
    retries: 2,
    ...(deadline === null ? { timeout: 5000 } : { deadline }),
    handler: async ({ value }, { signal }) => {
      await setTimeout(value[0] !== null && Number(value[0]) > 20_000 ? 60_000 : 1, null, { signal })
      return value.map((item) => `${item} `.repeat(20))
    },
  })

/** Whether dedupe has more than it may keep in memory, which lies in a file without a name. */
function hasSpilled(): boolean {
  return held(process.env['TMPDIR'] ?? '')
    .files.join()
    .includes('(deleted)')
}

type Way = (session: Session, directory: string) => Promise<void>

const frameOf = (session: Session): DataFrame =>
  DataFrame.fromSql('SELECT range AS i FROM range(60000)', [], session.runner).withColumns({
    text: F.catalogCall('limited', F.col('i')),
  })

const ways: readonly (readonly [what: string, deadline: number | null, way: Way])[] = [
  [
    'a signal',
    null,
    async (session, directory) => {
      const controller = new AbortController()
      const writing = frameOf(session).writeParquet(join(directory, 'out.parquet'), {
        run: 'cancelled',
        signal: controller.signal,
      })
      const failed = writing.catch((error: unknown) => error)
      for (let waits = 0; waits < 500 && !hasSpilled(); waits++) await setTimeout(20)
      const spilled = hasSpilled()
      controller.abort()
      expect(await failed).toMatchObject({ code: 'CANCELLED' })
      expect(spilled).toBe(true)
    },
  ],
  [
    'a deadline',
    700,
    async (session, directory) => {
      const writing = frameOf(session).writeParquet(join(directory, 'out.parquet'), { run: 'late' })
      await expect(writing).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' })
    },
  ],
  [
    'a consumer that stops reading',
    null,
    async (session) => {
      for await (const batch of frameOf(session)) {
        expect(batch.numRows).toBeGreaterThan(0)
        break
      }
    },
  ],
]

const kept = process.env['TMPDIR']
afterEach(() => {
  if (kept === undefined) delete process.env['TMPDIR']
  else process.env['TMPDIR'] = kept
})

const nothing: Held = { timers: 0, files: [], threads: 0, children: '' }

/** Waits until the process holds no more than that, for a second at most, and answers what it holds then. */
async function settled(folder: string, than: Held): Promise<Held> {
  const started = performance.now()
  for (;;) {
    if (typeof collectGarbage === 'function') collectGarbage()
    const now = held(folder)
    const isSettled =
      now.timers <= than.timers && now.threads <= than.threads && now.files.length <= than.files.length
    if (isSettled || performance.now() - started > WITHIN_MS) return now
    await setTimeout(20)
  }
}

test.each(ways)('%s leaves nothing behind within a second', async (_what, deadline, way) => {
  const [folder, directory] = [await temporaryDirectory(), await temporaryDirectory()]
  process.env['TMPDIR'] = folder
  const settings = { dedupeBytes: 100_000, threads: 2, engines: 1 }
  const open = async (): Promise<Session> => {
    const state = join(folder, 'state')
    const opened = await Session.open({ functions: [limited(deadline)], state, settings })
    const warm = DataFrame.fromRows([{ i: 1n }], { i: 'BIGINT' }, opened.runner)
    await warm.withColumns({ text: F.catalogCall('limited', F.col('i')) }).toRows()
    return opened
  }
  // The process has threads of its own with the first one.
  await (await open()).close()
  const before = await settled(folder, nothing)
  const session = await open()
  const idle = held(folder)
  const names = readdirSync(folder)
  await way(session, directory)
  const ended = await settled(folder, idle)
  // Engines beside the session's own wait for the next query.
  expect({ files: ended.files, children: ended.children }).toEqual({
    files: idle.files,
    children: idle.children,
  })
  expect(ended.timers).toBeLessThanOrEqual(idle.timers)
  expect(readdirSync(folder)).toEqual(names)
  expect(readdirSync(directory)).toEqual([])
  await session.close()
  const after = await settled(folder, before)
  expect({ files: after.files, children: after.children }).toEqual({ files: [], children: before.children })
  expect(after.timers).toBeLessThanOrEqual(before.timers)
  expect(after.threads).toBeLessThanOrEqual(before.threads)
})
