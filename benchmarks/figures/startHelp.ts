import type { Figure } from '../figure.ts'
import { measureCommand } from '../workloads/command.ts'

export const figure: Figure = {
  name: 'start-help',
  about: 'callplane --help, from its start to its end',
  unit: 's',
  must: { atMost: 0.2 },
  aim: null,
  rows: 1,
  rounds: 9,
  run: (options) => measureCommand(options, ['--help'], 'Usage: callplane'),
}
