import { createHash, timingSafeEqual } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { TransportSecurity } from '../../catalog/groups/scalingGroup.ts'
import { EngineError, messageOf } from '../base/errors.ts'

/** What the PEM files of a side hold. */
export interface Certificates {
  readonly ca: Buffer | null
  readonly cert: Buffer | null
  readonly key: Buffer | null
}

/** Reads the files. Throws IO_FAILED for one that cannot be read, CONFIG_INVALID for one that holds nothing of its kind. */
export function readCertificates({ ca, cert, key }: TransportSecurity): Certificates {
  if ((cert === null) !== (key === null)) {
    throw new EngineError('CONFIG_INVALID', 'tls has a cert without a key, or a key without a cert', {
      hint: 'give both files, or neither',
    })
  }
  return {
    ca: readPem('ca', ca, 'CERTIFICATE'),
    cert: readPem('cert', cert, 'CERTIFICATE'),
    key: readPem('key', key, 'PRIVATE KEY'),
  }
}

function readPem(role: string, path: string | null, label: string): Buffer | null {
  if (path === null) return null
  let pem: Buffer
  try {
    pem = readFileSync(path)
  } catch (error) {
    throw new EngineError('IO_FAILED', `tls.${role} cannot be read: ${messageOf(error)}`, { path }, error)
  }
  if (!pem.includes(`${label}-----`)) {
    throw new EngineError('CONFIG_INVALID', `tls.${role} holds no ${label.toLowerCase()} in PEM: ${path}`, {
      path,
    })
  }
  return pem
}

export function bearerOf(token: string): string {
  return `Bearer ${token}`
}

/** Whether a header is the wanted one, in a time that does not tell where they differ. */
export function isSameSecret(given: string, wanted: string): boolean {
  return timingSafeEqual(digestOf(given), digestOf(wanted))
}

function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

/** Whether what is sent to the host stays on this machine. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host)
}
