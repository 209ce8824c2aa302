import { text } from 'node:stream/consumers'
import { lookup } from '../../../catalog/catalog.ts'
import type { FunctionSignature } from '../../../catalog/function.ts'
import { EngineError } from '../../base/errors.ts'
import type { Result } from '../../session/result.ts'
import type { Session } from '../../session/session.ts'
import { callStatements, type GivenArguments, readArguments, wrongArguments } from '../callArguments.ts'
import { exitCodes } from '../exitCode.ts'
import { describeFailedRows } from '../failedRows.ts'
import type { SessionFlags } from '../flags.ts'
import { jsonText } from '../formats/jsonText.ts'
import { resultRows } from '../formats/resultRows.ts'
import { loadCatalog } from '../loadCatalog.ts'
import { withOutput } from '../output.ts'
import type { ProgressLine } from '../progressLine.ts'
import { type CommandContext, runCommand } from '../runCommand.ts'
import { withSession } from '../withSession.ts'

/** Calls a function, here or at its replicas, and prints its results as JSON: a value for an object, a list for a list. */
export async function callCommand(
  name: string,
  given: string | undefined,
  flags: SessionFlags,
): Promise<number> {
  return runCommand(flags, async (context) => {
    const signature = lookup(await loadCatalog(flags), name)
    const args = readArguments(given ?? (await readInput()), signature)
    return withSession(flags, (session) => callAll(session, signature, args, context))
  })
}

async function readInput(): Promise<string> {
  if (!process.stdin.isTTY) return text(process.stdin)
  throw new EngineError('USAGE_INVALID', 'no arguments are given', {
    hint: 'give them as JSON, such as \'{"text": "…"}\', or pipe them in',
  })
}

async function callAll(
  session: Session,
  signature: FunctionSignature,
  args: GivenArguments,
  { signal, progress }: CommandContext,
): Promise<number> {
  const { keep, call } = callStatements(signature, args)
  await session.sql(keep).catch((error: unknown) => {
    throw wrongArguments(error, signature)
  })
  const result = await session.sql(call, [], { signal, onProgress: (latest) => progress.update(latest) })
  try {
    const values = await resultTexts(result, progress)
    const printed = args.isList ? `[${values.join(',\n ')}]` : values.join('\n')
    await withOutput({}, progress, (output) => output.write(`${printed}\n`))
  } finally {
    await result.close()
  }
  return outcomeOf(result, progress)
}

/** As JSON, in order. */
async function resultTexts(result: Result, progress: ProgressLine): Promise<readonly string[]> {
  const { schema, chunks } = resultRows(result, progress)
  const textOf = jsonText(schema[0]?.type ?? { kind: 'varchar' })
  const texts: string[] = []
  for await (const { columns } of chunks) texts.push(...Array.from(columns[0] ?? [], textOf))
  return texts
}

function outcomeOf({ failedRows, profile }: Result, progress: ProgressLine): number {
  if (failedRows === 0) return exitCodes.done
  progress.close()
  process.stderr.write(`${describeFailedRows(profile).join('\n')}\n`)
  return exitCodes.errorRows
}
