import { status } from '@grpc/grpc-js'
import { describe, expect, test } from 'vitest'
import { EngineError, encodeError } from '../../src/base/errors.ts'
import { statusOfError } from '../../src/protocol/errorStatus.ts'
import { STATUS_BYTES_MAX } from '../../src/protocol/limits.ts'
import { errorOfStatus, isThrownByWorker } from '../../src/protocol/remoteError.ts'
import { decodeStatusText } from '../../src/protocol/statusText.ts'
import { channelTo, failureOf, request } from './channels.ts'
import { rawWorker } from './rawWorker.ts'

const FUNCTION_FAILED = 'FUNCTION_FAILED'
const cases: readonly (readonly [code: number, text: string, error: string, message: string])[] = [
  [1, 'gone', 'UNAVAILABLE', 'worker AT ended the call: gone'],
  [2, 'odd', FUNCTION_FAILED, "function 'f' failed at AT: odd"],
  [3, 'bad', FUNCTION_FAILED, "function 'f' failed at AT: bad"],
  [4, 'late', 'DEADLINE_EXCEEDED', 'worker AT did not answer by the deadline: late'],
  [5, 'no f here', 'UNKNOWN_FUNCTION', 'worker AT: no f here'],
  [6, 'there', FUNCTION_FAILED, "function 'f' failed at AT: there"],
  [
    7,
    'not you',
    'REMOTE_REFUSED',
    'worker AT refuses the call: not you\n  check the token of the scaling group',
  ],
  [8, 'busy', 'RESOURCE_EXHAUSTED', 'worker AT asks for fewer calls: busy'],
  [
    8,
    'Received message larger than max (40 vs 30)',
    'MESSAGE_TOO_LARGE',
    'worker AT takes or sends no message of that size: Received message larger than max (40 vs 30)\n  make batches of fewer rows: lower maxBatchingSize',
  ],
  [9, 'not now', FUNCTION_FAILED, "function 'f' failed at AT: not now"],
  [10, 'again', 'UNAVAILABLE', 'worker AT ended the call: again'],
  [
    11,
    'Error, decoded message length too large: found 9 bytes',
    'MESSAGE_TOO_LARGE',
    'worker AT takes or sends no message of that size: Error, decoded message length too large: found 9 bytes\n  make batches of fewer rows: lower maxBatchingSize',
  ],
  [
    12,
    'unknown service',
    'REMOTE_REFUSED',
    'worker AT does not serve remote calls: unknown service\n  check that the endpoint is a worker of chalk.runtime.v1.RemoteCallService',
  ],
  [13, 'bad Arrow', FUNCTION_FAILED, "function 'f' failed at AT: bad Arrow"],
  [14, 'down', 'UNAVAILABLE', 'worker AT is not reached: down'],
  [15, 'lost', FUNCTION_FAILED, "function 'f' failed at AT: lost"],
  [16, 'who', 'REMOTE_REFUSED', 'worker AT refuses the call: who\n  check the token of the scaling group'],
  [99, 'new', FUNCTION_FAILED, "function 'f' failed at AT: new"],
]

describe('statuses of other workers', () => {
  test.each(cases)('%i "%s" is %s', async (code, text, error, message) => {
    await using worker = await rawWorker()
    worker.answer = { trailers: { 'grpc-status': String(code), 'grpc-message': text } }
    await using client = channelTo(worker.endpoint)
    expect(await failureOf(client.channel.call(request()))).toMatchObject({
      code: error,
      message: message.replace('AT', worker.endpoint),
      details: { function: 'f', endpoint: worker.endpoint },
    })
  })

  test('a stream that ends without a status is a worker that is not reached', async () => {
    await using worker = await rawWorker()
    worker.answer = { trailers: null, messages: [Buffer.from([0x0a, 1, 7])] }
    await using client = channelTo(worker.endpoint)
    expect(await failureOf(client.channel.call(request()))).toMatchObject({ code: 'UNAVAILABLE' })
  })

  test('a message that is no protocol buffer is an answer that cannot be read', async () => {
    await using worker = await rawWorker()
    worker.answer = { trailers: { 'grpc-status': '0' }, messages: [Buffer.from([0x0a, 200, 1])] }
    await using client = channelTo(worker.endpoint)
    expect(await failureOf(client.channel.call(request()))).toMatchObject({
      code: 'REMOTE_RESULT_INVALID',
      message: `worker ${worker.endpoint} sent an answer that cannot be read: the message is no protocol buffer of its kind: it has a field that is cut off`,
    })
  })
})

