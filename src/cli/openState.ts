import { resolve } from 'node:path'
import type { SessionOptions } from '../session/session.ts'
import { SessionState } from '../session/sessionState.ts'

/** What outlives the sessions that have these options. */
export function openState({
  state = '.callplane',
  baseDirectory = process.cwd(),
}: SessionOptions): SessionState {
  return new SessionState(state === null ? null : resolve(baseDirectory, state))
}

/** Runs `work` on a state that is closed after it. */
export async function withState<T>(
  options: SessionOptions,
  work: (state: SessionState) => Promise<T>,
): Promise<T> {
  const state = openState(options)
  try {
    return await work(state)
  } finally {
    await state.close()
  }
}
