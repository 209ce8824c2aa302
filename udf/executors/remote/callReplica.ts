import { EngineError, toEngineError } from '../../../src/base/errors.ts'
import type { CallRequest } from '../../../src/protocol/callChannel.ts'
import { isThrownByWorker } from '../../../src/protocol/remoteError.ts'
import type { Clock, Random } from '../../clock.ts'
import type { InvokeContext } from '../../executor.ts'
import { amendError } from '../../policies/amendError.ts'
import type { LeaseOutcome, ReplicaLease, Replicas } from '../../scaling/replica.ts'
import { failedAt, type RemotePlace } from './remotePlace.ts'

/** How often a call goes to another replica after the one that had it was lost. */
const RESENDS_MAX = 10
/** Before the second time, and twice as long before each that follows. The first time is at once. */
const RESEND_MS_MIN = 20
const RESEND_MS_MAX = 2000

export interface Sender {
  readonly replicas: Replicas
  readonly clock: Clock
  readonly random: Random
}

/** A request, and whose it is. */
export interface SentCall {
  readonly request: CallRequest
  readonly place: RemotePlace
  readonly context: Pick<InvokeContext, 'timer' | 'observer'>
}

/** What is made of a replica's answer, as it comes. */
type Read<Item> = (lease: ReplicaLease) => AsyncIterable<Item>

/**
 * Makes a call at the replica with the least load, and gives what `read` makes of its answer. Where that replica is lost, or is about
 * to end, before the first item, the call is made at another, ten times at most: handlers may see rows twice. A volatile function is
 * called again only where the lost replica has certainly not begun.
 */
export async function* callReplica<Item>(
  sender: Sender,
  call: SentCall,
  read: Read<Item>,
): AsyncGenerator<Item, void, undefined> {
  const { signature, rows } = call.place
  for (let resends = 0; ; resends++) {
    if (resends > 1) await sender.clock.sleep(backoff(resends, sender.random), call.request.signal)
    const lost = yield* callOne(sender.replicas, call, read)
    if (lost === null) return
    if (resends === RESENDS_MAX || !maySendAgain(call.place, lost)) throw lost
    const { name, version } = signature
    call.context.observer({ function: name, version }, { kind: 'retried', rows, error: lost })
  }
}

/** Returns the error of a replica that was lost before its first item. */
async function* callOne<Item>(
  replicas: Replicas,
  { request: { signal }, place, context }: SentCall,
  read: Read<Item>,
): AsyncGenerator<Item, EngineError | null, undefined> {
  // A replica may have to start first, which is no time of the handler's.
  context.timer?.pause()
  const lease = await replicas.acquire(signal)
  context.timer?.start()
  let outcome: LeaseOutcome = 'answered'
  let items = 0
  try {
    for await (const item of read(lease)) {
      yield item
      items++
    }
    return null
  } catch (thrown) {
    if (signal.aborted) {
      outcome = 'cancelled'
      throw signal.reason
    }
    const given = toEngineError(thrown)
    const error = failedAt(place, lease.endpoint, ofReplica(given))
    const isLost = error.code === 'UNAVAILABLE' && !(given.code === 'UNAVAILABLE' && isThrownByWorker(given))
    if (isLost) outcome = 'unavailable'
    if (items > 0) throw amendError(error, (message) => message, { itemsYielded: items })
    if (isLost) return error
    throw error
  } finally {
    lease.release(outcome)
  }
}

/** A replica that closes, or cancels what nobody here has cancelled, is as good as lost. */
function ofReplica(error: EngineError): EngineError {
  const { code, message, details, cause } = error
  const isLost = code === 'SESSION_CLOSED' || code === 'CANCELLED'
  return isLost ? new EngineError('UNAVAILABLE', message, details, cause) : error
}

function maySendAgain({ signature }: RemotePlace, error: EngineError): boolean {
  return signature.volatility !== 'volatile' || error.details.unsent === true
}

function backoff(resends: number, random: Random): number {
  const most = Math.min(RESEND_MS_MAX, RESEND_MS_MIN * 2 ** (resends - 2))
  return most * (0.5 + random() / 2)
}
