import type { RegisteredFunction } from '../../catalog/registerFunction.ts'
import { encodeColumn } from '../../src/arrow/encode.ts'
import { encodePayload } from '../../src/arrow/ipcPayload.ts'
import type { DataType, Field } from '../../src/base/dataType.ts'
import { parseType } from '../../src/base/parseType.ts'
import type { InvokeContext } from '../../udf/executor.ts'
import { RemoteExecutor } from '../../udf/executors/remote/remote.ts'
import { batchOf, registered, valuesOf } from '../executor.conformance.ts'
import { contextOf } from '../invocations.ts'
import { atGroup, groupAt, TestReplicas } from './replicas.ts'
import { type Script, ScriptedChannel } from './scriptedChannel.ts'

export const group = groupAt(['w:1', 'w:2'])
export const text: DataType = { kind: 'varchar' }
export const upper = atGroup(registered('upper'), group)

/** A message with these columns, each given by its type and values. */
export function body(columns: Record<string, readonly [DataType | string, readonly unknown[]]>): Uint8Array {
  const entries = Object.entries(columns).map(([name, [type, values]]) => ({
    name,
    type: typeof type === 'string' ? parseType(type) : type,
    values,
  }))
  const fields: readonly Field[] = entries.map(({ name, type }) => ({ name, type }))
  const batch = {
    length: entries[0]?.values.length ?? 0,
    columns: entries.map(({ type, values }) => encodeColumn(type, values)),
  }
  return encodePayload(fields, batch)
}

export const result = (values: readonly unknown[], type: DataType | string = text) =>
  body({ result: [type, values] })

/** Calls workers that answer as they are told. */
export function workers(script: Script, places = 1) {
  const channels = ['w:1', 'w:2'].map((endpoint) => new ScriptedChannel(endpoint, script))
  const replicas = new TestReplicas(group, channels, places)
  return { executor: new RemoteExecutor({ replicasOf: () => replicas }), channels, replicas }
}

export async function answered(
  script: Script,
  values: readonly unknown[] = ['a', 'b', 'c', 'd'],
  { fn = upper, ...options }: Partial<InvokeContext> & { fn?: RegisteredFunction } = {},
): Promise<unknown[]> {
  const { executor } = workers(script)
  return valuesOf(fn, await executor.invoke(fn, batchOf(fn, values), contextOf(options)))
}
