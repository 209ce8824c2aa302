import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ProcessExecutor } from '../dist/udf/executors/process/process.js'
import {
  batchOf,
  contextOf,
  describeExecutor,
  failureOf,
  registered,
  valuesOf,
} from './executor.conformance.ts'

describeExecutor('process', () => new ProcessExecutor(2))
