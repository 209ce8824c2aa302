/** Names of the attributes of spans and metrics; `docs/observability.md` explains each. */
export const attribute = {
  statement: 'db.query.text',
  run: 'callplane.run',
  stage: 'callplane.stage',
  function: 'callplane.function',
  version: 'callplane.version',
  batch: 'callplane.batch',
  firstRow: 'callplane.first_row',
  rows: 'callplane.rows',
  failedRows: 'callplane.failed_rows',
  attempt: 'callplane.attempt',
  executor: 'callplane.executor',
  savedBy: 'callplane.saved_by',
  waitFor: 'callplane.wait_for',
  unit: 'callplane.unit',
  error: 'error.type',
} as const
