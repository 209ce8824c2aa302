import { EngineError } from '../../src/base/errors.ts'
import { suggestNames } from '../../src/base/suggest.ts'
import type { ModelRecord } from '../store/modelStore.ts'
import type { ModelVersion } from './model.ts'

/** The alias of the highest version, which nobody sets. */
export const latestAlias = 'latest'

const listedVersions = 5

/** The version of a number or alias. Throws MODEL_UNKNOWN, with what there is. */
export function findVersion(model: ModelRecord, asked: number | string): ModelVersion {
  if (typeof asked === 'number') return versionNumbered(model, asked)
  if (/^\d+$/.test(asked)) return versionNumbered(model, Number(asked))
  const key = asked.toLowerCase()
  const last = model.versions.at(-1)
  if (key === latestAlias && last !== undefined) return last
  const found = model.aliases.find(({ alias }) => alias.toLowerCase() === key)
  if (found !== undefined) return versionNumbered(model, found.version)
  const names = [latestAlias, ...model.aliases.map(({ alias }) => alias)]
  const suggestion = suggestNames(asked, names, 'it')
  throw new EngineError('MODEL_UNKNOWN', `model '${model.name}' has no alias '${asked}': ${suggestion}`)
}

export function unknownModel(name: string, known: Iterable<string>): EngineError {
  const suggestion = suggestNames(name, known, 'the registry')
  return new EngineError('MODEL_UNKNOWN', `unknown model '${name}': ${suggestion}`)
}

export function unknownGroup(group: string, known: Iterable<string>): EngineError {
  const suggestion = suggestNames(group, known, 'the list of groups')
  return new EngineError('MODEL_UNKNOWN', `no version is deployed to a group '${group}': ${suggestion}`)
}

export function takenByGroup(group: string): EngineError {
  return new EngineError('MODEL_INVALID', `group '${group}' is a scaling group that is deployed`, {
    hint: 'choose another name, or delete that group',
  })
}

function versionNumbered(model: ModelRecord, number: number): ModelVersion {
  const found = model.versions.find(({ version }) => version === number)
  if (found !== undefined) return found
  const wasThere = Number.isInteger(number) && number >= 1 && number <= model.lastVersion
  const problem = wasThere
    ? `version ${number} of model '${model.name}' was deleted`
    : `model '${model.name}' has no version ${number}`
  throw new EngineError('MODEL_UNKNOWN', `${problem}: ${listVersions(model)}`)
}

function listVersions({ versions }: ModelRecord): string {
  if (versions.length === 0) return 'none is left'
  const newest = versions.slice(-listedVersions).map(({ version }) => version)
  const older = versions.length - newest.length
  const list = older > 0 ? `${newest.join(', ')} and ${older} before` : newest.join(', ')
  return versions.length === 1 ? `it has version ${list}` : `it has versions ${list}`
}
