import type { ChildReply, ChildRequest } from './inChild.ts'
import { peakRssBytes } from './measure.ts'

process.once('message', (request: ChildRequest) => {
  void answer(request).then((reply) => process.send?.(reply, () => process.disconnect()))
})

async function answer({ module, argument }: ChildRequest): Promise<ChildReply<unknown>> {
  try {
    const { task }: { readonly task: (argument: unknown) => Promise<unknown> } = await import(module)
    const value = await task(argument)
    return { value, peakRssBytes: peakRssBytes() }
  } catch (error) {
    return { error: error instanceof Error ? (error.stack ?? error.message) : String(error) }
  }
}
