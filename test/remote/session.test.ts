import { ScalingGroup } from 'callplane'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { decodeColumn } from '../../src/arrow/decode.ts'
import { encodeColumn } from '../../src/arrow/encode.ts'
import { decodePayload, encodePayload } from '../../src/arrow/ipcPayload.ts'
import { openSession, values } from '../sessions.ts'
import { TestServer } from './fixtureWorker.ts'

interface Asked {
  readonly name: string
  readonly headers: Readonly<Record<string, string>>
  readonly columns: Readonly<Record<string, readonly unknown[]>>
}

const asked: Asked[] = []
let server: TestServer

beforeEach(async () => {
  asked.length = 0
  server = await TestServer.open(async function* ({ name, payload }, { headers }) {
    const { fields, batches } = decodePayload(null, payload, { maxRows: 1000 })
    const columns = fields.map((field, index) => {
      const given = batches.flatMap(({ columns: own }) => [...decodeColumn(field.type, own[index]!)])
      const shown = given.map((value) =>
        value instanceof Uint8Array ? Buffer.from(value).toString() : value,
      )
      return [field.name, shown] as const
    })
    const call = { name, headers, columns: Object.fromEntries(columns) }
    asked.push(call)
    const type = { kind: 'varchar' } as const
    const texts = call.columns['memo']!.map((text) => `${String(text)}!`)
    yield encodePayload([{ name: 'result', type }], {
      length: texts.length,
      columns: [encodeColumn(type, texts)],
    })
  })
})
afterEach(() => server.close())

it('metadata of SQL becomes headers, a call for each distinct set; that of rows goes with the rows', async () => {
  const group = ScalingGroup({
    name: 'shouter',
    endpoints: [server.endpoint],
    input: { memo: 'VARCHAR', row_metadata: 'JSON' },
    output: 'VARCHAR',
  })
  const session = await openSession({ functions: [group] })
  const said = await values(
    session,
    `
    SELECT catalog_call('model.shouter', memo, row_metadata => {row: i}, metadata => {tenant: tenant, "X-Tries": 2}) AS said
    FROM (VALUES (1, 'a', 'acme'), (2, 'b', NULL), (3, 'c', 'acme')) AS memos(i, memo, tenant) ORDER BY i
  `,
  )
  expect(said).toEqual(['a!', 'b!', 'c!'])
  const calls = asked.map(({ name, headers, columns }) => ({
    name,
    tenant: headers['tenant'],
    tries: headers['x-tries'],
    columns,
  }))
  expect(calls.toSorted((a, b) => String(a.tenant).localeCompare(String(b.tenant)))).toEqual([
    {
      name: 'model.shouter',
      tenant: 'acme',
      tries: '2',
      columns: { memo: ['a', 'c'], __chalk_row_metadata__: ['{"row":1}', '{"row":3}'] },
    },
    {
      name: 'model.shouter',
      tenant: undefined,
      tries: '2',
      columns: { memo: ['b'], __chalk_row_metadata__: ['{"row":2}'] },
    },
  ])
})

it('metadata that headers cannot carry fails the query with its name', async () => {
  const group = ScalingGroup({
    name: 'shouter',
    endpoints: [server.endpoint],
    input: { memo: 'VARCHAR' },
    output: 'VARCHAR',
  })
  const session = await openSession({ functions: [group] })
  const failing = values(session, "SELECT catalog_call('model.shouter', 'a', metadata => {tenant: 'Zoë'})")
  await expect(failing).rejects.toMatchObject({
    code: 'WRONG_ARGUMENTS',
    message: expect.stringContaining(
      "function 'model.shouter' (version 1) cannot send metadata 'tenant' in batch",
    ),
  })
  expect(asked).toEqual([])
})
