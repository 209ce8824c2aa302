import { rmSync } from 'node:fs'

const unfinished = new Set<string>()

/** Remembers a file or directory to remove if the process has to end in the middle of writing it. Answers how to forget it. */
export function trackUnfinished(path: string): () => void {
  unfinished.add(path)
  return () => unfinished.delete(path)
}

/** Removes them while the process ends. */
export function removeUnfinished(): void {
  for (const path of unfinished) rmSync(path, { recursive: true, force: true })
}
