import type { Readable } from 'node:stream'

/** A line of output without an end is cut here. */
const LINE_LENGTH_MAX = 65_536

/** Calls back for each line of text that comes, without its end. */
export function readLines(stream: Readable | null, onLine: (line: string) => void): void {
  let rest = ''
  stream?.setEncoding('utf8')
  stream?.on('data', (text: string) => {
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    if (rest.length > LINE_LENGTH_MAX) {
      lines.push(rest)
      rest = ''
    }
    for (const line of lines) onLine(line)
  })
  stream?.on('end', () => {
    if (rest !== '') onLine(rest)
  })
  stream?.on('error', () => undefined)
}
