import { describe, expect, it } from 'vitest'
import { decodeCallContext } from '../../src/protocol/callContext.ts'
import { callHeaders } from '../../udf/executors/remote/callHeaders.ts'
import { registered } from '../executor.conformance.ts'
import { contextOf, failureOf } from '../invocations.ts'

const { signature } = registered('upper')

const headersOf = (metadata: Record<string, unknown>) => callHeaders(signature, contextOf({ metadata }))
const refused = async (metadata: Record<string, unknown>) => {
  const { code, message } = await failureOf(Promise.resolve().then(() => headersOf(metadata)))
  return `${code}: ${message}`
}

describe('the headers of a call', () => {
  it('are the metadata in lower case, with values as text', () => {
    const metadata = {
      'X-Tenant': 'acme',
      tries: 3,
      exact: 1.5,
      isTest: false,
      empty: '',
      tags: ['a', 'ü', '😀'],
      nested: { a: { b: null } },
    }
    const { 'callplane-context': context, ...headers } = headersOf(metadata)
    expect(headers).toEqual({
      'x-tenant': 'acme',
      tries: '3',
      exact: '1.5',
      istest: 'false',
      empty: '',
      tags: String.raw`["a","\u00fc","\ud83d\ude00"]`,
      nested: '{"a":{"b":null}}',
    })
    expect(decodeCallContext(context!)).toEqual({
      batch: 7,
      firstRow: 1000,
      attempt: 1,
      deadline: null,
      metadata,
      reportsRows: false,
      itemsApart: false,
      chain: [],
    })
  })

  it('carry the trace', () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
    expect(callHeaders(signature, contextOf({ trace: { traceparent, tracestate: null } }))).toMatchObject({
      traceparent,
    })
    const trace = { traceparent, tracestate: 'vendor=1' }
    expect(callHeaders(signature, contextOf({ trace }))).toMatchObject({
      traceparent,
      tracestate: 'vendor=1',
    })
    expect(Object.keys(callHeaders(signature, contextOf({ trace: null })))).toEqual(['callplane-context'])
  })

  it.each([
    ['', 'no header can have that name', "use letters, digits, '-', '_' and '.'"],
    ['a b', 'no header can have that name', "use letters, digits, '-', '_' and '.'"],
    ['naïve', 'no header can have that name', "use letters, digits, '-', '_' and '.'"],
    [':path', 'no header can have that name', "use letters, digits, '-', '_' and '.'"],
    ['Authorization', 'that header belongs to the connection', 'give it another name'],
    ['grpc-timeout', 'that header belongs to the connection', 'give it another name'],
    ['Trace-Bin', 'that header belongs to the connection', 'give it another name'],
    ['content-type', 'that header belongs to the connection', 'give it another name'],
    ['callplane-context', 'that header belongs to the connection', 'give it another name'],
  ])('cannot be named %j', async (name, problem, hint) => {
    expect(await refused({ [name]: 'x' })).toBe(
      `WRONG_ARGUMENTS: function 'upper_batch' (version 2) cannot send metadata '${name}' in batch 7: ${problem}\n  ${hint}`,
    )
  })

  it.each(['two\nlines', 'ü', ' x', 'x ', '\0'])('cannot carry %j', async (value) => {
    expect(await refused({ key: value })).toBe(
      "WRONG_ARGUMENTS: function 'upper_batch' (version 2) cannot send metadata 'key' in batch 7: a header carries ASCII text without line breaks, and no spaces at its ends\n  encode it, for instance with url_encode(…) or base64(…)",
    )
  })

  it('cannot be two of one name, nor too large', async () => {
    expect(await refused({ key: 1, KEY: 2 })).toBe(
      "WRONG_ARGUMENTS: function 'upper_batch' (version 2) cannot send metadata 'KEY' in batch 7: names of headers differ in more than letter case\n  leave one of the two out",
    )
    expect(await refused({ key: 'x'.repeat(8192) })).toBe(
      "WRONG_ARGUMENTS: function 'upper_batch' (version 2) cannot send its metadata in batch 7: it takes 8227 bytes of headers, which may have 8192\n  pass what is large as an argument",
    )
  })
})

describe('the context in them', () => {
  it.each(['', 'x', '[]', 'null', '3'])('is none where it is %j', (text) => {
    expect(decodeCallContext(text)).toBeNull()
  })

  it('has what calls by themselves have where parts are missing or wrong', () => {
    const text = JSON.stringify({ batch: -1, firstRow: 'x', attempt: 0, deadline: null, chain: [1, 'f'] })
    expect(decodeCallContext(text)).toEqual({
      batch: 0,
      firstRow: 0,
      attempt: 1,
      deadline: null,
      metadata: null,
      reportsRows: false,
      itemsApart: false,
      chain: ['f'],
    })
  })
})
