import { type FileHandle, open, readdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { EngineError } from '../../base/errors.ts'
import { suggestNames } from '../../base/suggest.ts'

/** What a replica has written. */
export interface ReplicaLogFile {
  readonly group: string
  readonly replica: string
  readonly path: string
}

const ending = '.log'
const bytesAtOnce = 2 ** 16

/** The logs of a group or of a replica, or all of them, by name. Throws GROUP_UNKNOWN for a name that none has. */
export async function findLogs(
  directory: string,
  name: string | undefined,
): Promise<readonly ReplicaLogFile[]> {
  const all = await listLogs(directory)
  const found = all.filter((log) => name === undefined || isNamed(log, name))
  if (found.length > 0 || name === undefined) return found
  const names = new Set(all.flatMap(({ group, replica }) => [group, replica]))
  const suggestion = suggestNames(name, names, 'the list of groups and replicas with logs')
  throw new EngineError('GROUP_UNKNOWN', `no group or replica '${name}' has a log: ${suggestion}`)
}

export function isNamed({ group, replica }: ReplicaLogFile, name: string): boolean {
  return [group, replica].some((own) => own.toLowerCase() === name.toLowerCase())
}

export async function listLogs(directory: string): Promise<readonly ReplicaLogFile[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => [])
  return entries
    .filter((entry) => entry.isFile() && entry.name.endsWith(ending))
    .map(({ name, parentPath }) => ({
      group: basename(parentPath),
      replica: name.slice(0, -ending.length),
      path: join(parentPath, name),
    }))
    .toSorted((a, b) => (a.path < b.path ? -1 : 1))
}

/** The last lines of a log, also of the file that was put aside before it, and the byte after the last. */
export async function lastLines(
  { path }: ReplicaLogFile,
  count: number,
): Promise<{ readonly lines: readonly string[]; readonly end: number }> {
  const { lines, end } = await tail(path, count)
  if (lines.length >= count) return { lines, end }
  const before = await tail(`${path}.1`, count - lines.length)
  return { lines: [...before.lines, ...lines], end }
}

async function tail(
  path: string,
  count: number,
): Promise<{ readonly lines: readonly string[]; readonly end: number }> {
  const file = await open(path).catch(() => null)
  if (file === null) return { lines: [], end: 0 }
  try {
    const { size } = await file.stat()
    let text = Buffer.alloc(0)
    let start = size
    // The line before the first one ends there.
    while (start > 0 && countLines(text) <= count) {
      const from = Math.max(0, start - bytesAtOnce)
      text = Buffer.concat([await readRange(file, from, start), text])
      start = from
    }
    const end = text.lastIndexOf('\n') + 1
    const lines = text.subarray(0, end).toString().split('\n').slice(0, -1)
    return { lines: count === 0 ? [] : lines.slice(-count), end: size - (text.length - end) }
  } finally {
    await file.close()
  }
}

/** All of a range that is there. */
export async function readRange(file: FileHandle, start: number, end: number): Promise<Buffer<ArrayBuffer>> {
  const buffer = Buffer.alloc(end - start)
  let filled = 0
  while (filled < buffer.length) {
    const { bytesRead } = await file.read(buffer, filled, buffer.length - filled, start + filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return buffer.subarray(0, filled)
}

function countLines(text: Buffer): number {
  let lines = 0
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) lines++
  return lines
}
