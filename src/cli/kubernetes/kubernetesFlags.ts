import { type Command, InvalidArgumentError, Option } from 'commander'
import { append, parseCount, type ResultFlags, type SessionFlags } from '../flags.ts'

/** What `deploy --target kubernetes` takes. */
export interface KubernetesFlags extends SessionFlags, ResultFlags {
  readonly name?: string
  readonly image?: string
  readonly namespace: string
  readonly revision: number
  readonly port: number
  readonly metricsPort: number
  readonly scaler?: string
  readonly label: Readonly<Record<string, string>>
  readonly pullSecret: readonly string[]
  readonly secretName?: string
  readonly tlsSecret?: string
  readonly tokenSecret?: string
  readonly withScaler: boolean
}

export function addKubernetesFlags(command: Command): Command {
  return command
    .optionsGroup('With --target kubernetes:')
    .option('--image <image>', 'of replicas, with callplane and the modules in its working directory')
    .option('--namespace <name>', 'of all objects', 'default')
    .addOption(
      new Option('--revision <n>', 'a higher one replaces replicas').default(1).argParser(parseCount),
    )
    .addOption(new Option('--port <n>', 'of replicas').default(8080).argParser(parseCount))
    .addOption(new Option('--metrics-port <n>', 'of their metrics').default(9464).argParser(parseCount))
    .option('--scaler <host:port>', 'callplane scaler (default: callplane-scaler.<namespace>.svc:9090)')
    .option('--with-scaler', 'write the scaler of the namespace, too', false)
    .option('--label <key=value>', 'of all objects; can be given several times', addLabel, {})
    .option('--pull-secret <name>', 'of the registry; can be given several times', append, [])
    .option('--secret-name <name>', "the Secret of the group's secrets (default: <group>-secrets)")
    .option('--tls-secret <name>', 'the Secret with tls.crt, tls.key and, for mTLS, ca.crt')
    .option('--token-secret <name>', 'the Secret whose key token is what callers send')
}

/** What a label may be, beside that it ends in a letter or digit. */
const LABEL = /^(?:[a-z0-9.-]+\/)?[A-Za-z0-9][\w.-]{0,62}=(?:[A-Za-z0-9][\w.-]{0,62})?$/

function addLabel(
  text: string,
  previous: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  if (!LABEL.test(text) || /[\W_](?:=|$)/.test(text.replace(/=$/, '')))
    throw new InvalidArgumentError('Write it as key=value, such as team=search.')
  const at = text.indexOf('=')
  return { ...previous, [text.slice(0, at)]: text.slice(at + 1) }
}
