import { readFile } from 'node:fs/promises'
import { EngineError, messageOf } from '../../base/errors.ts'
import type { WorkerTls } from '../../worker/workerOptions.ts'

/** Who may call what listens. */
export interface SecurityFlags {
  readonly tlsCert?: string
  readonly tlsKey?: string
  readonly clientCa?: string
  readonly tokenFile?: string
  readonly insecure: boolean
}

/** Throws USAGE_INVALID for one file without the other. */
export function readTls({ tlsCert: cert, tlsKey: key, clientCa }: SecurityFlags): WorkerTls | null {
  if (cert !== undefined && key !== undefined) return { cert, key, clientCa }
  if (cert === undefined && key === undefined && clientCa === undefined) return null
  throw new EngineError('USAGE_INVALID', '--tls-cert and --tls-key are given together', {
    hint: '--client-ca goes with them',
  })
}

/** A command line can be read by everybody on the machine: the token is no part of it. Throws IO_FAILED. */
export async function readToken({ tokenFile }: SecurityFlags): Promise<string | null> {
  if (tokenFile === undefined) return process.env['CALLPLANE_TOKEN']?.trim() || null
  let text: string
  try {
    text = await readFile(tokenFile, 'utf8')
  } catch (error) {
    const message = `cannot read the token in ${tokenFile}: ${messageOf(error)}`
    throw new EngineError('IO_FAILED', message, { path: tokenFile }, error)
  }
  return text.trim()
}
