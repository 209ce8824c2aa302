import { nameKey } from '../src/plan/names.ts'

/** Hands out names of columns that DuckDB takes for different ones. */
export class Names {
  readonly #used = new Set<string>()

  constructor(used: Iterable<string> = []) {
    for (const name of used) this.#used.add(nameKey(name))
  }

  /** The name itself, or with the first number that makes it new. */
  unique(name: string): string {
    const base = name === '' ? 'column' : name
    let candidate = base
    for (let count = 1; this.#used.has(nameKey(candidate)); count++) candidate = `${base}_${count}`
    this.#used.add(nameKey(candidate))
    return candidate
  }
}

export function areDistinct(names: readonly string[]): boolean {
  return new Set(names.map(nameKey)).size === names.length
}
