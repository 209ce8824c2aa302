import type { Field } from '../src/base/dataType.ts'
import { EngineError } from '../src/base/errors.ts'
import { suggestNames } from '../src/base/suggest.ts'
import { currentCall } from './currentCall.ts'

/** Calls a function for one row on behalf of the handler that is running. */
export async function callRemote<Result>(
  name: string,
  inputs: readonly Field[],
  row: Readonly<Record<string, unknown>>,
): Promise<Result> {
  const call = currentCall.getStore()
  if (call === undefined) {
    throw new EngineError(
      'WRONG_ARGUMENTS',
      `function '${name}' was called with remote() outside a handler`,
      {
        function: name,
        hint: 'call it from an async handler of another function, or use F.catalogCall or SQL',
      },
    )
  }
  const names = inputs.map((input) => input.name)
  const unknown = Object.keys(row).find((key) => !names.includes(key))
  if (unknown !== undefined) {
    const suggestion = suggestNames(unknown, names, 'it')
    throw new EngineError(
      'WRONG_ARGUMENTS',
      `function '${name}' has no argument '${unknown}': ${suggestion}`,
      {
        function: name,
      },
    )
  }
  const [result] = await call.context.callRows(name, [names.map((input) => row[input] ?? null)])
  return result as Result
}
