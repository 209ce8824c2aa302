import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { GroupRegistry } from '../../catalog/groups/groupRegistry.ts'
import { openStateStore } from '../../catalog/store/libsqlStore.ts'
import type { StateStore } from '../../catalog/store/stateStore.ts'
import { newFolder } from '../store/processes.ts'

export interface GroupFolder {
  readonly directory: string
  readonly store: StateStore
  readonly registry: GroupRegistry
}

/** A registry of groups in a folder that is removed at the end of the test, or in memory. */
export async function openGroups(directory: string = newFolder()): Promise<GroupFolder> {
  const isInMemory = directory === ':memory:'
  const store = await openStateStore(isInMemory ? directory : join(directory, 'state.db'))
  onTestFinished(() => store.close())
  let now = 1_700_000_000_000
  const registry = new GroupRegistry({
    store: async () => store.groups,
    models: async () => store.models,
    baseDirectory: isInMemory ? '.' : directory,
    clock: { now: () => now++ },
  })
  return { directory, store, registry }
}
