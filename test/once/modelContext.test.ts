import { expect, it } from 'vitest'
import type { ModelBinding } from '../../catalog/models/model.ts'
import { readDeployment } from '../../catalog/models/readDeployment.ts'
import { registerModel } from '../../catalog/models/registerModel.ts'
import { storedContext } from '../../udf/once/onceCall.ts'
import { contextOf } from '../invocations.ts'
import { versionOf } from '../store/modelStore.conformance.ts'

function contextOfModel(model: string, version: number): string {
  const { folder: _, ...content } = versionOf(model)
  const runtime = readDeployment({ group: 'live', model }, 1)
  const binding: ModelBinding = { version: { ...content, version }, runtime }
  const context = storedContext({ registered: registerModel('live', binding), context: contextOf() })
  return Buffer.from(context).toString('hex')
}

it('keeps results of a group apart by model and version', () => {
  const contexts = [
    contextOfModel('churn', 1),
    contextOfModel('churn', 2),
    contextOfModel('better', 1),
    contextOfModel('better', 2),
  ]
  expect(new Set(contexts).size).toBe(4)
  expect(contextOfModel('churn', 1)).toBe(contexts[0])
})
