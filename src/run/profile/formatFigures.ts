/** `1,234,567` */
export function formatCount(count: number): string {
  return String(Math.round(count)).replaceAll(/\B(?=(\d{3})+$)/g, ',')
}

/** `1 row`, `1,234 rows` */
export function formatCounted(count: number, one: string, many: string = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`
}

/** An amount of anything, to three digits if it is no whole number: `12`, `1,234`, `0.25`, `17.3` */
export function formatAmount(amount: number): string {
  return Number.isInteger(amount) || amount >= 1000 ? formatCount(amount) : plainNumber(amount, 3)
}

/** `0.25 ms`, `17.3 ms`, `1.25 s`, `4 min 5 s`, `2 h 3 min`, `3 d 4 h`; `digits` that count, where it is less than a minute. */
export function formatMilliseconds(milliseconds: number, digits = 3): string {
  if (milliseconds < 999.5) return `${plainNumber(milliseconds, digits)} ms`
  const seconds = milliseconds / 1000
  if (seconds < 59.95) return `${plainNumber(seconds, digits)} s`
  const whole = Math.round(seconds)
  if (whole < 3600) return twoUnits(whole, [60, 'min'], [1, 's'])
  if (whole < 86_400) return twoUnits(whole, [3600, 'h'], [60, 'min'])
  return twoUnits(whole, [86_400, 'd'], [3600, 'h'])
}

/** `$0.00`, `$0.0012`, `$1,234.50` */
export function formatDollars(dollars: number): string {
  if (dollars > 0 && dollars < 0.995) return `$${cents(dollars)}`
  const [whole, fraction] = dollars.toFixed(2).split('.')
  return `$${formatCount(Number(whole))}.${fraction}`
}

/** A share of 0 to 1: `98 %`, `0.4 %` */
export function formatShare(share: number): string {
  return `${share > 0 && share < 0.0095 ? plainNumber(share * 100, 1) : Math.round(share * 100)} %`
}

/** With so many digits that count, and no zeros at the end. */
function plainNumber(value: number, digits: number): string {
  return String(Number(value.toPrecision(digits)))
}

/** Two digits that count, and never fewer than two decimals: `0.25`, `0.0012`, `0.50` */
function cents(dollars: number): string {
  const decimals = Math.min(12, Math.max(2, 1 - Math.floor(Math.log10(dollars))))
  const text = dollars.toFixed(decimals)
  return text.replace(/(\.\d\d\d*?)0+$/, '$1')
}

type Unit = readonly [seconds: number, name: string]

function twoUnits(seconds: number, [large, largeName]: Unit, [small, smallName]: Unit): string {
  const rest = Math.floor((seconds % large) / small)
  return `${Math.floor(seconds / large)} ${largeName}${rest === 0 ? '' : ` ${rest} ${smallName}`}`
}

/** Quantiles are not known to more than two digits. */
export function formatQuantile(milliseconds: number): string {
  return formatMilliseconds(milliseconds, 2)
}
