import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { EngineError, messageOf } from '../base/errors.ts'

export interface QueryFlags {
  /** A file of SQL; `-` is standard input. */
  readonly file?: string
}

/** The statements that a command is to work on: those it was given, those of a file, or those of standard input. */
export async function readQuery(given: string | undefined, { file }: QueryFlags): Promise<string> {
  if (given !== undefined && file !== undefined)
    throw noQuery('both a query and a file are given', 'give one of them')
  const query = given ?? (await readSource(file))
  if (query.trim() === '')
    throw noQuery(`${sourceName(given, file)} holds no query`, 'write a statement, such as SELECT 42')
  return query
}

async function readSource(file: string | undefined): Promise<string> {
  if (file !== undefined && file !== '-') return readQueryFile(file)
  if (file === undefined && process.stdin.isTTY)
    throw noQuery(
      'no query is given',
      'give one, or a file with -f, or pipe one in; `callplane repl` takes them one by one',
    )
  return text(process.stdin)
}

function sourceName(given: string | undefined, file: string | undefined): string {
  if (given !== undefined) return 'the argument'
  return file === undefined || file === '-' ? 'standard input' : file
}

async function readQueryFile(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    throw new EngineError('IO_FAILED', `cannot read ${path}: ${messageOf(error)}`, { path }, error)
  }
}

function noQuery(problem: string, hint: string): EngineError {
  return new EngineError('USAGE_INVALID', problem, { hint })
}
