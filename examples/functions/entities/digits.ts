const zeros = ['0', '٠', '۰', '०', '০', '๐', '０'].map((zero) => zero.charCodeAt(0))

/** Whether a UTF-16 unit is a decimal digit of a common script. */
export function isDigit(code: number): boolean {
  if (code < 128) return code >= 48 && code <= 57
  return code >= 0x660 && zeros.some((zero) => code >= zero && code <= zero + 9)
}

/** The number that decimal digits of any common script write; NaN for anything else. */
export function parseDigits(digits: string): number {
  let value = 0
  for (const digit of digits) {
    const code = digit.charCodeAt(0)
    const zero = zeros.find((candidate) => code >= candidate && code <= candidate + 9) ?? Number.NaN
    value = value * 10 + (code - zero)
  }
  return value
}
