import type { LimitStore } from '../../catalog/store/stateStore.ts'

/** Something for each key of each store, in all sessions of this process: made when it is first asked for. */
export function perKey<Value>(
  create: (store: LimitStore, key: string) => Value,
): (store: LimitStore, key: string) => Value {
  const stores = new WeakMap<LimitStore, Map<string, Value>>()
  return (store, key) => {
    const values = stores.get(store) ?? new Map<string, Value>()
    stores.set(store, values)
    const value = values.get(key) ?? create(store, key)
    values.set(key, value)
    return value
  }
}
