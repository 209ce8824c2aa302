#!/usr/bin/env node
import { runProgram } from './program.ts'

// Threads may still be ending; nothing of theirs is waited for.
process.exit(await runProgram(process.argv.slice(2)))
