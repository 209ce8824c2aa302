import { type CallSignal, onAbort } from '../base/cancellation.ts'
import { EngineError } from '../base/errors.ts'
import {
  type Health,
  type HealthCheckRequest,
  HealthCheckResponse_ServingStatus as Status,
} from '../protocol/generated/grpc/health/v1/health_pb.ts'
import type { ServiceHandlers } from '../protocol/server.ts'

/** Tells `grpc.health.v1.Health` whether services can be called. */
export class WorkerHealth {
  readonly #services: ReadonlySet<string>
  readonly #watchers = new Set<() => void>()
  #serving = true

  /** `services`: full names; the empty name, for the whole worker, comes with them. */
  constructor(services: readonly string[]) {
    this.#services = new Set(['', ...services])
  }

  get handlers(): ServiceHandlers<typeof Health> {
    return {
      check: async ({ service }) => {
        if (!this.#services.has(service))
          throw new EngineError('UNKNOWN_FUNCTION', `there is no service '${service}' here`)
        return { status: this.#statusOf(service) }
      },
      watch: (request, { signal }) => this.#watch(request, signal),
    }
  }

  /** Answers NOT_SERVING from now on; those who watch are told, and need watch no longer. */
  stopServing(): void {
    this.#serving = false
    for (const wake of this.#watchers) wake()
    this.#watchers.clear()
  }

  async *#watch(
    { service }: HealthCheckRequest,
    signal: CallSignal,
  ): AsyncGenerator<{ readonly status: Status }, void, undefined> {
    if (this.#serving) {
      yield { status: this.#statusOf(service) }
      await this.#change(signal)
    }
    if (!signal.aborted) yield { status: this.#statusOf(service) }
  }

  async #change(signal: CallSignal): Promise<void> {
    if (signal.aborted || !this.#serving) return
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        stopListening()
        this.#watchers.delete(wake)
        resolve()
      }
      const stopListening = onAbort(signal, wake)
      this.#watchers.add(wake)
    })
  }

  #statusOf(service: string): Status {
    if (!this.#services.has(service)) return Status.SERVICE_UNKNOWN
    return this.#serving ? Status.SERVING : Status.NOT_SERVING
  }
}
