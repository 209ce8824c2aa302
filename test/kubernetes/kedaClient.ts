import {
  create,
  type DescMessage,
  type DescMethod,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from '@bufbuild/protobuf'
import {
  type ChannelCredentials,
  Client,
  type ClientReadableStream,
  credentials,
  type ServiceError,
} from '@grpc/grpc-js'
import { ExternalScaler } from '../../src/protocol/generated/externalscaler_pb.ts'

type Input<Method extends DescMethod> = MessageInitShape<Method['input']>
type Output<Method extends DescMethod> = MessageShape<Method['output']>
type Unary = Exclude<keyof typeof ExternalScaler.method, 'streamIsActive'>

/** What KEDA does with an external scaler. */
export class KedaClient {
  readonly #client: Client

  constructor(port: number, security: ChannelCredentials = credentials.createInsecure()) {
    this.#client = new Client(`127.0.0.1:${port}`, security)
  }

  ask<Name extends Unary>(
    name: Name,
    request: Input<(typeof ExternalScaler.method)[Name]>,
  ): Promise<Output<(typeof ExternalScaler.method)[Name]>> {
    const method: DescMethod = ExternalScaler.method[name]
    return new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest(
        pathOf(method),
        encode(method.input),
        decode(method.output),
        request,
        (error: ServiceError | null, answer) => {
          if (error !== null) reject(error)
          else resolve(answer as Output<(typeof ExternalScaler.method)[Name]>)
        },
      )
    })
  }

  /** Ends with `cancel()`. */
  stream(request: Input<typeof ExternalScaler.method.streamIsActive>): ClientReadableStream<unknown> {
    const method = ExternalScaler.method.streamIsActive
    return this.#client
      .makeServerStreamRequest(pathOf(method), encode(method.input), decode(method.output), request)
      .on('error', () => {})
  }

  close(): void {
    this.#client.close()
  }
}

function pathOf({ parent, name }: DescMethod): string {
  return `/${parent.typeName}/${name}`
}

function encode<Message extends DescMessage>(message: Message) {
  return (value: MessageInitShape<Message>): Buffer => Buffer.from(toBinary(message, create(message, value)))
}

function decode<Message extends DescMessage>(message: Message) {
  return (bytes: Buffer): MessageShape<Message> => fromBinary(message, bytes)
}
