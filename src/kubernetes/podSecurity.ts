/** The user that images of Node have beside root. */
const USER = 1000

/** Of pods: no root, and only the usual system calls. */
export const podSecurity = {
  runAsNonRoot: true,
  runAsUser: USER,
  runAsGroup: USER,
  fsGroup: USER,
  seccompProfile: { type: 'RuntimeDefault' },
} as const

/** Of each container: nothing more than it has, and nothing to write but what is mounted. */
export const containerSecurity = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ['ALL'] },
} as const
