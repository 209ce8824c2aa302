import { readdir } from 'node:fs/promises'
import type { Figure } from './figure.ts'

const directory = new URL('./figures/', import.meta.url)

/** Figures in the order of the table; those that later work adds stand after them, by name. */
const order = [
  'fused-double',
  'fused-string',
  'partitioned-string',
  'partitioned-regex',
  'staged-string',
  'staged-regex',
  'bridged',
  'latency',
  'laziness',
  'memory',
  'start',
  'start-help',
]

/** The figures of the names given, all without any; `staged` stands for all whose names begin with `staged-`. */
export async function findFigures(names: readonly string[]): Promise<readonly Figure[]> {
  const files = (await readdir(directory)).filter((file) => file.endsWith('.ts'))
  const modules = await Promise.all(files.map((file) => import(new URL(file, directory).href)))
  const figures = modules
    .map(({ figure }: { readonly figure: Figure }) => figure)
    .toSorted((left, right) => place(left.name) - place(right.name) || left.name.localeCompare(right.name))
  for (const name of names) {
    if (figures.some((figure) => matches(figure, name))) continue
    throw new Error(
      `no figure is called ${name}: there are ${figures.map((figure) => figure.name).join(', ')}`,
    )
  }
  return figures.filter((figure) => names.length === 0 || names.some((name) => matches(figure, name)))
}

function matches(figure: Figure, name: string): boolean {
  return figure.name === name || figure.name.startsWith(`${name}-`)
}

function place(name: string): number {
  const at = order.indexOf(name)
  return at < 0 ? order.length : at
}
