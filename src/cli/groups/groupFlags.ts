import { InvalidArgumentError } from 'commander'
import type { ResultFlags, SessionFlags } from '../flags.ts'

/** What the commands of scaling groups take. */
export type GroupsFlags = SessionFlags & ResultFlags

export interface DeployGroupFlags extends GroupsFlags {
  readonly target: 'local' | 'kubernetes'
  /** In place of the name in the definition. */
  readonly name?: string
  /** Percent of the calls, one step after the other. */
  readonly share?: readonly number[]
  readonly stepSeconds?: number
  readonly force: boolean
}

/** `10`, or `10,50,100` for one step after the other. */
export function parseShares(text: string): readonly number[] {
  return text.split(',').map(parseShare)
}

export function parseShare(text: string): number {
  const share = Number(text.trim())
  if (/^\d+$/.test(text.trim()) && share >= 1 && share <= 100) return share
  throw new InvalidArgumentError('Give percent from 1 to 100.')
}
