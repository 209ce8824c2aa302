/**
 * The text of a status as its sender meant it. grpc-js decodes it with `decodeURI`, which keeps the escapes of reserved characters, and
 * gives up on the whole text at a `%` that a peer forgot to escape.
 */
export function decodeStatusText(text: string): string {
  if (!undecoded.test(text)) return text.replace(reserved, decodeURIComponent)
  return text.replace(/(?:%[0-9a-f]{2})+/gi, (run) => {
    try {
      return decodeURIComponent(run)
    } catch {
      return run
    }
  })
}

/** The escapes that `decodeURI` leaves, and one that it would not have left. */
const reserved = /%(?:23|24|26|2B|2C|2F|3A|3B|3D|3F|40)/gi
const undecoded = /%(?!23|24|26|2B|2C|2F|3A|3B|3D|3F|40)[0-9a-f]{2}/i

/** The longest beginning of a text, in whole characters, for which `fits` holds; it must hold for all shorter ones too. */
export function longestThatFits(text: string, fits: (beginning: string) => boolean): string {
  const whole = wellFormed(text)
  if (fits(whole)) return whole
  let least = 0
  let most = whole.length
  while (most - least > 1) {
    const middle = (least + most) >> 1
    if (fits(wellFormed(whole.slice(0, middle)))) least = middle
    else most = middle
  }
  return wellFormed(whole.slice(0, least))
}

/** Half a surrogate pair cannot be encoded. */
function wellFormed(text: string): string {
  return Buffer.from(text).toString()
}

/** Bytes that a text takes as the message of a status. `%` and all but ASCII are escaped. */
export function statusTextBytes(text: string): number {
  return encodeURI(text).length
}

/** What a worker that is written in another language says of an exception of its handler. */
export interface RemoteException {
  readonly kind: string
  readonly message: string
  readonly stacktrace: string
}

/** Null for a text that is no such exception. */
export function exceptionOfText(text: string): RemoteException | null {
  const value = parsed(text)
  const exception = propertyOf(value, 'exception')
  if (propertyOf(value, 'chalk_remote_error') === undefined || exception === undefined) return null
  const textOf = (name: string): string => {
    const part = propertyOf(exception, name)
    return typeof part === 'string' ? part : ''
  }
  return { kind: textOf('kind'), message: textOf('message'), stacktrace: textOf('stacktrace') }
}

export function textOfException({ kind, message, stacktrace }: RemoteException): string {
  const exception = { kind, message, stacktrace, internal_stacktrace: '' }
  return JSON.stringify({ chalk_remote_error: 1, exception })
}

function parsed(text: string): unknown {
  if (!text.startsWith('{')) return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function propertyOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}
