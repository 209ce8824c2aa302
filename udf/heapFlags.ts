/** V8 collects garbage as its heap comes near its limit, so it gets one that leaves room for what lies beside it. */
const HEAP_SHARE = 0.75
const BESIDE_HEAP_MAX = 128 * 2 ** 20

/** The flags of a process of Node that may take so many bytes; null for any number. */
export function heapFlags(memoryLimit: number | null): readonly string[] {
  if (memoryLimit === null) return []
  const bytes = Math.max(memoryLimit * HEAP_SHARE, memoryLimit - BESIDE_HEAP_MAX)
  return [`--max-old-space-size=${Math.floor(bytes / 2 ** 20)}`]
}
