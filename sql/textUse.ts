import { inPlaceForm } from './callForms.ts'
import { inPlaceCalls } from './inPlaceCalls.ts'
import { NotLiftable } from './notLiftable.ts'
import type { Planning } from './planning.ts'
import type { PendingTemplate } from './printer.ts'
import type { CteTree, ExpressionTree, QueryTree } from './tree.ts'
import { walkTree } from './treeWalk.ts'
import { isVolatile } from './volatility.ts'

/** Has a query printed with its calls in place; `reason` says why those are there that nothing about their place explains. */
export function queryText(query: QueryTree, planning: Planning, reason: string): PendingTemplate {
  return noted(query, planning, reason, planning.printer.query(inPlaceForm(query, planning.catalog)))
}

/** As {@link queryText} for an expression. */
export function expressionText(tree: ExpressionTree, planning: Planning, reason: string): PendingTemplate {
  return noted(tree, planning, reason, planning.printer.expression(inPlaceForm(tree, planning.catalog)))
}

/** Whoever takes the text into the plan takes its calls and definitions too. */
function noted(
  tree: QueryTree | ExpressionTree,
  planning: Planning,
  reason: string,
  text: PendingTemplate,
): PendingTemplate {
  const calls = inPlaceCalls(tree, planning.catalog, reason)
  const definitions = volatileDefinitions(tree, planning)
  return () => {
    const template = text()
    planning.inPlace.push(...calls)
    planning.definitions.push(...definitions)
    return template
  }
}

/**
 * DuckDB computes a common table expression once, so a volatile one must be defined in one place. Throws NotLiftable if the
 * plan computes one twice.
 */
export function checkDefinedOnce({ definitions, ctes }: Planning): void {
  const seen = new Set<CteTree>([...ctes.keys()].map(({ tree }) => tree))
  for (const tree of definitions) {
    if (seen.has(tree)) throw new NotLiftable('a volatile common table expression is read in several places')
    seen.add(tree)
  }
}

function volatileDefinitions(tree: unknown, planning: Planning): readonly CteTree[] {
  const found: CteTree[] = []
  walkTree(tree, {
    query: (query) => {
      found.push(...query.cte_map.map.filter((cte) => isVolatile(cte, planning)))
    },
  })
  return found
}
