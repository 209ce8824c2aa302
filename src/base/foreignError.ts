/** An error of somebody else's class as plain data: what it says, and what tells whether another attempt is worth it. */
export interface ForeignError {
  readonly name: string
  readonly message: string
  readonly stack?: string
  readonly properties: Readonly<Record<string, string | number>>
  readonly cause?: ForeignError
}

const kept = ['status', 'statusCode', 'code', 'errno', 'type', 'retryAfter']
const DEPTH_MAX = 4

export function encodeForeignError(thrown: unknown, depth = 0): ForeignError {
  if (!(thrown instanceof Error))
    return { name: 'Error', message: String(thrown), properties: propertiesOf(thrown) }
  const { name, message, stack, cause } = thrown
  return {
    name,
    message,
    ...(typeof stack === 'string' ? { stack } : {}),
    properties: propertiesOf(thrown),
    // `fetch` says only there what went wrong.
    ...(cause === undefined || depth >= DEPTH_MAX ? {} : { cause: encodeForeignError(cause, depth + 1) }),
  }
}

export function decodeForeignError({ name, message, stack, properties, cause }: ForeignError): Error {
  const error = new Error(message, cause === undefined ? {} : { cause: decodeForeignError(cause) })
  if (name !== 'Error') Object.defineProperty(error, 'name', { value: name, configurable: true })
  if (stack !== undefined) error.stack = stack
  return Object.assign(error, properties)
}

function propertiesOf(thrown: unknown): ForeignError['properties'] {
  if (typeof thrown !== 'object' || thrown === null) return {}
  const found = kept.flatMap((key) => {
    const value: unknown = Reflect.get(thrown, key)
    return typeof value === 'string' || typeof value === 'number' ? [[key, value] as const] : []
  })
  return Object.fromEntries(found)
}
