import { resolve } from 'node:path'
import { findModules } from '../findModules.ts'
import { checkModelName } from '../models/modelName.ts'
import { readScalingGroup } from './readScalingGroup.ts'
import type { ScalingGroupSpec, TransportSecurity } from './scalingGroup.ts'
import type { ScalingGroupOptions } from './scalingGroupOptions.ts'

/** Copies of the package know each other's definitions by it. */
const brand = Symbol.for('callplane.ScalingGroupDefinition')

/** A checked definition of a scaling group; {@link ScalingGroup} makes it. Frozen. */
export interface ScalingGroupDefinition {
  readonly name: string
  /** Paths in it are as they were given: {@link resolveGroup} makes them absolute. */
  readonly spec: ScalingGroupSpec
}

/**
 * Defines a scaling group: replicas of a worker that follow the load, and that are called as `model.<name>` or by the names of the
 * functions that they host. Throws GROUP_INVALID for options that are incomplete or contradict themselves, NAME_INVALID for a name
 * that SQL could not write, and DEFINITION_INVALID for types.
 */
export function ScalingGroup(options: ScalingGroupOptions): ScalingGroupDefinition {
  const spec = readScalingGroup(options)
  return Object.freeze({ [brand]: true, name: spec.name, spec })
}

/** The same group by another name. Throws NAME_INVALID. */
export function renameGroup({ spec }: ScalingGroupDefinition, name: string): ScalingGroupDefinition {
  checkModelName(name, 'group')
  return Object.freeze({ [brand]: true, name, spec: Object.freeze({ ...spec, name }) })
}

/** Holds across copies of the package. */
export function isScalingGroup(value: unknown): value is ScalingGroupDefinition {
  return typeof value === 'object' && value !== null && brand in value
}

/**
 * The group with file URLs for its modules and absolute paths of its PEM files; `baseDirectory` is what paths are relative to. Throws
 * MODULE_LOAD_FAILED for modules that are not there.
 */
export async function resolveGroup(
  { spec }: ScalingGroupDefinition,
  baseDirectory: string,
): Promise<ScalingGroupSpec> {
  const { source, tls } = spec
  const secured = tls === null ? null : resolveSecurity(tls, baseDirectory)
  if (source.kind !== 'functions') return Object.freeze({ ...spec, tls: secured })
  const found = await Promise.all(source.modules.map((module) => findModules(module, baseDirectory)))
  return withModules({ ...spec, source: { kind: 'functions', modules: [] }, tls: secured }, found.flat())
}

/** The group with further modules of functions that its replicas serve, such as those that name it; each counts once. */
export function withModules(spec: ScalingGroupSpec, modules: Iterable<string>): ScalingGroupSpec {
  if (spec.source.kind !== 'functions') return spec
  const all = Object.freeze([...new Set([...spec.source.modules, ...modules])])
  return Object.freeze({ ...spec, source: Object.freeze({ kind: 'functions', modules: all }) })
}

function resolveSecurity(tls: TransportSecurity, baseDirectory: string): TransportSecurity {
  const path = (file: string | null): string | null => (file === null ? null : resolve(baseDirectory, file))
  return Object.freeze({ ...tls, ca: path(tls.ca), cert: path(tls.cert), key: path(tls.key) })
}
