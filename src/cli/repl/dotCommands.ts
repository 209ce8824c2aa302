import { lookup } from '../../../catalog/catalog.ts'
import type { CatalogSnapshot } from '../../../catalog/function.ts'
import { EngineError } from '../../base/errors.ts'
import { suggestNames } from '../../base/suggest.ts'
import { describeFunction, functionRows } from '../catalogRows.ts'
import type { RowSource } from '../formats/rowSource.ts'

/** What a dot command can do to the repl. */
export interface DotCommandHost {
  readonly catalog: CatalogSnapshot
  print(text: string): Promise<void>
  show(rows: RowSource): Promise<void>
  execute(statement: string): Promise<void>
  /** The name of the format now, after it was changed if a name is given. */
  format(name: string | undefined): string
  quit(): void
}

interface DotCommand {
  readonly usage: string
  readonly about: string
  run(host: DotCommandHost, argument: string | undefined): Promise<void> | void
}

const commands: Readonly<Record<string, DotCommand>> = {
  help: {
    usage: '.help',
    about: 'this text',
    run: (host) => host.print(helpText()),
  },
  functions: {
    usage: '.functions [name]',
    about: 'the functions of the catalog, or one of them',
    run: (host, name) =>
      host.show(
        name === undefined
          ? functionRows(host.catalog.functions.values())
          : describeFunction(lookup(host.catalog, name)),
      ),
  },
  tables: {
    usage: '.tables',
    about: 'the tables and views',
    run: (host) => host.execute('SHOW ALL TABLES'),
  },
  format: {
    usage: '.format [name]',
    about: 'how results are printed: table, json, ndjson or csv',
    run: (host, name) => host.print(`format ${host.format(name)}`),
  },
  quit: {
    usage: '.quit',
    about: 'end, as Ctrl-D does',
    run: (host) => host.quit(),
  },
}

/** Runs a line that begins with a dot; throws USAGE_INVALID for a command that there is not. */
export async function runDotCommand(line: string, host: DotCommandHost): Promise<void> {
  const [name = '', argument] = line.trim().slice(1).split(/\s+/)
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (command === undefined) {
    const suggestion = suggestNames(`.${name}`, dotCommandNames, 'the repl')
    throw new EngineError('USAGE_INVALID', `unknown command .${name}: ${suggestion}`)
  }
  await command.run(host, argument)
}

/** With their dots. */
export const dotCommandNames: readonly string[] = Object.keys(commands).map((name) => `.${name}`)

function helpText(): string {
  const lines = Object.values(commands).map(({ usage, about }) => `${usage.padEnd(20)}${about}`)
  return [
    'A statement may take several lines and ends with a semicolon.',
    ...lines,
    'Tab completes names; Ctrl-C cancels the running query or what was begun; Ctrl-D ends.',
  ].join('\n')
}
