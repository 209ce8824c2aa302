import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DataFrame, defineFunction, F, Session } from 'callplane'
import { expect, test } from 'vitest'
import { renderRunReport } from '../../src/report/renderRunReport.ts'
import { temporaryDirectory, values } from '../sessions.ts'

const names = Array.from({ length: 50 }, (_, i) => `CANARY_${i}`)
/** Each with characters that encoders change. */
const secrets = Object.fromEntries(
  names.map((name, i) => [name, `k€y/${i}+"${(i * 7919 + 104729) ** 3} \\${i}?`]),
)

/** A secret as it is, in base64 wherever it begins, URL-encoded, escaped as in JSON, and in hexadecimal. */
function forms(secret: string): readonly string[] {
  const base64 = [0, 1, 2].map((before) => {
    const text = Buffer.concat([Buffer.alloc(before), Buffer.from(secret)]).toString('base64')
    return text.slice(before === 0 ? 0 : before + 1).replace(/.?=+$|..$/, '')
  })
  return [
    secret,
    ...base64,
    encodeURIComponent(secret),
    encodeURI(secret),
    new URLSearchParams({ secret }).toString().slice('secret='.length),
    JSON.stringify(secret).slice(1, -1),
    Buffer.from(secret).toString('hex'),
  ]
}

const canaries = Object.entries(secrets).flatMap(([name, value]) =>
  forms(value).map((form) => ({ name, form })),
)

function leaksOf(text: string): readonly string[] {
  return [
    ...new Set(
      canaries.filter(({ form }) => text.includes(form)).map(({ name, form }) => `${name}: ${form}`),
    ),
  ]
}

/** Says its secrets wherever it can. */
const tells = defineFunction({
  name: 'tells',
  input: { value: 'BIGINT' },
  output: 'VARCHAR',
  secrets: names,
  retries: { attempts: 1, delay: 0.001 },
  handler: async ({ value }, { secrets: own, log, span, reportUsage, rowError }) => {
    const secret = own[names[Number(value ?? 0n) % names.length] ?? '']
    const shown = secret?.reveal() ?? ''
    const texts = [
      shown,
      encodeURIComponent(shown),
      Buffer.from(`x${shown}`).toString('base64'),
      String(secret),
    ]
    for (const text of texts) {
      log(`logged ${text}`, { text, nested: { [text]: [text] } })
      span(`span ${text}`, () => undefined)
      reportUsage({ key: text, [`unit ${text}`]: 1 })
    }
    const cause = new Error(`cause ${texts.join(' ')}`)
    if (value === null || value % 3n === 0n) throw new RangeError(texts.join(' '), { cause })
    if (value % 3n === 1n) return rowError(cause)
    return 'done'
  },
})

const everything = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error)
  const details = JSON.stringify(error, (_, item: unknown) => (typeof item === 'bigint' ? `${item}` : item))
  return [error.message, error.stack, details, error.cause === undefined ? '' : everything(error.cause)].join(
    '\n',
  )
}

test('50 secrets appear nowhere, in clear or encoded', async () => {
  const state = await temporaryDirectory()
  const session = await Session.open({ functions: [tells], state, secrets })
  const told: string[] = []
  const letters = "SELECT tells(i, options => {on_error: 'dead_letter'}) FROM range(100) t(i)"
  const dead = await session.sql(letters)
  await dead.toRows()
  const run = dead.deadLetterRun ?? ''
  const { profile } = dead
  expect(profile.log.length).toBeGreaterThan(0)
  expect(profile.functions[0]?.usage.length).toBeGreaterThan(0)
  told.push(JSON.stringify(profile))
  const tried = await session.sql("SELECT try_catalog_call('tells', i)::VARCHAR AS r FROM range(100) t(i)")
  told.push(JSON.stringify(await tried.toRows()))
  for (const i of [0, 1]) {
    told.push(
      everything(
        await values(session, `SELECT tells(${i} + i) FROM range(1) t(i)`).catch((error: unknown) => error),
      ),
    )
  }
  told.push(await session.explain(letters, { analyze: true }))
  const frame = DataFrame.fromRows([{ i: 0n }], { i: 'BIGINT' }, session.runner)
  const named = frame.project({ t: F.catalogCall('tells', F.col('i')) })
  told.push(
    everything(
      await named.writeParquet(join(state, 'x.parquet'), { run: 'named' }).catch((error: unknown) => error),
    ),
  )
  told.push(
    JSON.stringify(
      await values(session, `SELECT message FROM '${state}/runs/${run}/dead-letters/*.parquet'`),
    ),
  )
  const record = {
    id: run,
    name: null,
    source: letters,
    state: 'done',
    started: 0,
    ended: 1,
    rows: 0,
    error: told[2] ?? '',
  } as const
  told.push(
    renderRunReport({
      run: record,
      profile,
      plan: told.at(-2) ?? null,
      deadLetters: null,
      version: '0',
      now: 0,
    }),
  )
  await session.close()

  expect(told.every((text) => text.length > 10)).toBe(true)
  expect(told.flatMap(leaksOf)).toEqual([])
  const files = readdirSync(state, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  expect(files.map(({ name }) => name)).toContain('state.db')
  for (const { parentPath, name } of files) {
    expect({ name, leaks: leaksOf(readFileSync(join(parentPath, name)).toString('latin1')) }).toEqual({
      name,
      leaks: [],
    })
    expect({ name, leaks: leaksOf(readFileSync(join(parentPath, name)).toString()) }).toEqual({
      name,
      leaks: [],
    })
  }
})
