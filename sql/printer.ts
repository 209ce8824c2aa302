import { EngineError, isEngineError } from '../src/base/errors.ts'
import type { Binder } from './binder.ts'
import { NotLiftable } from './notLiftable.ts'
import type { ExpressionTree, QueryTree } from './tree.ts'
import { castTree, selectTree, stringTree } from './treeFactories.ts'
import { meaning, numberText, parseSerialized, writeSerialized } from './treeJson.ts'
import { mapTree } from './treeWalk.ts'

/** Text with numbered holes: `parts[0]`, hole `holes[0]`, `parts[1]` … */
export interface Template {
  readonly parts: readonly string[]
  readonly holes: readonly number[]
}

/** A template that is there once the printer was flushed. Taking one that DuckDB would read otherwise throws NotLiftable. */
export type PendingTemplate = () => Template

interface Request {
  readonly node: QueryTree
  readonly skip: number
  template: Template | null
  faithful: boolean
}

const select = 'SELECT '

/**
 * Has trees printed by DuckDB, many at once, and checks each text by having it parsed again: only what means the same is used.
 */
export class Printer {
  readonly #binder: Binder
  readonly #stem: string
  #pending: Request[] = []

  /** `text` is the statement; the printer's placeholders occur nowhere in it. */
  constructor(binder: Binder, text: string) {
    this.#binder = binder
    let stem = '__hole'
    while (text.toLowerCase().includes(stem)) stem += '_'
    this.#stem = stem
  }

  /** The name of a column or table that becomes hole `index` of the template. */
  placeholder(index: number): string {
    return `${this.#stem}${index}_`
  }

  expression(tree: ExpressionTree): PendingTemplate {
    const bare = { ...tree, alias: '' }
    return this.#request(selectTree([bare]), select.length)
  }

  query(node: QueryTree): PendingTemplate {
    return this.#request(node, 0)
  }

  /** The texts of queries as DuckDB prints them, at once and unchecked: good for binding and for names. */
  async printNow(nodes: readonly QueryTree[]): Promise<readonly Template[]> {
    const texts = await this.#binder.deserialize(nodes.map(writeSerialized))
    return texts.map((text) => this.#split(text))
  }

  /** Prints and checks what was asked for. */
  async flush(): Promise<void> {
    const requests = this.#pending
    this.#pending = []
    if (requests.length === 0) return
    const texts = await this.#binder.deserialize(requests.map(({ node }) => writeSerialized(node)))
    const read = await this.#readBack(texts)
    for (const [index, request] of requests.entries()) {
      const again = read[index]
      request.faithful = again !== undefined && meaning(again) === meaning(request.node)
      request.template = this.#split((texts[index] ?? '').slice(request.skip))
    }
  }

  #request(node: QueryTree, skip: number): PendingTemplate {
    const exact = mapTree(node, { expression: exactConstant })
    const request: Request = { node: exact, skip, template: null, faithful: false }
    this.#pending.push(request)
    return () => {
      if (request.template === null)
        throw new EngineError('INTERNAL', 'a text was used before it was printed')
      if (!request.faithful) throw new NotLiftable('DuckDB does not print this part as it was written')
      return request.template
    }
  }

  #split(text: string): Template {
    // A plan stands in parentheses anyway, so one that is a whole subquery needs no SELECT * around it.
    const hole = `${this.#stem}(\\d+)_`
    const pieces = text.split(new RegExp(`\\(SELECT \\* FROM ${hole}\\)|${hole}`))
    const parts = pieces.filter((_, index) => index % 3 === 0)
    return {
      parts,
      holes: parts.slice(1).map((_, index) => Number(pieces[3 * index + 1] ?? pieces[3 * index + 2])),
    }
  }

  async #readBack(texts: readonly string[]): Promise<readonly (QueryTree | undefined)[]> {
    const together = await this.#parse(texts.join(';\n'))
    if (together.length === texts.length) return together
    const each = await Promise.all(texts.map(async (text) => this.#parse(text)))
    return each.map((queries) => (queries.length === 1 ? queries[0] : undefined))
  }

  async #parse(text: string): Promise<readonly QueryTree[]> {
    const read = parseSerialized(await this.#binder.serialize(text))
    return read.kind === 'queries' ? read.queries : []
  }
}

/** DuckDB prints the DOUBLE 1e5 as 100000.0, which it reads as a DECIMAL. */
function exactConstant(tree: ExpressionTree): ExpressionTree | undefined {
  if (tree.class !== 'CONSTANT' || tree.value.is_null) return undefined
  const { id } = tree.value.type
  if (id !== 'DOUBLE' && id !== 'FLOAT') return undefined
  return { ...castTree(stringTree(numberText(tree.value.value)), id), alias: tree.alias }
}

/** For a step whose failure only means that a part stays in place. */
export async function orNull<Result>(step: Promise<Result>): Promise<Result | null> {
  try {
    return await step
  } catch (error) {
    if (isEngineError(error) && error.kind === 'user') return null
    throw error
  }
}
