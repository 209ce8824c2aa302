import { fileURLToPath } from 'node:url'
import { type EngineError, toEngineError } from '../base/errors.ts'

const shownFrames = 3

/** `error[CODE]: message`, with the place and the hint that the message holds; `debug` adds every stack. */
export function formatError(error: EngineError, debug: boolean): string {
  const summary = `error[${error.code}]: ${error.message}`
  return [summary, ...(debug ? stacks(error) : frames(error))].join('\n')
}

/** Where the user's own code threw, when it was that. */
function frames({ details: { functionStack } }: EngineError): string[] {
  const lines = (functionStack ?? '').split('\n').filter((line) => /^\s+at /.test(line) && isUserCode(line))
  return lines.slice(0, shownFrames).map((line) => `  ${line.trim()}`)
}

/** This file lies in src/cli, of the sources as of the build. */
const ownCode = new URL('../../', import.meta.url)
const notUserCode = ['node:', ownCode.href, fileURLToPath(ownCode)]

function isUserCode(line: string): boolean {
  return notUserCode.every((place) => !line.includes(place))
}

function stacks(error: EngineError): string[] {
  const own = error.details.functionStack
  const causes: string[] = own === undefined ? [] : [own]
  for (let cause = error.cause; cause instanceof Error; cause = cause.cause)
    causes.push(cause.stack ?? cause.message)
  return [error.stack ?? '', ...causes.map((stack) => `caused by ${stack}`)]
}

/** Says on stderr what went wrong, and answers what it was. */
export function printError(thrown: unknown, debug: boolean): EngineError {
  const error = toEngineError(thrown)
  process.stderr.write(`${formatError(error, debug)}\n`)
  return error
}
