/** Who has to act on an error: the caller, the author of a function, whoever runs a service, whoever set a limit, or us. */
export type ErrorKind = 'user' | 'function' | 'unavailable' | 'limit' | 'internal'

/**
 * Every code an {@link EngineError} can carry, with its kind, whether the same call may succeed later, and one line for
 * `docs/errors.md`. A test compares this table with that page.
 */
export const errorCodes = {
  ARROW_INVALID: {
    kind: 'user',
    retryable: false,
    about: 'Arrow data that cannot be read as it claims to be',
  },
  BATCH_TOO_LARGE: {
    kind: 'limit',
    retryable: false,
    about: 'rows of one batch that take more than 2 GiB in a column',
  },
  BUDGET_EXCEEDED: {
    kind: 'limit',
    retryable: false,
    about: 'a run that would cost more dollars or calls than its budget',
  },
  CANCELLED: { kind: 'user', retryable: false, about: 'the caller cancelled the query' },
  CATALOG_CALL_INVALID: {
    kind: 'user',
    retryable: false,
    about: 'a catalog_call without a constant name, or with wrong named arguments',
  },
  CIRCUIT_OPEN: {
    kind: 'unavailable',
    retryable: true,
    about: 'a function that was unavailable so often that it is left alone for a while',
  },
  CONFIG_INVALID: {
    kind: 'user',
    retryable: false,
    about: 'a configuration or session option that is not understood',
  },
  DEADLINE_EXCEEDED: {
    kind: 'limit',
    retryable: false,
    about: 'a call that was not done by its deadline, with all its attempts and waits',
  },
  DEFINITION_INVALID: {
    kind: 'user',
    retryable: false,
    about: 'a function definition that is incomplete or contradicts itself',
  },
  DUPLICATE_NAME: { kind: 'user', retryable: false, about: 'two definitions, or two columns, of one name' },
  ERROR_BUDGET_EXCEEDED: { kind: 'limit', retryable: false, about: 'more rows failed than the query allows' },
  FUNCTION_FAILED: {
    kind: 'function',
    retryable: false,
    about: 'a handler threw, or its promise was rejected',
  },
  FUNCTION_RESULT_INVALID: {
    kind: 'function',
    retryable: false,
    about: 'a handler returned a value of the wrong type, out of range or malformed',
  },
  FUNCTION_RESULT_ROWS: {
    kind: 'function',
    retryable: false,
    about: 'a handler returned more or fewer results than it was given rows',
  },
  FUNCTION_RETURNED_PROMISE: {
    kind: 'function',
    retryable: false,
    about: 'a handler that runs inside DuckDB returned a promise: declare it async',
  },
  GROUP_INVALID: {
    kind: 'user',
    retryable: false,
    about: 'a scaling group that is incomplete or contradicts itself',
  },
  GROUP_START_FAILED: {
    kind: 'user',
    retryable: false,
    about: 'a replica of a scaling group that does not start, or does not become ready',
  },
  GROUP_UNAVAILABLE: {
    kind: 'unavailable',
    retryable: true,
    about: 'a scaling group without a replica that could take a call',
  },
  GROUP_UNKNOWN: {
    kind: 'user',
    retryable: false,
    about: 'a scaling group or revision that is not deployed',
  },
  INTERNAL: {
    kind: 'internal',
    retryable: false,
    about: 'a state that should be impossible: please report it',
  },
  IO_FAILED: {
    kind: 'user',
    retryable: false,
    about: 'a file that is missing, damaged, not permitted, or a disk that is full',
  },
  LEASE_LOST: {
    kind: 'unavailable',
    retryable: true,
    about: 'a place under a shared limit that ran out while it was held',
  },
  MESSAGE_TOO_LARGE: {
    kind: 'limit',
    retryable: false,
    about: 'a row, an answer or a request of a remote call that takes more bytes than a message may',
  },
  MODEL_CHANGED: {
    kind: 'user',
    retryable: false,
    about: 'a file of a model version that is no longer what was registered',
  },
  MODEL_FAILED: { kind: 'function', retryable: false, about: 'a model that failed while it ran' },
  MODEL_IN_USE: {
    kind: 'user',
    retryable: false,
    about: 'a model version that is to be deleted while an alias or a group uses it',
  },
  MODEL_INPUT_INVALID: {
    kind: 'user',
    retryable: false,
    about: 'a null, value or shape that a model does not take',
  },
  MODEL_INVALID: {
    kind: 'user',
    retryable: false,
    about: 'a file that is no model, or a model that does not fit its schemas, tokenizer or runtime',
  },
  MODEL_UNKNOWN: {
    kind: 'user',
    retryable: false,
    about: 'a model, version, alias or group that is not registered',
  },
  MODULE_LOAD_FAILED: {
    kind: 'user',
    retryable: false,
    about: 'a module of functions that does not load, or defines none',
  },
  NAME_INVALID: {
    kind: 'user',
    retryable: false,
    about: 'a function name that is unsafe, reserved, or taken by DuckDB',
  },
  PLAN_INVALID: { kind: 'user', retryable: false, about: 'a DataFrame operation that makes no valid plan' },
  PROVIDER_UNAVAILABLE: {
    kind: 'user',
    retryable: false,
    about: 'an execution provider of a model, such as CUDA, that this machine does not have',
  },
  REMOTE_REFUSED: {
    kind: 'user',
    retryable: false,
    about:
      'a worker that refuses a call: no or a wrong token, or a certificate that one side does not accept',
  },
  REMOTE_RESULT_INVALID: {
    kind: 'function',
    retryable: false,
    about: 'an answer of a worker that is malformed, or has other rows or types than were asked for',
  },
  RESOURCE_EXHAUSTED: {
    kind: 'unavailable',
    retryable: true,
    about: 'a service that asks for fewer calls, such as HTTP 429',
  },
  ROUTE_UNAVAILABLE: { kind: 'user', retryable: false, about: 'a forced route that cannot take this call' },
  ROWS_LOST: {
    kind: 'internal',
    retryable: false,
    about: 'a stream ended with another number of rows than were read',
  },
  ROW_FAILED: { kind: 'function', retryable: false, about: 'a handler returned an error for a row' },
  RUN_INVALID: {
    kind: 'user',
    retryable: false,
    about: 'a run that does not exist, is still running, or was another query',
  },
  SCRIPT_FAILED: {
    kind: 'user',
    retryable: false,
    about: 'a script that does not load, or threw an error of its own',
  },
  SECRET_MISSING: {
    kind: 'user',
    retryable: false,
    about: 'a secret that a handler asks for and nobody gave',
  },
  SESSION_BUSY: {
    kind: 'user',
    retryable: false,
    about: 'a statement that would end a result which is still being read',
  },
  SESSION_CLOSED: { kind: 'user', retryable: false, about: 'a session that was closed is used again' },
  SQL_FAILED: { kind: 'user', retryable: false, about: 'a statement that failed while it ran' },
  SQL_INVALID: { kind: 'user', retryable: false, about: 'a statement that DuckDB cannot parse or bind' },
  STORE_FAILED: {
    kind: 'user',
    retryable: false,
    about: 'the store of caches, limits and runs cannot be read or written',
  },
  TIMED_OUT: {
    kind: 'unavailable',
    retryable: true,
    about: 'an attempt of a call that took longer than its timeout',
  },
  TYPE_UNSUPPORTED: {
    kind: 'user',
    retryable: false,
    about: 'a type that cannot cross between DuckDB, Arrow and JavaScript',
  },
  UNAVAILABLE: {
    kind: 'unavailable',
    retryable: true,
    about: 'a service that a handler calls is not reached',
  },
  UNKNOWN_COLUMN: { kind: 'user', retryable: false, about: 'a column that its input does not have' },
  UNKNOWN_FUNCTION: { kind: 'user', retryable: false, about: 'a catalog function that is not registered' },
  USAGE_INVALID: { kind: 'user', retryable: false, about: 'a command line that is not understood' },
  WORKER_LOST: {
    kind: 'unavailable',
    retryable: true,
    about: 'an engine or pool thread, or a process, ended while it was needed',
  },
  WRONG_ARGUMENTS: {
    kind: 'user',
    retryable: false,
    about: 'a call with the wrong number or types of arguments',
  },
} as const satisfies Record<string, { kind: ErrorKind; retryable: boolean; about: string }>

export type ErrorCode = keyof typeof errorCodes
