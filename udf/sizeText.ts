/** `1.25 GB` */
export function sizeText(bytes: number): string {
  const [unit, size] = bytes >= 1e9 ? ['GB', 1e9] : ['MB', 1e6]
  return `${Number((bytes / size).toPrecision(3))} ${unit}`
}
