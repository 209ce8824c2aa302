import { formatSignature } from '../../catalog/catalog.ts'
import type { FunctionSignature } from '../../catalog/function.ts'
import type { ErrorCode } from '../base/errorCodes.ts'
import { EngineError } from '../base/errors.ts'

/** Lets SQL call one more function. */
export type Announce = (signature: FunctionSignature) => Promise<void>

/** The functions that the engines of a session know by name: each with one signature, for as long as they live. */
export class AnnouncedFunctions {
  readonly #known: Map<string, string>
  #announce: Announce | null = null

  constructor(known: readonly FunctionSignature[]) {
    this.#known = new Map(known.map((signature) => [signature.name, formatSignature(signature)]))
  }

  /** Says who lets engines call one more function than those that they know from the start. */
  tell(announce: Announce): void {
    this.#announce = announce
  }

  /** Throws with the code for a name that the engines know with other types. */
  check(signature: FunctionSignature, code: ErrorCode): void {
    const known = this.#known.get(signature.name)
    if (known === undefined || known === formatSignature(signature)) return
    throw new EngineError(code, `'${signature.name}' was ${known} in this session`, {
      function: signature.name,
      hint: 'open another session, or choose another group',
    })
  }

  /** As `check`; then queries may call it. */
  async announce(signature: FunctionSignature, code: ErrorCode): Promise<void> {
    this.check(signature, code)
    if (this.#known.has(signature.name)) return
    await this.#announce?.(signature)
    this.#known.set(signature.name, formatSignature(signature))
  }
}
