import type { Figure } from '../figure.ts'
import { measureCommand } from '../workloads/command.ts'

export const figure: Figure = {
  name: 'start',
  about: 'callplane sql "SELECT 42", from its start to its end',
  unit: 's',
  must: { atMost: 0.6 },
  aim: null,
  rows: 1,
  rounds: 9,
  run: (options) => measureCommand(options, ['sql', 'SELECT 42 AS answer'], '42'),
}
