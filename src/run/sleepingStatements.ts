import { Limiter } from '../../udf/limiter.ts'

/** As libuv reads it when the process starts. */
const poolThreads = Number(process.env['UV_THREADPOOL_SIZE'] ?? 4) || 4

/**
 * Places of statements that sleep until rows come from others, of all sessions. Each holds a thread of the pool that Node has for
 * files, names, and every statement of DuckDB: were all of them asleep, those whose rows they wait for could not run.
 */
export const sleepingStatements: Limiter = new Limiter(Math.max(1, Math.floor(poolThreads / 2)))
