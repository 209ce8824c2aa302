import { inspect } from 'node:util'
import { EngineError } from '../src/base/errors.ts'
import type { FunctionSignature } from './function.ts'

/** Values of secrets by name. */
export type SecretValues = Readonly<Record<string, string>>

/** A value that a handler may use and nobody may see: wherever it is printed it reads `[secret NAME]`. */
export interface Secret {
  readonly name: string
  /** The value itself: what it is given to can show it. */
  reveal(): string
  toString(): string
  toJSON(): string
}

/** A copy of it in another thread would have its name alone. */
class HiddenValue implements Secret {
  readonly name: string
  readonly #value: string

  constructor(name: string, value: string) {
    this.name = name
    this.#value = value
    Object.freeze(this)
  }

  reveal(): string {
    return this.#value
  }

  toString(): string {
    return `[secret ${this.name}]`
  }

  toJSON(): string {
    return this.toString()
  }

  [inspect.custom](): string {
    return this.toString()
  }
}

export function createSecret(name: string, value: string): Secret {
  return new HiddenValue(name, value)
}

/** The value `given` for a secret, or else a variable of the environment; null where there is none, or an empty one. */
export function findSecret(
  secret: string,
  given: SecretValues,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): string | null {
  const value = Object.hasOwn(given, secret) ? given[secret] : environment[secret]
  return value === undefined || value === '' ? null : value
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
    const value = findSecret(secret, given, environment)
    if (value === null) throw missingSecret(secret, { name, version })
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
