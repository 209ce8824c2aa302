import { describe, expect, it } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { kubernetesName, refuseSameNames } from '../../catalog/groups/kubernetesName.ts'
import type { ScalingGroupSpec } from '../../catalog/groups/scalingGroup.ts'
import { manifestsText } from '../../src/kubernetes/manifest.ts'
import type { ManifestOptions } from '../../src/kubernetes/manifestOptions.ts'
import { manifestsOf } from '../../src/kubernetes/manifests.ts'
import { scalerManifests } from '../../src/kubernetes/scalerManifests.ts'
import { churn, embedder, options, upper } from './groups.ts'
import { missingPython, validateManifests } from './python.ts'

const secured: ManifestOptions = {
  ...options,
  tlsSecret: 'churn-tls',
  tokenSecret: 'churn-token',
  labels: { team: 'risk' },
  imagePullSecrets: ['registry'],
}

const cases: readonly (readonly [string, ScalingGroupSpec, ManifestOptions])[] = [
  ['embedder', embedder, options],
  ['churn', churn, secured],
  ['upper', upper, options],
]

describe.each(cases)('the manifests of %s', (file, group, given) => {
  it('are those of the golden file', async () => {
    await expect(manifestsText(manifestsOf(group, given))).toMatchFileSnapshot(`golden/${file}.yaml`)
  })

  it('are read back as they were', () => {
    const manifests = manifestsOf(group, given)
    const read = parseAllDocuments(manifestsText(manifests)).map((document): unknown => document.toJS())
    expect(read).toEqual(manifests)
  })

  it('select the pods of the group', () => {
    const selector = {
      'app.kubernetes.io/name': 'callplane-replica',
      'app.kubernetes.io/instance': kubernetesName(group.name),
    }
    const specs = new Map(manifestsOf(group, given).map(({ kind, spec }) => [kind, spec]))
    expect(specs.get('Deployment')).toMatchObject({
      selector: { matchLabels: selector },
      template: { metadata: { labels: selector } },
    })
    expect(specs.get('Service')?.['selector']).toEqual(selector)
    expect(specs.get('PodDisruptionBudget')?.['selector']).toEqual({ matchLabels: selector })
  })
})

it('the manifests of the scaler are those of the golden file', async () => {
  await expect(manifestsText(scalerManifests(options))).toMatchFileSnapshot('golden/scaler.yaml')
})

/** One for each object. */
const mistakes: readonly (readonly [string, string])[] = [
  ['containerPort: 8080', "containerPort: '8080'"],
  ['clusterIP: None', 'port: 8080'],
  ['maxUnavailable: 1', 'maxUnavailable: {}'],
  ['podSelector:\n    matchLabels', 'podSelector:\n    labels'],
  ['minReplicaCount: 0', "minReplicaCount: '0'"],
]

const skipped = missingPython === null ? '' : `: skipped, ${missingPython}`

describe.skipIf(missingPython !== null)(`the schemas of Kubernetes${skipped}`, () => {
  const versions = ['1.30', '1.37']

  it('accept what is written', () => {
    const groups = cases.flatMap(([, group, given]) => manifestsOf(group, given))
    const all = [...scalerManifests(secured), ...groups]
    const verdicts = validateManifests(manifestsText(all), versions)
    expect(verdicts.filter(({ problem }) => problem !== null)).toEqual([])
    expect(new Set(verdicts.map(({ kind }) => kind))).toEqual(
      new Set(['Deployment', 'Service', 'PodDisruptionBudget', 'NetworkPolicy', 'ScaledObject']),
    )
    expect(verdicts).toHaveLength(all.length * versions.length)
  })

  it('refuse what is broken, and say where', () => {
    const broken = mistakes.reduce(
      (text, [right, wrong]) => {
        expect(text).toContain(right)
        return text.replace(right, wrong)
      },
      manifestsText(manifestsOf(embedder, options)),
    )
    const verdicts = validateManifests(broken, ['1.37'])
    expect(verdicts.map(({ kind, problem }) => `${kind} ${problem}`)).toEqual([
      "Deployment spec.template.spec.containers.0.ports.0.containerPort: '8080' is not of type 'integer'",
      "Service spec: Additional properties are not allowed ('port' was unexpected)",
      'PodDisruptionBudget spec.maxUnavailable: {} is not valid under any of the given schemas',
      "NetworkPolicy spec.podSelector: Additional properties are not allowed ('labels' was unexpected)",
      "ScaledObject spec.minReplicaCount: '0' is not of type 'integer'",
    ])
  })
})

describe('a group that cannot run in Kubernetes', () => {
  it.each<[ScalingGroupSpec, Partial<ManifestOptions>, string]>([
    [
      { ...upper, name: `a${'_b'.repeat(32)}` },
      {},
      `scaling group 'a${'_b'.repeat(32)}' cannot run in Kubernetes: its name has 65 characters\n  use at most 63`,
    ],
    [
      { ...upper, name: 'tail_' },
      {},
      "scaling group 'tail_' cannot run in Kubernetes: 'tail-' is no DNS label\n  start with a letter, and end without '_'",
    ],
    [
      { ...upper, source: { kind: 'endpoints', endpoints: ['10.0.0.1:8080'] } },
      {},
      "scaling group 'upper' cannot be deployed to Kubernetes: its replicas are endpoints that are there\n  give it functions, a model or a command",
    ],
    [
      { ...upper, source: { kind: 'functions', modules: ['file:///elsewhere/embed.ts'] } },
      {},
      "scaling group 'upper' cannot be deployed to Kubernetes: its module /elsewhere/embed.ts is outside /app\n  deploy from the directory that is the working directory of the image",
    ],
    [
      { ...upper, secrets: ['api key'] },
      {},
      "scaling group 'upper' cannot be deployed to Kubernetes: 'api key' is no name of a variable there",
    ],
    [
      churn,
      {},
      "scaling group 'churn' cannot be deployed to Kubernetes: it has tls, but there is no Secret with a certificate\n  name one: tlsSecret",
    ],
    [
      churn,
      { tlsSecret: 'churn-tls' },
      "scaling group 'churn' cannot be deployed to Kubernetes: it has a token, but there is no Secret with it\n  name one: tokenSecret",
    ],
    [
      upper,
      { tlsSecret: 'upper-tls' },
      "scaling group 'upper' cannot be deployed to Kubernetes: there is a Secret with a certificate, but it has no tls\n  add tls to the group",
    ],
    [
      upper,
      { tokenSecret: 'upper-token' },
      "scaling group 'upper' cannot be deployed to Kubernetes: there is a Secret with a token, but it has none\n  add token to the group",
    ],
  ])('is refused (%#)', (wrong, given, message) => {
    const deploy = () => manifestsOf(wrong, { ...options, ...given })
    expect(deploy).toThrow(expect.objectContaining({ code: 'GROUP_INVALID', message }))
  })

  it('is one of two of the same name there', () => {
    refuseSameNames(['embedder', 'churn', 'embedder'])
    expect(() => refuseSameNames(['Embedder', 'embedder'])).toThrow(
      "scaling group 'embedder' cannot run in Kubernetes: 'embedder' stands for 'Embedder' too\n  rename one of them",
    )
  })
})
