import { EngineError } from '../base/errors.ts'
import { type Format, formatOfFile, formats, type ResultFlags } from './flags.ts'

const TERMINAL_TABLE_ROWS = 100

const textFormats = ['table', 'json', 'ndjson', 'csv'] as const satisfies Format[]

export type TextFormat = (typeof textFormats)[number]

export function isTextFormat(format: string): format is TextFormat {
  return textFormats.some((name) => name === format)
}

/** Throws USAGE_INVALID for a format that is none of text. */
export function textFormat(format: string): TextFormat {
  if (isTextFormat(format)) return format
  throw new EngineError('USAGE_INVALID', `format ${format} cannot be used here`, {
    hint: `use one of ${textFormats.join(', ')}`,
  })
}

export interface OutputFormat {
  readonly format: Format
  /** Rows of a table at most. */
  readonly maxRows: number
}

/** Throws USAGE_INVALID for a file whose ending says nothing, and for bytes that would go to a terminal. */
export function chooseFormat(flags: ResultFlags, toTerminal: boolean): OutputFormat {
  const format =
    flags.format ?? (flags.output === undefined ? defaultFormat(toTerminal) : formatFor(flags.output))
  if (!isTextFormat(format) && flags.output === undefined && toTerminal) {
    throw new EngineError('USAGE_INVALID', `format ${format} cannot be shown on a terminal`, {
      hint: `write it to a file with -o result.${format}, or send it to another program`,
    })
  }
  const limited = toTerminal && flags.output === undefined
  return { format, maxRows: flags.maxRows ?? (limited ? TERMINAL_TABLE_ROWS : Infinity) }
}

function defaultFormat(toTerminal: boolean): Format {
  return toTerminal ? 'table' : 'ndjson'
}

function formatFor(path: string): Format {
  const format = formatOfFile(path)
  if (format !== null) return format
  throw new EngineError('USAGE_INVALID', `the name of ${path} does not say in which format to write it`, {
    path,
    hint: `add --format with one of ${formats.join(', ')}`,
  })
}
