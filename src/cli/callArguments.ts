import { formatSignature } from '../../catalog/catalog.ts'
import type { FunctionSignature } from '../../catalog/function.ts'
import { EngineError, isEngineError } from '../base/errors.ts'
import { formatType } from '../base/formatType.ts'
import { suggestNames } from '../base/suggest.ts'

/** Arguments of calls as JSON: their text is kept as it is, since numbers may have more digits than JavaScript's. */
export interface GivenArguments {
  /** A list of objects. */
  readonly list: string
  /** Whether a list was given, not one object. */
  readonly isList: boolean
}

const table = 'callplane_call_arguments'

/** Throws WRONG_ARGUMENTS for text that is not one object of arguments, or a list of them. */
export function readArguments(text: string, signature: FunctionSignature): GivenArguments {
  const given = parse(text, signature)
  const isList = Array.isArray(given)
  const rows: readonly unknown[] = isList ? given : [given]
  for (const [index, row] of rows.entries()) {
    checkRow(row, isList ? `arguments[${index}]` : 'arguments', signature)
  }
  return { list: isList ? text : `[${text}]`, isList }
}

/** Statements that keep the arguments in a table of their types, and that call the function for each row of it. */
export function callStatements(
  { name, inputs }: FunctionSignature,
  { list }: GivenArguments,
): { readonly keep: string; readonly call: string } {
  // A value that does not fit fails in a struct, where plain JSON would be a text or null.
  const values = inputs.map(({ name: input, type }, index) => {
    const path = `$."${input}"`
    return `CAST(json_object('value', json_extract(given, ${literal(path)})) AS STRUCT("value" ${formatType(type)}))."value" AS argument${index}`
  })
  const rows = `SELECT unnest(CAST(${literal(list)} AS JSON[])) AS given`
  const columns = inputs.map((_, index) => `argument${index}`)
  return {
    keep: `CREATE OR REPLACE TEMP TABLE ${table} AS SELECT ${['given', ...values].join(', ')} FROM (${rows})`,
    call: `SELECT catalog_call(${[literal(name), ...columns].join(', ')}) AS result FROM ${table}`,
  }
}

/** What DuckDB says of arguments that it cannot read, as an error of the call. */
export function wrongArguments(thrown: unknown, signature: FunctionSignature): unknown {
  if (!isEngineError(thrown) || (thrown.code !== 'SQL_FAILED' && thrown.code !== 'SQL_INVALID')) return thrown
  const [problem = ''] = thrown.message.replace(/^[A-Z]\w+ Error: /, '').split('\n')
  return invalid(signature, `do not fit ${formatSignature(signature)}: ${problem}`)
}

function parse(text: string, signature: FunctionSignature): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw invalid(signature, `are no JSON: ${why}`, example(signature))
  }
}

function checkRow(row: unknown, name: string, signature: FunctionSignature): void {
  if (typeof row !== 'object' || row === null || Array.isArray(row)) {
    const what = Array.isArray(row) ? 'a list' : JSON.stringify(row)
    throw invalid(signature, `must be objects, but ${name} is ${what}`, example(signature))
  }
  const known = signature.inputs.map((input) => input.name)
  const stranger = Object.keys(row).find((key) => !known.includes(key))
  if (stranger === undefined) return
  const suggestion = suggestNames(stranger, known, formatSignature(signature))
  throw invalid(signature, `have none called '${stranger}': ${suggestion}`)
}

function invalid({ name }: FunctionSignature, problem: string, hint?: string): EngineError {
  return new EngineError('WRONG_ARGUMENTS', `the arguments of '${name}' ${problem}`, {
    function: name,
    ...(hint === undefined ? {} : { hint }),
  })
}

function example({ name, inputs }: FunctionSignature): string {
  return `callplane call ${name} '{${inputs.map((input) => `"${input.name}": …`).join(', ')}}'`
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}
