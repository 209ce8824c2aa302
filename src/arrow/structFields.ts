import type { Field } from '../base/dataType.ts'

/** Whether the fields of a struct go by their places: those of an unnamed struct, or names that are there twice. */
export function isPositional(fields: readonly Field[]): boolean {
  const names = new Set(fields.map(({ name }) => name))
  return names.has('') || names.size < fields.length
}

/** Sets a field of whatever name; `__proto__` would else change the object's prototype. */
export function setField(object: Record<string, unknown>, name: string, value: unknown): void {
  if (name !== '__proto__') object[name] = value
  else Object.defineProperty(object, name, { value, writable: true, enumerable: true, configurable: true })
}

/** The field of an object, and not what every object inherits (`constructor`, `toString`, …). */
export function getField(object: object, name: string): unknown {
  if (name in Object.prototype && !Object.hasOwn(object, name)) return undefined
  return Reflect.get(object, name)
}
