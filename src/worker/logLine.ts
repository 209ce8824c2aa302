import type { CallEvent } from '../../udf/callEvents.ts'

/** What a handler logged, as one line of JSON. */
export function logLine(
  called: { readonly function: string },
  { level, message, fields }: Extract<CallEvent, { readonly kind: 'log' }>,
): string {
  const time = new Date().toISOString()
  return JSON.stringify(
    { time, level, function: called.function, message, ...fields },
    (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value),
  )
}
