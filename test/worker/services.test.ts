import { once } from 'node:events'
import { fromBinary } from '@bufbuild/protobuf'
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt'
import { status } from '@grpc/grpc-js'
import { expect, test } from 'vitest'
import { defineFunction } from '../../catalog/defineFunction.ts'
import {
  HealthCheckRequestSchema,
  HealthCheckResponseSchema,
  HealthCheckResponse_ServingStatus as Status,
} from '../../src/protocol/generated/grpc/health/v1/health_pb.ts'
import * as v1 from '../../src/protocol/generated/grpc/reflection/v1/reflection_pb.ts'
import * as v1alpha from '../../src/protocol/generated/grpc/reflection/v1alpha/reflection_pb.ts'
import { openWorker, RawClient } from './workers.ts'

const echo = defineFunction({
  name: 'echo',
  input: { text: 'VARCHAR' },
  output: 'VARCHAR',
  handler: async ({ text }) => text,
})
const service = 'chalk.runtime.v1.RemoteCallService'
const health = [HealthCheckRequestSchema, HealthCheckResponseSchema] as const

test('health is answered for the worker and for its service', async () => {
  const worker = await openWorker({ functions: [echo], token: 'secret' })
  const client = new RawClient(worker.endpoint)
  for (const name of ['', service]) {
    const answer = await client.unary('/grpc.health.v1.Health/Check', health, { service: name })
    expect(answer.status).toBe(Status.SERVING)
  }
  await expect(
    client.unary('/grpc.health.v1.Health/Check', health, { service: 'other' }),
  ).rejects.toMatchObject({ code: status.NOT_FOUND, details: "there is no service 'other' here" })
})

test('who watches health is told that the worker ends', async () => {
  const worker = await openWorker({ functions: [echo] })
  const client = new RawClient(worker.endpoint)
  const statuses: Status[] = []
  const watch = client.stream('/grpc.health.v1.Health/Watch', health)
  watch.on('data', (answer: { status: Status }) => statuses.push(answer.status))
  watch.end({ service })
  await once(watch, 'data')
  const ended = once(watch, 'end')
  await worker.drain(5000)
  await ended
  expect(statuses).toEqual([Status.SERVING, Status.NOT_SERVING])
})

test('who watches a service that is not there learns so', async () => {
  const worker = await openWorker({ functions: [echo] })
  const watch = new RawClient(worker.endpoint).stream('/grpc.health.v1.Health/Watch', health)
  watch.on('error', () => {})
  watch.end({ service: 'other' })
  const [answer] = await once(watch, 'data')
  expect(answer).toMatchObject({ status: Status.SERVICE_UNKNOWN })
  watch.cancel()
})

test.each([
  ['v1', v1],
  ['v1alpha', v1alpha],
] as const)('reflection %s lists and describes the services', async (version, generated) => {
  const worker = await openWorker({ functions: [echo] })
  const schemas = [generated.ServerReflectionRequestSchema, generated.ServerReflectionResponseSchema] as const
  const path = `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`
  const stream = new RawClient(worker.endpoint).stream(path, schemas)
  const ask = async (messageRequest: { case: string; value: string }) => {
    stream.write({ host: 'here', messageRequest } as Parameters<typeof stream.write>[0])
    const [answer] = await once(stream, 'data')
    return (answer as v1.ServerReflectionResponse).messageResponse
  }
  const listed = await ask({ case: 'listServices', value: '' })
  expect(listed.value).toMatchObject({
    service: [
      { name: service },
      { name: 'grpc.health.v1.Health' },
      { name: 'grpc.reflection.v1.ServerReflection' },
      { name: 'grpc.reflection.v1alpha.ServerReflection' },
    ],
  })
  for (const symbol of [service, `${service}.CallFunction`, 'chalk.runtime.v1.CallFunctionRequest']) {
    const found = await ask({ case: 'fileContainingSymbol', value: symbol })
    const files = (found.value as v1.FileDescriptorResponse).fileDescriptorProto
    expect(files.map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes).name)).toEqual([
      'remote_call.proto',
      'google/protobuf/empty.proto',
      'google/protobuf/timestamp.proto',
      'chalk_error.proto',
    ])
  }
  const byName = await ask({ case: 'fileByFilename', value: 'chalk_error.proto' })
  expect((byName.value as v1.FileDescriptorResponse).fileDescriptorProto).toHaveLength(1)
  const missing = await ask({ case: 'fileContainingSymbol', value: 'no.Such' })
  expect(missing.value).toMatchObject({
    errorCode: status.NOT_FOUND,
    errorMessage: "'no.Such' is not known here",
  })
  stream.end()
  await once(stream, 'end')
})
