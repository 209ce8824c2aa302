import { createRegistry, type DescFile, type DescService, toBinary } from '@bufbuild/protobuf'
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt'
import { ServerReflection } from './generated/grpc/reflection/v1/reflection_pb.ts'
import { ServerReflection as ServerReflectionAlpha } from './generated/grpc/reflection/v1alpha/reflection_pb.ts'
import type { GrpcServer } from './server.ts'

/** gRPC's status for what is not there, and for what is not served. */
const NOT_FOUND = 5
const UNIMPLEMENTED = 12

/** Lets a server describe its services to clients that have no definitions of them, such as grpcurl. */
export function serveReflection(server: GrpcServer, services: readonly DescService[]): void {
  const all = [...services, ServerReflection, ServerReflectionAlpha]
  const answer = createReflection(all)
  server.serve(ServerReflection, { serverReflectionInfo: (requests) => reflect(requests, answer) })
  // The older of the two, with the same messages.
  server.serve(ServerReflectionAlpha, { serverReflectionInfo: (requests) => reflect(requests, answer) })
}

/** What both versions ask. */
type Asked =
  | { readonly case: 'fileByFilename' | 'fileContainingSymbol' | 'listServices'; readonly value: string }
  | { readonly case: 'fileContainingExtension' | 'allExtensionNumbersOfType' | undefined }

type Answer =
  | { readonly case: 'listServicesResponse'; readonly value: { service: { name: string }[] } }
  | { readonly case: 'fileDescriptorResponse'; readonly value: { fileDescriptorProto: Uint8Array[] } }
  | { readonly case: 'errorResponse'; readonly value: { errorCode: number; errorMessage: string } }

async function* reflect<Request extends { readonly host: string; readonly messageRequest: Asked }>(
  requests: AsyncIterable<Request>,
  answer: (asked: Asked) => Answer,
): AsyncGenerator<{ validHost: string; originalRequest: Request; messageResponse: Answer }, void, undefined> {
  for await (const request of requests) {
    yield {
      validHost: request.host,
      originalRequest: request,
      messageResponse: answer(request.messageRequest),
    }
  }
}

function createReflection(services: readonly DescService[]): (asked: Asked) => Answer {
  const files = withDependencies(services.map(({ file }) => file))
  const registry = createRegistry(...files.values())
  return (asked) => {
    switch (asked.case) {
      case 'listServices':
        return {
          case: 'listServicesResponse',
          value: { service: services.map(({ typeName }) => ({ name: typeName })) },
        }
      case 'fileByFilename':
        return described(files.get(asked.value), asked.value)
      case 'fileContainingSymbol': {
        const { value } = asked
        // A method, a field or a value of an enum lies in what its name begins with.
        const found = registry.get(value) ?? registry.get(value.slice(0, Math.max(0, value.lastIndexOf('.'))))
        return described(found?.kind === 'extension' ? undefined : found?.file, value)
      }
      default:
        return refused(UNIMPLEMENTED, 'the messages of these services have no extensions')
    }
  }
}

function described(file: DescFile | undefined, name: string): Answer {
  if (file === undefined) return refused(NOT_FOUND, `'${name}' is not known here`)
  const encoded = [...withDependencies([file]).values()].map(({ proto }) =>
    toBinary(FileDescriptorProtoSchema, proto),
  )
  return { case: 'fileDescriptorResponse', value: { fileDescriptorProto: encoded } }
}

function refused(errorCode: number, errorMessage: string): Answer {
  return { case: 'errorResponse', value: { errorCode, errorMessage } }
}

/** The files with all that they import, by the names that imports have. */
function withDependencies(files: readonly DescFile[]): Map<string, DescFile> {
  const all = new Map<string, DescFile>()
  const add = (file: DescFile): void => {
    if (all.has(file.proto.name)) return
    all.set(file.proto.name, file)
    for (const dependency of file.dependencies) add(dependency)
  }
  for (const file of files) add(file)
  return all
}
