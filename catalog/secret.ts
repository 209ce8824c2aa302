import type { InspectOptions } from 'node:util'
import { inspect } from 'node:util'
import { EngineError } from '../src/base/errors.ts'
import type { FunctionSignature } from './function.ts'

/** Values of secrets by name. */
export type SecretValues = Readonly<Record<string, string>>

/** A value that a handler may use and nobody may see: wherever it is printed it reads `[secret NAME]`. */
export class Secret {
  readonly name: string
  readonly #value: string

  constructor(name: string, value: string) {
    this.name = name
    this.#value = value
    Object.freeze(this)
  }

  /** The value itself: what it is given to can show it. */
  reveal(): string {
    return this.#value
  }

  toString(): string {
    return `[secret ${this.name}]`
  }

  toJSON(): string {
    return this.toString()
  }

  [Symbol.toPrimitive](): string {
    return this.toString()
  }

  [inspect.custom](_depth: number, _options: InspectOptions): string {
    return this.toString()
  }
}

/**
 * The values of the secrets that a function asks for: those `given`, else variables of the environment; none may be empty.
 * Throws SECRET_MISSING.
 */
export function resolveSecrets(
  { name, version, secrets }: FunctionSignature,
  given: SecretValues,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): SecretValues {
  const values = secrets.map((secret) => {
    const value = Object.hasOwn(given, secret) ? given[secret] : environment[secret]
    if (value === undefined || value === '') throw missingSecret(secret, { name, version })
    return [secret, value] as const
  })
  return Object.freeze(Object.fromEntries(values))
}

/** A handler asks for a secret that nobody gave. */
export function missingSecret(
  secret: string,
  { name, version }: Pick<FunctionSignature, 'name' | 'version'>,
): EngineError {
  const message = `function '${name}' (version ${version}) asks for secret '${secret}', which nobody gave`
  return new EngineError('SECRET_MISSING', message, {
    function: name,
    version,
    hint: `open the session with secrets: { ${secret}: … }, or set the environment variable ${secret}`,
  })
}
