import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Whether certificates can be made here; tests say so where not. */
export function hasOpenssl(): boolean {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

export interface CertificateFiles {
  readonly cert: string
  readonly key: string
}

/** Certificates of two authorities in a folder of their own. */
export class TestCertificates {
  readonly folder = mkdtempSync(join(tmpdir(), 'callplane-certificates-'))

  /** An authority that signs itself. */
  authority(name: string): CertificateFiles {
    const files = this.#files(name)
    const subject = ['-subj', `/CN=${name}`, '-days', '30']
    this.#openssl('req', '-x509', ...newKey, ...subject, '-keyout', files.key, '-out', files.cert)
    return files
  }

  /** A certificate for a host name or address, of so many days; fewer than none for one that has expired. */
  signed(
    name: string,
    by: CertificateFiles,
    { host = 'DNS:localhost,IP:127.0.0.1', days = 30 } = {},
  ): CertificateFiles {
    const files = this.#files(name)
    const request = join(this.folder, `${name}.csr`)
    const extensions = join(this.folder, `${name}.ext`)
    writeFileSync(extensions, `subjectAltName=${host}\n`)
    this.#openssl('req', ...newKey, '-subj', `/CN=${name}`, '-keyout', files.key, '-out', request)
    const authority = ['-CA', by.cert, '-CAkey', by.key, '-CAcreateserial', '-days', String(days)]
    this.#openssl('x509', '-req', '-in', request, ...authority, '-extfile', extensions, '-out', files.cert)
    return files
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }

  #files(name: string): CertificateFiles {
    return { cert: join(this.folder, `${name}.crt`), key: join(this.folder, `${name}.key`) }
  }

  #openssl(...args: string[]): void {
    execFileSync('openssl', args, { stdio: 'ignore' })
  }
}

const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'] as const
