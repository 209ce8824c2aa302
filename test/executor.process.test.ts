import { ProcessExecutor } from '../dist/udf/executors/process/process.js'
import { describeExecutor } from './executor.conformance.ts'

describeExecutor('process', () => new ProcessExecutor(2))
