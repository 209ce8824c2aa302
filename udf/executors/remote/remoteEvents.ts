import type { CallEvent } from '../../callEvents.ts'

type ReportedEvent = Extract<CallEvent, { readonly kind: 'log' | 'span' | 'usage' }>

const levels: readonly unknown[] = ['debug', 'info', 'warn', 'error']

/** What a handler elsewhere reported; null for what is no such report. */
export function readEvent(text: string): ReportedEvent | null {
  let event: unknown
  try {
    event = JSON.parse(text)
  } catch {
    return null
  }
  return isEvent(event) ? event : null
}

function isEvent(event: unknown): event is ReportedEvent {
  if (!isObject(event)) return false
  switch (event['kind']) {
    case 'log':
      return levels.includes(event['level']) && isText(event['message']) && isObject(event['fields'])
    case 'usage': {
      const { key, units } = event
      return (key === null || isText(key)) && isObject(units) && Object.values(units).every(isAmount)
    }
    case 'span': {
      const { parent, name, error } = event
      const numbers = ['batch', 'firstRow', 'attempt', 'id', 'started', 'milliseconds'].map(
        (key) => event[key],
      )
      return (
        numbers.every(isAmount) &&
        (parent === null || isAmount(parent)) &&
        isText(name) &&
        (error === null || isText(error))
      )
    }
    default:
      return false
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}

function isAmount(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value)
}
