import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import * as grpc from '@grpc/grpc-js'
import {
  HealthCheckRequestSchema,
  HealthCheckResponse_ServingStatus,
  HealthCheckResponseSchema,
} from './generated/grpc/health/v1/health_pb.ts'

const CHECK_PATH = '/grpc.health.v1.Health/Check'

export interface ServingQuestion {
  readonly service: string
  readonly timeoutMs: number
  readonly headers: grpc.Metadata
}

export interface ServingCheck {
  /** Never rejects. */
  readonly serving: Promise<boolean>
  readonly cancel: () => void
}

/** Asks a worker whether it answers SERVING. One that has no health service is there, which is all that can be known of it. */
export function checkServing(
  client: grpc.Client,
  { service, timeoutMs, headers }: ServingQuestion,
): ServingCheck {
  const calls: grpc.ClientUnaryCall[] = []
  const serving = new Promise<boolean>((resolve) => {
    const call = client.makeUnaryRequest(
      CHECK_PATH,
      (message: Uint8Array) => Buffer.from(message),
      (message: Buffer) => fromBinary(HealthCheckResponseSchema, message).status,
      toBinary(HealthCheckRequestSchema, create(HealthCheckRequestSchema, { service })),
      headers,
      { deadline: Date.now() + timeoutMs },
      (error, status) =>
        resolve(
          error === null
            ? status === HealthCheckResponse_ServingStatus.SERVING
            : error.code === grpc.status.UNIMPLEMENTED && service === '',
        ),
    )
    calls.push(call)
  })
  return { serving, cancel: () => calls[0]?.cancel() }
}
