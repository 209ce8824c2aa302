/** What stands for the result of a row that failed: a handler gets it from `context.rowError` and returns or throws it. */
export class RowError extends Error {
  override readonly name = 'RowError'

  /** `problem`: what to say of the row, or the error that says it. */
  constructor(problem: unknown) {
    super(
      problem instanceof Error ? problem.message : String(problem),
      problem instanceof Error ? { cause: problem } : {},
    )
  }
}
