import { once } from 'node:events'
import { createServer } from 'node:net'
import { EngineError } from '../../../src/base/errors.ts'

/** A port of this machine that nobody listens on; somebody may, before it is used. */
export async function freePort(): Promise<number> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (typeof address === 'object' && address !== null) return address.port
  throw new EngineError('INTERNAL', 'a server listens on no port')
}
