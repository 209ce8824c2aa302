import { Agent, get, type IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { defineFunction, type FunctionDefinition, type Session } from 'callplane'
import { scalar, withSession } from '../openSession.ts'

/** What a process calls a receiver with. */
export interface ReceiverCalls {
  readonly url: string
  /** Under which name this process calls. */
  readonly caller: string
  /** Directory of the state that all callers share. */
  readonly state: string
  /** Names of the functions that call it, all at once, a row at a time. */
  readonly functions: readonly string[]
  readonly policies: {
    readonly rateLimit?: { readonly rate: number; readonly key: string }
    readonly concurrency?: { readonly maxConcurrent: number; readonly key: string }
  }
  /** Of each function; null for as many as the receiver wants. */
  readonly rows: number | null
}

const CONNECTIONS = 64
const ROWS_AT_ONCE = 100

/** Calls a receiver with functions that share their limits with those of other processes; starts when all of them are ready. */
export async function task(request: ReceiverCalls): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS })
  const ask = (path: string): Promise<string> => answerOf(agent, `${request.url}/${path}/${request.caller}`)
  let isEnough = false
  const call = async (): Promise<void> => {
    if ((await ask('call')) === 'enough') isEnough = true
  }
  const warmUp = define('warm_up', async () => void (await ask('warm')), {
    rateLimit: { rate: 1000, key: 'warm' },
    concurrency: { maxConcurrent: CONNECTIONS, key: 'warm' },
  })
  const functions = [warmUp, ...request.functions.map((name) => define(name, call, request.policies))]
  const work = async (session: Session): Promise<void> => {
    await Promise.all(Array.from({ length: CONNECTIONS }, () => ask('warm')))
    await sumOf(session, 'warm_up', ROWS_AT_ONCE)
    await ask('ready')
    do {
      await Promise.all(request.functions.map((name) => sumOf(session, name, request.rows ?? ROWS_AT_ONCE)))
      // oxlint-disable-next-line no-unmodified-loop-condition -- the answer of the receiver changes it
    } while (request.rows === null && !isEnough)
  }
  try {
    await withSession({}, work, { functions, state: request.state })
  } finally {
    agent.destroy()
  }
}

function define(
  name: string,
  call: () => Promise<void>,
  policies: ReceiverCalls['policies'],
): FunctionDefinition {
  return defineFunction({
    name,
    input: { id: 'BIGINT' },
    output: 'BIGINT',
    dedupe: false,
    ...policies,
    handler: async ({ id }) => {
      await call()
      return id
    },
  })
}

async function sumOf(session: Session, name: string, rows: number): Promise<void> {
  const sum = Number(await scalar(session, `SELECT sum(${name}(id)) FROM range(${rows}) AS rows(id)`))
  if (sum !== (rows * (rows - 1)) / 2) throw new Error(`the sum of ${rows} row numbers came out as ${sum}`)
}

async function answerOf(agent: Agent, url: string): Promise<string> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    get(url, { agent }, resolve).once('error', reject)
  })
  return text(response)
}
