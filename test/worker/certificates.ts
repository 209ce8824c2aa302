import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Paths of PEM files. */
export interface Identity {
  readonly cert: string
  readonly key: string
}

/** An authority in a directory of its own, until it is closed. */
export class Authority {
  readonly cert: string
  readonly #directory = mkdtempSync(join(tmpdir(), 'callplane-worker-ca-'))
  readonly #key: string

  constructor() {
    this.cert = join(this.#directory, 'ca.pem')
    this.#key = join(this.#directory, 'ca.key')
    this.#openssl(
      'req',
      '-x509',
      ...newKey(this.#key),
      '-out',
      this.cert,
      '-subj',
      '/CN=authority',
      '-days',
      '2',
    )
  }

  /** A certificate of this machine, or of a caller. */
  issue(name: string): Identity {
    const path = (ending: string): string => join(this.#directory, `${name}.${ending}`)
    const identity = { cert: path('pem'), key: path('key') }
    writeFileSync(path('ext'), 'subjectAltName=DNS:localhost,IP:127.0.0.1\n')
    this.#openssl('req', ...newKey(identity.key), '-out', path('csr'), '-subj', `/CN=${name}`)
    const signed = [
      '-CA',
      this.cert,
      '-CAkey',
      this.#key,
      '-CAcreateserial',
      '-extfile',
      path('ext'),
      '-days',
      '1',
    ]
    this.#openssl('x509', '-req', '-in', path('csr'), ...signed, '-out', identity.cert)
    return identity
  }

  close(): void {
    rmSync(this.#directory, { recursive: true, force: true })
  }

  #openssl(...args: readonly string[]): void {
    execFileSync('openssl', args, { stdio: 'pipe' })
  }
}

function newKey(path: string): readonly string[] {
  return ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', path]
}
