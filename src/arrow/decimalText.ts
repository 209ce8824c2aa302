/** The digits of a decimal with its point: 12345n and 2 make `123.45`. */
export function formatDecimal(unscaled: bigint | number, scale: number): string {
  const text = unscaled.toString()
  if (scale === 0) return text
  const sign = text.startsWith('-') ? '-' : ''
  const digits = text.slice(sign.length).padStart(scale + 1, '0')
  return `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`
}

const pattern = /^\s*([+-]?)(\d*)\.?(\d*)(?:[eE]([+-]?\d{1,4}))?\s*$/

/** What a decimal of this scale stores for a number in text, exactly; null if the text is no number, or says more digits. */
export function parseDecimal(text: string, scale: number): bigint | null {
  const match = pattern.exec(text)
  if (match === null) return null
  const [, sign, whole = '', fraction = '', exponent = '0'] = match
  if (whole === '' && fraction === '') return null
  const digits = `${whole}${fraction}`.replace(/^0+/, '')
  if (digits === '') return 0n
  const shift = Number(exponent) - fraction.length + scale
  // Further than any decimal reaches.
  if (shift > 100 || digits.length > 200) return null
  if (shift < 0 && /[1-9]/.test(digits.slice(shift))) return null
  const unscaled = shift < 0 ? BigInt(digits.slice(0, shift) || '0') : BigInt(digits) * 10n ** BigInt(shift)
  return sign === '-' ? -unscaled : unscaled
}
