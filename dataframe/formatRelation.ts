import { unreachable } from '../src/base/errors.ts'
import { formatIdentifier } from '../src/base/identifier.ts'
import { project } from '../src/plan/factories.ts'
import { join } from '../src/plan/join.ts'
import { formatNode, formatPlan } from '../src/plan/print.ts'
import { planVerb } from './planVerb.ts'
import { type Relation, unknownInput } from './relation.ts'
import type { Verb } from './verb.ts'

/** A relation for people to read, as plans are printed: a node or a waiting verb a line, its inputs indented below it. */
export function formatRelation(relation: Relation): string {
  switch (relation.kind) {
    case 'planned':
      return formatPlan(relation.plan)
    case 'memory':
      return `scan ${relation.content.kind === 'arrowFiles' ? `arrow ${relation.content.paths.map((path) => `'${path}'`).join(', ')}` : relation.content.kind}`
    case 'sqlQuery':
      return `sql ${relation.text.trim().replaceAll(/\s+/g, ' ')}`
    case 'description':
      return `describe\n${indented(relation.input)}`
    case 'verb':
      return [formatVerb(relation.verb), ...relation.inputs.map(indented)].join('\n')
    default:
      return unreachable(relation)
  }
}

function indented(relation: Relation): string {
  return formatRelation(relation).replaceAll(/^/gm, '  ')
}

function formatVerb(verb: Verb): string {
  switch (verb.kind) {
    case 'withColumns':
    case 'window':
      return formatNode(project(unknownInput, verb.items)).replace('project', verb.kind)
    case 'drop':
      return `drop ${verb.names.map(formatIdentifier).join(', ')}`
    case 'rename': {
      const names = [...verb.names].map(
        ([from, to]) => `${formatIdentifier(from)} to ${formatIdentifier(to)}`,
      )
      return `rename ${names.join(', ')}`
    }
    case 'join': {
      const { type, using, condition } = verb
      return formatNode(join({ type, left: unknownInput, right: unknownInput, using, on: condition }))
    }
    case 'project':
    case 'select':
    case 'filter':
    case 'agg':
    case 'orderBy':
    case 'distinct':
    case 'limit':
    case 'sample':
    case 'union':
    case 'explode':
      return formatNode(planVerb(verb, [unknownInput, unknownInput], [null, null]))
    default:
      return unreachable(verb)
  }
}