describe('exceptions of handlers in other languages', () => {
  const exception = {
    kind: 'ValueError',
    message: '50% of #1?\nno',
    stacktrace: 'line 1',
    internal_stacktrace: '',
  }
  const json = JSON.stringify({ chalk_remote_error: 1, exception })
  const escapes: readonly (readonly [string, string])[] = [
    ['all of it escaped', encodeURIComponent(json)],
    ['reserved characters as they are', encodeURI(json)],
    ['everything but the percent sign escaped', json.replace(/[^!$&-;=@-z|~%]/g, encodeURIComponent)],
    ['nothing escaped but line breaks', json],
  ]
  test.each(escapes)('%s', async (_, text) => {
    await using worker = await rawWorker()
    worker.answer = { trailers: { 'grpc-status': '2', 'grpc-message': text } }
    await using client = channelTo(worker.endpoint)
    expect(await failureOf(client.channel.call(request()))).toMatchObject({
      code: FUNCTION_FAILED,
      message: `function 'f' failed at ${worker.endpoint}: ValueError: 50% of #1?\nno`,
      details: { functionStack: 'line 1' },
    })
  })

  test.each([
    ['100%', '100%'],
    ['a %zz b', 'a %zz b'],
    ['a%20b%', 'a b%'],
    ['%23 and %3F', '# and ?'],
    ['%22%FF%22', '%22%FF%22'],
    ['', ''],
  ])('the text "%s" is read as "%s"', (text, read) => {
    expect(decodeStatusText(text)).toBe(read)
  })
})

describe('errors of our own workers', () => {
  const place = { endpoint: 'h:1', function: 'f' }
  const sentBy = (thrown: unknown): EngineError => errorOfStatus(statusOfError(thrown), place)

  test('come through with class, code and details', () => {
    const error = new EngineError(
      'ROW_FAILED',
      'row 3 is odd',
      { function: 'f', version: 2, row: 3, hint: 'send even ones', retryAfter: 5, unsent: true },
      Object.assign(new TypeError('odd'), { status: 500, other: {} }),
    )
    const read = sentBy(error)
    expect(read).toMatchObject({ code: 'ROW_FAILED', message: 'row 3 is odd\n  send even ones' })
    expect(read.details).toEqual({
      function: 'f',
      version: 2,
      row: 3,
      hint: 'send even ones',
      retryAfter: 5,
      endpoint: 'h:1',
    })
    expect(read.cause).toMatchObject({ name: 'TypeError', message: 'odd', status: 500 })
    expect(isThrownByWorker(read)).toBe(true)
  })

  test('of a worker that is closed are its absence', () => {
    const read = sentBy(new EngineError('SESSION_CLOSED', 'the session is closed'))
    expect(read).toMatchObject({
      code: 'UNAVAILABLE',
      message: 'worker h:1 is not reached: the session is closed',
    })
    expect(isThrownByWorker(read)).toBe(false)
  })

  test('fit into headers, however long they are', () => {
    for (const filling of ['x', '%', '\n', '🦆', '"', '\ud800']) {
      const cause = new Error(filling.repeat(50_000))
      const error = new EngineError(
        'FUNCTION_FAILED',
        filling.repeat(50_000),
        { functionStack: filling.repeat(50_000) },
        cause,
      )
      const { details, encoded, code } = statusOfError(error)
      expect(code).toBe(2)
      expect(encodeURI(details).length).toBeLessThanOrEqual(STATUS_BYTES_MAX)
      expect(encoded.toString('base64').length).toBeLessThanOrEqual(STATUS_BYTES_MAX)
      expect(JSON.parse(details)).toMatchObject({ chalk_remote_error: 1, exception: { kind: 'Error' } })
      expect(errorOfStatus({ code, details, encoded }, place).code).toBe('FUNCTION_FAILED')
    }
  })

  test('lose the stack first, and the cause next', () => {
    const error = new EngineError('TIMED_OUT', 'too slow', {}, new Error('x'.repeat(10_000)))
    const read = sentBy(error)
    expect([read.code, read.message, read.cause]).toEqual(['TIMED_OUT', 'too slow', undefined])
  })

  test.each([
    ['no JSON', 'not JSON'],
    ['no error', '[]'],
    [
      'a code of a later version',
      JSON.stringify({ ...encodeError(new EngineError('INTERNAL', 'x')), code: 'LATER' }),
    ],
    ['a message that is no text', JSON.stringify({ code: 'INTERNAL', message: 7 })],
  ])('%s in the trailer leaves what the status says', (_, text) => {
    expect(
      errorOfStatus({ code: status.RESOURCE_EXHAUSTED, details: 'busy', encoded: Buffer.from(text) }, place),
    ).toMatchObject({
      code: 'RESOURCE_EXHAUSTED',
      message: 'worker h:1 asks for fewer calls: busy',
    })
  })
})
