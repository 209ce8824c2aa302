import { type Given, wrong } from './fields.ts'

const unitBytes: Readonly<Record<string, number>> = {
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
}

/** Bytes, given as a number or as text: `'1GB'` is 10⁹, `'512MiB'` 512 times 2²⁰. */
export function byteSize(given: Given): number {
  const { value } = given
  const bytes = typeof value === 'string' ? bytesOf(value) : value
  if (typeof bytes === 'number' && Number.isSafeInteger(bytes) && bytes > 0) return bytes
  throw wrong(given, "a size such as '1GB' or '512MiB', or a number of bytes")
}

/** Bytes of a text such as `'1GB'`; NaN for what is no size. */
export function bytesOf(text: string): number {
  const [, amount = '', unit = ''] = /^\s*(\d+(?:\.\d+)?)\s*([KMGT]?i?B)\s*$/i.exec(text) ?? []
  return amount === ''
    ? Number.NaN
    : Math.round(Number(amount) * (unitBytes[unit.toLowerCase()] ?? Number.NaN))
}
