/** Slot of a table of edges: the node it leaves, its symbol, and the node it leads to. 0 is no node. */
const SLOT = 3

/** Words of symbols (numbers above 0) with their ids, as a tree whose edges are kept in one hash table. Nodes count from 1. */
export class WordTrie {
  /** Where words start. */
  readonly root = 1
  #nodes = 1
  #edges = new Int32Array(SLOT * 1024)
  #mask = 1023
  #ids = new Int32Array(1024).fill(-1)

  add(symbols: readonly number[], id: number): void {
    const end = this.path(symbols)
    this.#ids[end] = id
  }

  /** The node at the end of these symbols; made where there is none. */
  path(symbols: readonly number[]): number {
    let node = this.root
    for (const symbol of symbols) node = this.next(node, symbol) || this.#grow(node, symbol)
    return node
  }

  /** The node that a symbol leads to; 0 for none. */
  next(node: number, symbol: number): number {
    const edges = this.#edges
    for (let slot = hash(node, symbol) & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const at = slot * SLOT
      const from = edges[at]
      if (from === node && edges[at + 1] === symbol) return edges[at + 2]!
      if (from === 0) return 0
    }
  }

  /** The id of the word that ends at a node; -1 for none. */
  idAt(node: number): number {
    return this.#ids[node]!
  }

  #grow(node: number, symbol: number): number {
    const created = ++this.#nodes
    if (created >= this.#ids.length) {
      const ids = new Int32Array(this.#ids.length * 2).fill(-1)
      ids.set(this.#ids)
      this.#ids = ids
    }
    // At most half of the slots are taken, so that one is found soon.
    if (created * 2 > this.#mask) this.#rehash()
    this.#put(node, symbol, created)
    return created
  }

  #put(node: number, symbol: number, to: number): void {
    const edges = this.#edges
    let slot = hash(node, symbol) & this.#mask
    while (edges[slot * SLOT] !== 0) slot = (slot + 1) & this.#mask
    const at = slot * SLOT
    edges[at] = node
    edges[at + 1] = symbol
    edges[at + 2] = to
  }

  #rehash(): void {
    const edges = this.#edges
    this.#mask = this.#mask * 2 + 1
    this.#edges = new Int32Array(SLOT * (this.#mask + 1))
    for (let at = 0; at < edges.length; at += SLOT) {
      if (edges[at] !== 0) this.#put(edges[at]!, edges[at + 1]!, edges[at + 2]!)
    }
  }
}

function hash(node: number, symbol: number): number {
  const mixed = Math.imul(node, 0x9e3779b1) ^ Math.imul(symbol, 0x85ebca6b)
  return mixed ^ (mixed >>> 15)
}
