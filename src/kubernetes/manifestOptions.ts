/** What the manifests of a group need beside its definition. */
export interface ManifestOptions {
  /** With Callplane and the group's modules in its working directory, or with what the group's command starts. */
  readonly image: string
  readonly namespace: string
  /** That replicas listen on; default 8080. */
  readonly port?: number
  /** Of `/metrics`; default 9464. */
  readonly metricsPort?: number
  readonly revision: number
  /** `host:port` of `callplane scaler` as KEDA reaches it. */
  readonly scalerAddress: string
  /** Added to those of every object. */
  readonly labels?: Readonly<Record<string, string>>
  readonly imagePullSecrets?: readonly string[]
  /** The Secret whose keys are the group's secrets; default `<name>-secrets`. */
  readonly secretName?: string
  /** The Secret with `tls.crt` and `tls.key`, and `ca.crt` where clients must show certificates. Null for plain connections. */
  readonly tlsSecret?: string | null
  /** The Secret whose key `token` clients must send. Null for none. */
  readonly tokenSecret?: string | null
  /** The directory that is the image's working directory; default: that of this process. */
  readonly root?: string
}

/** The same with what it stands for. */
export type PlainManifestOptions = Required<ManifestOptions> & {
  /** What all objects of the group are called. */
  readonly name: string
}
