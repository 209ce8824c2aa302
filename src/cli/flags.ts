import { extname } from 'node:path'
import { type Command, InvalidArgumentError, Option } from 'commander'

/** Formats of results, in the order in which `--help` lists them. */
export const formats = ['table', 'json', 'ndjson', 'csv', 'arrow', 'parquet'] as const

export type Format = (typeof formats)[number]

type SettingValue = string | number | boolean

/** What every command takes. */
export interface SessionFlags {
  readonly functions: readonly string[]
  readonly database?: string
  readonly set: Readonly<Record<string, SettingValue>>
  readonly progress: boolean
  readonly debug: boolean
}

export interface OutputFlags {
  readonly output?: string
}

export interface ResultFlags extends OutputFlags {
  readonly format?: Format
  /** Rows of a table; Infinity for all. */
  readonly maxRows?: number
}

export function addSessionFlags(command: Command): Command {
  return command
    .option('--functions <glob>', 'modules of functions; can be given several times', append, [])
    .option('--database <file>', 'a DuckDB database file (default: in memory)')
    .option('--set <key=value>', 'a setting of the session; can be given several times', addSetting, {})
    .option('--no-progress', 'show no progress on stderr')
    .option('--debug', 'show the stacks of errors', false)
}

export function addOutputFlag(command: Command, what: string): Command {
  return command.option('-o, --output <file>', what)
}

export function addResultFlags(command: Command): Command {
  return addOutputFlag(command, 'write to a file, whose ending gives the format')
    .addOption(
      new Option('--format <name>', 'default: table on a terminal, ndjson elsewhere').choices(formats),
    )
    .addOption(
      new Option('--max-rows <n>', 'rows of a table, or all; default: 100 on a terminal').argParser(
        parseMaxRows,
      ),
    )
}

function append(value: string, previous: readonly string[]): readonly string[] {
  return [...previous, value]
}

/** Numbers and booleans are read as such, everything else is text; the session knows what each setting takes. */
export function addSetting(
  text: string,
  previous: Readonly<Record<string, SettingValue>>,
): Readonly<Record<string, SettingValue>> {
  const [, key, value] = /^([^=]+)=(.*)$/s.exec(text) ?? []
  if (key === undefined || value === undefined)
    throw new InvalidArgumentError('Write it as key=value, such as threads=2.')
  return { ...previous, [key.trim()]: settingValue(value.trim()) }
}

function settingValue(text: string): SettingValue {
  if (text === 'true' || text === 'false') return text === 'true'
  return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text
}

function parseMaxRows(text: string): number {
  if (text === 'all') return Infinity
  if (!/^[1-9]\d*$/.test(text)) throw new InvalidArgumentError("Give a number from 1, or 'all'.")
  return Number(text)
}

const formatOfExtension: Readonly<Record<string, Format>> = {
  '.txt': 'table',
  '.json': 'json',
  '.ndjson': 'ndjson',
  '.jsonl': 'ndjson',
  '.csv': 'csv',
  '.arrow': 'arrow',
  '.arrows': 'arrow',
  '.feather': 'arrow',
  '.parquet': 'parquet',
}

/** The format that the ending of a file's name stands for; null if none. */
export function formatOfFile(path: string): Format | null {
  return formatOfExtension[extname(path).toLowerCase()] ?? null
}
