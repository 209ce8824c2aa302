import type { ScalingGroupSpec } from '../../catalog/groups/scalingGroup.ts'

/**
 * What one replica asks for, which is also what it may take. A group that follows the CPU asks for a core where it does not say how
 * many: without any, KEDA refuses to watch it.
 */
export function quantities(group: ScalingGroupSpec): object {
  const { memory, gpu } = group.resources
  const cpu = group.resources.cpu ?? (group.targetCpuUtilizationPercentage === null ? null : 1)
  const limits = {
    ...(cpu === null ? {} : { cpu: cpuQuantity(cpu) }),
    ...(memory === null ? {} : { memory: memoryQuantity(memory) }),
    ...(gpu === 0 ? {} : { 'nvidia.com/gpu': String(gpu) }),
  }
  return Object.keys(limits).length === 0 ? {} : { resources: { requests: limits, limits } }
}

/** `2` or `250m`, for so many cores. */
export function cpuQuantity(cores: number): string {
  const thousandths = Math.max(1, Math.round(cores * 1000))
  return thousandths % 1000 === 0 ? String(thousandths / 1000) : `${thousandths}m`
}

/** `2Gi`, `512Mi` or so many bytes. */
function memoryQuantity(bytes: number): string {
  if (bytes % 2 ** 30 === 0) return `${bytes / 2 ** 30}Gi`
  return bytes % 2 ** 20 === 0 ? `${bytes / 2 ** 20}Mi` : String(bytes)
}
