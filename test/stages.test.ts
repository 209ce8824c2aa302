import { expect, test } from 'vitest'
import { parseType } from '../src/base/parseType.ts'
import type { NamedExpr } from '../src/expr/expr.ts'
import { column, sql } from '../src/expr/factories.ts'
import { callProject, project, scan } from '../src/plan/factories.ts'
import type { LogicalPlan } from '../src/plan/plan.ts'
import { planStages } from '../src/stage/planStages.ts'
import type { CallStage, Stage } from '../src/stage/stage.ts'
import { catalogOf } from './planDatabase.ts'

const module = { url: 'file:///functions.js', exportName: 'f' }
const catalog = catalogOf([
  { name: 'f', inputs: ['VARCHAR'], output: 'VARCHAR', compute: () => null, signature: { module } },
])
const schema = ['a', 'b', 'c'].map((name) => ({ name, type: parseType('VARCHAR') }))
const called = callProject(scan({ kind: 'table', name: ['t'] }, schema), {
  name: 'x',
  function: 'f',
  args: [column('a')],
})
const lengthOf = (name: string): NamedExpr => ({
  name: `${name}_length`,
  expr: sql(['length(', ')'], [column(name)]),
})

async function callStages(plan: LogicalPlan): Promise<readonly CallStage[]> {
  const { root } = await planStages(plan, {
    catalog,
    forcedRoute: 'staged',
    inPlace: [],
    newRelation: () => 'r0',
    describe: async () => schema,
  })
  const below = (stage: Stage): readonly CallStage[] =>
    stage.kind === 'call'
      ? [...below(stage.input), stage]
      : stage.inputs.flatMap((input) => below(input.stage))
  return below(root)
}

test('a stage of calls passes on what is read above it, and not what only its calls read', async () => {
  const [alone] = await callStages(project(called, [lengthOf('x')]))
  expect(alone?.outputs).toEqual([{ kind: 'call', name: 'x', call: 0 }])
  const [beside] = await callStages(project(called, [lengthOf('x'), lengthOf('b')]))
  expect(beside?.outputs.map(({ name }) => name)).toEqual(['b', 'x'])
  const [argument] = await callStages(project(called, [lengthOf('x'), lengthOf('a')]))
  expect(argument?.outputs.map(({ name }) => name)).toEqual(['a', 'x'])
})

test('a stage of calls passes on what the calls above it read', async () => {
  const nested = callProject(called, { name: 'y', function: 'f', args: [column('x')], guard: column('b') })
  const stages = await callStages(project(nested, [lengthOf('y')]))
  expect(stages.map(({ outputs }) => outputs.map(({ name }) => name))).toEqual([['b', 'x'], ['y']])
})
