import { formatCounted } from '../run/profile/formatFigures.ts'
import { failedRowsOf, type RunProfile } from '../run/profile/runProfile.ts'

/** `3 rows of picky failed (FUNCTION_FAILED: no threes, please)`, a line for each function of which rows failed. */
export function describeFailedRows({ functions }: Pick<RunProfile, 'functions'>): readonly string[] {
  return functions
    .filter((profile) => failedRowsOf(profile) > 0)
    .map((profile) => {
      const { function: name, errors } = profile
      const [most] = errors.filter(({ rows }) => rows > 0).toSorted((a, b) => b.rows - a.rows)
      const cause = most === undefined ? '' : ` (${most.code}: ${firstLine(most.message)})`
      return `${formatCounted(failedRowsOf(profile), 'row')} of ${name} failed${cause}`
    })
}

/** How to call again the rows that failed. */
export function describeRetry(run: string): string {
  return `their inputs are dead letters: callplane retry ${run}`
}

function firstLine(message: string): string {
  const [line = ''] = message.split('\n')
  return line
}
