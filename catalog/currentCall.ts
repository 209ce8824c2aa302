import { AsyncLocalStorage } from 'node:async_hooks'
import type { HandlerContext } from './handlerContext.ts'

/** Where the running code stands: in which call, and in which of its spans. */
export interface CurrentCall {
  readonly context: HandlerContext
  readonly span: number | null
}

const key = Symbol.for('callplane.currentCall')

/** The call that the running code belongs to, across awaits. Copies of the package share it. */
export const currentCall: AsyncLocalStorage<CurrentCall> = sharedStorage()

function sharedStorage(): AsyncLocalStorage<CurrentCall> {
  const present: unknown = Reflect.get(globalThis, key)
  if (present instanceof AsyncLocalStorage) return present
  const storage = new AsyncLocalStorage<CurrentCall>()
  Object.defineProperty(globalThis, key, { value: storage })
  return storage
}
