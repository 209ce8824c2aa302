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
  /** Directory of runs, caches and shared limits. */
  readonly state?: string
  readonly trace: boolean
  readonly progress: boolean
  readonly debug: boolean
}

/** What calls may cost. */
export interface BudgetFlags {
  readonly budgetDollars?: number
  readonly budgetCalls?: number
}

/** What a command takes that records a run. */
export interface RunFlags extends BudgetFlags {
  readonly name?: string | undefined
  /** Goes on with the run whose name or id is `name`, or else with the last one of the same source. */
  readonly resume: boolean
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
    .option('--state <dir>', 'directory of runs, caches and shared limits (default: .callplane)')
    .option('--trace', 'send traces and metrics over OTLP, to OTEL_EXPORTER_OTLP_ENDPOINT', false)
    .option('--no-progress', 'show no progress on stderr')
    .option('--debug', 'show the stacks of errors', false)
}

export function addBudgetFlags(command: Command): Command {
  return command
    .addOption(
      new Option('--budget-dollars <n>', 'stop before calls would cost more').argParser(parseDollars),
    )
    .addOption(new Option('--budget-calls <n>', 'stop before more calls are made').argParser(parseWhole))
}

export function addRunFlags(command: Command): Command {
  return addBudgetFlags(
    command
      .option('--name <name>', 'record the run by this name')
      .option(
        '--resume',
        'go on with the run of that name or id; without one, with the last of the same',
        false,
      ),
  )
}

export function addOutputFlag(command: Command, what: string): Command {
  return command.option('-o, --output <file>', what)
}

export function addResultFlags(command: Command): Command {
  return addFormatFlags(addOutputFlag(command, 'write to a file, whose ending gives the format'))
}

export function addFormatFlags(command: Command): Command {
  return command
    .addOption(
      new Option('--format <name>', 'default: table on a terminal, ndjson elsewhere').choices(formats),
    )
    .addOption(
      new Option('--max-rows <n>', 'rows of a table, or all; default: 100 on a terminal').argParser(
        parseMaxRows,
      ),
    )
}

/** Adds one more value of an option that can be given several times. */
export function append(value: string, previous: readonly string[]): readonly string[] {
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

function parseDollars(text: string): number {
  if (!/^\d+(\.\d+)?$/.test(text)) throw new InvalidArgumentError('Give dollars, such as 5 or 0.25.')
  return Number(text)
}

/** A whole number from 1. */
export function parseCount(text: string): number {
  if (!/^0*[1-9]\d*$/.test(text)) throw new InvalidArgumentError('Give a whole number from 1.')
  return Number(text)
}

/** A whole number from 0. */
export function parseWhole(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('Give a whole number.')
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
