import { type GroupLoad, isActive } from '../../udf/scaling/loadReport.ts'
import { type CallSignal, onAbort } from '../base/cancellation.ts'
import { EngineError } from '../base/errors.ts'
import type { ExternalScaler, ScaledObjectRef } from '../protocol/generated/externalscaler_pb.ts'
import type { ServiceHandlers } from '../protocol/server.ts'

/** What KEDA's autoscaler calls the figure: calls in flight or waiting. */
const METRIC = 'queue-depth'

/** Those who may be told of a group's activity at once. */
const STREAMS_MAX = 1_000

/** Where the scaler has its figures from. */
export interface GroupLoads {
  /** Null where it is not known. */
  load(group: string): GroupLoad | null
  /** Calls back when it may be worth asking again, until what it answers is called. */
  watch(changed: () => void): () => void
}

/** KEDA's `externalscaler.ExternalScaler`, for triggers with the metadata `group` and `targetQueueDepth`. */
export function kedaScaler(loads: GroupLoads): ServiceHandlers<typeof ExternalScaler> {
  let streams = 0
  return {
    isActive: async (object) => ({ result: isActive(knownLoad(loads, object)) }),
    async *streamIsActive(object, { signal }) {
      if (streams >= STREAMS_MAX) {
        throw new EngineError('RESOURCE_EXHAUSTED', `${STREAMS_MAX} streams of activity are open already`)
      }
      streams++
      try {
        for await (const result of activity(loads, groupOf(object), signal)) yield { result }
      } finally {
        streams--
      }
    },
    getMetricSpec: async (object) => {
      const target = targetOf(object)
      const spec = { metricName: METRIC, targetSize: BigInt(Math.ceil(target)), targetSizeFloat: target }
      return { metricSpecs: [spec] }
    },
    getMetrics: async ({ scaledObjectRef, metricName }) => {
      if (scaledObjectRef === undefined || metricName !== METRIC) {
        throw new EngineError('WRONG_ARGUMENTS', `there is no metric '${metricName}'`, {
          hint: `there is '${METRIC}' alone`,
        })
      }
      const { inFlight, waiting } = knownLoad(loads, scaledObjectRef)
      const depth = inFlight + waiting
      return { metricValues: [{ metricName, metricValue: BigInt(depth), metricValueFloat: depth }] }
    },
  }
}

/** Whether the group has calls: at once where that is known, and whenever it changes. */
async function* activity(
  loads: GroupLoads,
  group: string,
  signal: CallSignal,
): AsyncGenerator<boolean, void, undefined> {
  let wake: (() => void) | null = null
  const stopWatching = loads.watch(() => wake?.())
  const stopListening = onAbort(signal, () => wake?.())
  let told: boolean | null = null
  try {
    while (!signal.aborted) {
      const changed = new Promise<void>((resolve) => (wake = resolve))
      const load = loads.load(group)
      if (load !== null && isActive(load) !== told) {
        told = isActive(load)
        yield told
      }
      await changed
    }
  } finally {
    stopListening()
    stopWatching()
  }
}

/** KEDA leaves a group as it is where this throws. */
function knownLoad(loads: GroupLoads, object: ScaledObjectRef): GroupLoad {
  const group = groupOf(object)
  const load = loads.load(group)
  if (load !== null) return load
  throw new EngineError('UNAVAILABLE', `it is not known yet whether scaling group '${group}' has calls`, {
    hint: 'the scaler has just started: ask again in some seconds',
  })
}

function groupOf(object: ScaledObjectRef): string {
  const group = object.scalerMetadata['group']
  if (group !== undefined && group !== '') return group
  throw wrongTrigger(object, 'names no group', "add metadata: { group: '<name>' }")
}

function targetOf(object: ScaledObjectRef): number {
  const text = object.scalerMetadata['targetQueueDepth']
  if (text === undefined) throw wrongTrigger(object, 'has no targetQueueDepth', "such as '8'")
  const target = Number(text)
  if (Number.isFinite(target) && target > 0) return target
  throw wrongTrigger(object, `has the targetQueueDepth '${text}'`, 'give a number above 0')
}

function wrongTrigger({ namespace, name }: ScaledObjectRef, problem: string, hint: string): EngineError {
  return new EngineError('WRONG_ARGUMENTS', `the trigger of ScaledObject ${namespace}/${name} ${problem}`, {
    hint,
  })
}
