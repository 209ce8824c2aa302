import { describe, expect, it } from 'vitest'
import type { FunctionSignature } from '../../catalog/function.ts'
import type { Volatility } from '../../catalog/policy/policies.ts'
import { EngineError } from '../../src/base/errors.ts'
import { statusOfError } from '../../src/protocol/errorStatus.ts'
import { errorOfStatus } from '../../src/protocol/remoteError.ts'
import type { CallEvent } from '../../udf/callEvents.ts'
import { callReplica } from '../../udf/executors/remote/callReplica.ts'
import { registered } from '../executor.conformance.ts'
import { contextOf, failureOf } from '../invocations.ts'
import { VirtualClock } from '../virtualClock.ts'
import { atGroup, groupAt, TestReplicas } from './replicas.ts'
import { type Script, ScriptedChannel } from './scriptedChannel.ts'

const group = groupAt(['a:1', 'b:1'])
const text = (body: string): Uint8Array => Buffer.from(body)

const lost = (unsent = false): never => {
  throw new EngineError('UNAVAILABLE', 'worker a:1 is not reached: it hung up', {
    function: 'upper_batch',
    endpoint: 'a:1',
    ...(unsent ? { unsent: true as const } : {}),
  })
}

interface Called {
  readonly volatility?: Volatility
  readonly signal?: AbortSignal
  readonly events?: CallEvent[]
}

/** Calls one of two replicas, which do as they are told, and gives the texts of the answer. */
function calling(
  scripts: readonly [Script, Script],
  { volatility = 'immutable', signal, events }: Called = {},
) {
  const clock = new VirtualClock()
  const channels = scripts.map((script, index) => new ScriptedChannel(`${'ab'[index]}:1`, script))
  const replicas = new TestReplicas(group, channels)
  const own: FunctionSignature = { ...atGroup(registered('upper'), group).signature, volatility }
  const context = contextOf({
    ...(signal === undefined ? {} : { signal }),
    observer: (_, event) => events?.push(event),
  })
  const request = {
    name: 'upper_batch',
    payload: text('rows'),
    headers: {},
    deadline: null,
    signal: context.signal,
  }
  const place = { signature: own, batch: 7, rows: 10 }
  const answer = async (): Promise<string[]> => {
    const texts: string[] = []
    const sender = { replicas, clock, random: () => 0.5 }
    const answers = callReplica(sender, { request, place, context }, ({ channel }) => channel.stream(request))
    for await (const body of answers) texts.push(Buffer.from(body).toString())
    return texts
  }
  return { answer, replicas, channels, clock }
}

describe('a call of a replica that is lost', () => {
  it('is made at another, at once, and told', async () => {
    const events: CallEvent[] = []
    const { answer, replicas } = calling([() => lost(), () => [text('x'), text('y')]], { events })
    expect(await answer()).toEqual(['x', 'y'])
    expect(replicas.released).toEqual(['a:1 unavailable', 'b:1 answered'])
    expect(events).toMatchObject([{ kind: 'retried', rows: 10, error: { code: 'UNAVAILABLE' } }])
  })

  it('is given up after ten others, with pauses that grow', async () => {
    const { answer, replicas, clock } = calling([() => lost(), () => lost()])
    const failing = failureOf(answer())
    const began = clock.now()
    await clock.advance(60_000)
    expect(await failing).toMatchObject({
      code: 'UNAVAILABLE',
      message:
        "function 'upper_batch' (version 2) failed in batch 7 of 10 rows: worker a:1 is not reached: it hung up",
      details: { function: 'upper_batch', version: 2, batch: 7, batchRows: 10, endpoint: expect.any(String) },
    })
    expect(replicas.released).toHaveLength(11)
    expect(replicas.leased).toBe(0)
    expect(clock.now() - began).toBe(60_000)
    expect(clock.pending).toBe(0)
  })

  it('is one that its worker did not answer: what the worker itself cannot reach is an answer', async () => {
    const thrown = statusOfError(new EngineError('UNAVAILABLE', 'the price list is not reached'))
    const { answer, replicas } = calling([
      () => {
        throw errorOfStatus(thrown, { endpoint: 'a:1', function: 'upper_batch' })
      },
      () => [text('x')],
    ])
    expect(await failureOf(answer())).toMatchObject({ code: 'UNAVAILABLE' })
    expect(replicas.released).toEqual(['a:1 answered'])
  })

  it('of a volatile function is made again only where it was not begun', async () => {
    const begun = calling([() => lost(), () => [text('x')]], { volatility: 'volatile' })
    expect(await failureOf(begun.answer())).toMatchObject({ code: 'UNAVAILABLE' })
    expect(begun.channels[1]?.requests).toHaveLength(0)
    const unsent = calling([() => lost(true), () => [text('x')]], { volatility: 'volatile' })
    expect(await unsent.answer()).toEqual(['x'])
  })

  it('after its first item is not made again', async () => {
    const { answer, channels } = calling([
      function* () {
        yield text('x')
        lost()
      },
      () => [text('y')],
    ])
    expect(await failureOf(answer())).toMatchObject({ code: 'UNAVAILABLE', details: { itemsYielded: 1 } })
    expect(channels[1]?.requests).toHaveLength(0)
  })

  it.each(['SESSION_CLOSED', 'CANCELLED'] as const)('says so with %s too', async (code) => {
    const closing = (): never => {
      throw new EngineError(code, 'the worker is closed', { endpoint: 'a:1' })
    }
    const { answer, replicas } = calling([closing, () => [text('x')]])
    expect(await answer()).toEqual(['x'])
    expect(replicas.released).toEqual(['a:1 unavailable', 'b:1 answered'])
  })
})

const failing = (): never => {
  throw new EngineError('FUNCTION_FAILED', "function 'upper_batch' failed at a:1: ValueError: bad", {
    function: 'upper_batch',
    endpoint: 'a:1',
    functionStack: 'Traceback …',
  })
}

describe('a call of a replica', () => {
  it('that fails otherwise is not made again', async () => {
    const { answer, replicas } = calling([failing, () => [text('x')]])
    expect(await failureOf(answer())).toEqual({
      code: 'FUNCTION_FAILED',
      message: "function 'upper_batch' (version 2) failed in batch 7 of 10 rows at a:1: ValueError: bad",
      details: {
        function: 'upper_batch',
        version: 2,
        batch: 7,
        batchRows: 10,
        endpoint: 'a:1',
        functionStack: 'Traceback …',
      },
    })
    expect(replicas.released).toEqual(['a:1 answered'])
  })

  it('that nobody wants any more gives its place back', async () => {
    const controller = new AbortController()
    const hanging = async function* (): AsyncGenerator<Uint8Array, void, undefined> {
      controller.abort(new EngineError('CANCELLED', 'enough'))
      yield text('x')
    }
    const { answer, replicas } = calling([hanging, hanging], { signal: controller.signal })
    expect(await failureOf(answer())).toMatchObject({ code: 'CANCELLED', message: 'enough' })
    expect(replicas.released).toEqual(['a:1 cancelled'])
  })
})
