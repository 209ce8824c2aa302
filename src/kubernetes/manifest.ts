import { stringify } from 'yaml'

/** An object of Kubernetes, as plain data. */
export interface Manifest {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: {
    readonly name: string
    readonly namespace: string
    readonly labels: Readonly<Record<string, string>>
    readonly annotations?: Readonly<Record<string, string>>
  }
  readonly spec: Readonly<Record<string, unknown>>
}

/** One YAML document, the same text for the same data. */
export function manifestText(manifest: Manifest): string {
  return stringify(manifest, { lineWidth: 0, aliasDuplicateObjects: false })
}

/** Several documents in one text, as `kubectl apply -f` takes them. */
export function manifestsText(manifests: readonly Manifest[]): string {
  return manifests.map(manifestText).join('---\n')
}
