type Settled<Result> = { readonly result: Result } | { readonly error: unknown }

/** Works on the next few items at once, and gives the results in the order of the items, each as soon as those before it are there. */
export async function* inOrder<Item, Result>(
  items: readonly Item[],
  most: number,
  work: (item: Item, index: number) => Promise<Result>,
): AsyncGenerator<Result, void, undefined> {
  const begun: Promise<Settled<Result>>[] = []
  let next = 0
  for (let given = 0; given < items.length; given++) {
    while (next < items.length && begun.length < most) {
      begun.push(settle(work(items[next]!, next)))
      next++
    }
    const settled = await begun.shift()!
    if ('error' in settled) throw settled.error
    yield settled.result
  }
}

/** Never rejects: one that fails behind a slow one is no unhandled rejection. */
async function settle<Result>(work: Promise<Result>): Promise<Settled<Result>> {
  try {
    return { result: await work }
  } catch (error) {
    return { error }
  }
}
