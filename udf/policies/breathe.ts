/**
 * Tells when it is time to let the event loop turn, so that timers and sockets get theirs: gives a promise of that where it is asked
 * again so many milliseconds after the first time in one turn, else null.
 */
export function breatheAfter(milliseconds: number): () => Promise<void> | null {
  let current: { readonly began: number; readonly ended: Promise<void> } | null = null
  return () => {
    if (current !== null) return performance.now() - current.began < milliseconds ? null : current.ended
    const ended = new Promise<void>((resolve) => {
      setImmediate(() => {
        current = null
        resolve()
      })
    })
    current = { began: performance.now(), ended }
    return null
  }
}
