import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { ScalingGroupDefinition } from '../../catalog/groups/defineScalingGroup.ts'
import type { DeployedGroup, GroupRevision } from '../../catalog/groups/deployment.ts'
import { type GroupPlan, GroupRegistry, type GroupSummary } from '../../catalog/groups/groupRegistry.ts'
import { modulesNaming } from '../../catalog/groups/hostedFunctions.ts'
import type { RegisteredFunction } from '../../catalog/registerFunction.ts'
import { type Clock, systemClock } from '../../udf/clock.ts'
import type { GroupStatus } from '../../udf/scaling/replica.ts'
import { EngineError, messageOf } from '../base/errors.ts'
import { ServedGroups, type ServedGroupsOptions } from './servedGroups.ts'
import type { FunctionSource, SessionCatalog } from './sessionCatalog.ts'
import type { SessionState } from './sessionState.ts'

export interface SessionGroupsOptions extends ServedGroupsOptions {
  readonly state: SessionState
  readonly catalog: SessionCatalog
  readonly baseDirectory: string
  readonly clock?: Clock
}

export interface DeployGroupOptions {
  /** Percent of the queries that the new revision gets, one step after the other; default `[100]`, at once. */
  readonly rollout?: readonly number[]
  /** Seconds that each step but the last takes; default 60. */
  readonly stepSeconds?: number
  /** Makes a new revision also of what is deployed already; default false. */
  readonly force?: boolean
  /** Ends a rollout at the step that it has reached. */
  readonly signal?: AbortSignal
}

const STEP_SECONDS = 60

/** The scaling groups of a session: those of its definitions, and those that are deployed where it keeps its state. */
export class SessionGroups implements FunctionSource {
  readonly #options: SessionGroupsOptions
  readonly #registry: GroupRegistry
  readonly #served: ServedGroups
  #known: number | null = null
  #changes: Promise<unknown> = Promise.resolve()
  #refreshing: Promise<void> | null = null

  constructor(options: SessionGroupsOptions) {
    this.#options = options
    const { state, baseDirectory, clock = systemClock } = options
    this.#registry = new GroupRegistry({
      store: () => state.groups(),
      models: () => state.models(),
      baseDirectory,
      clock,
    })
    this.#served = new ServedGroups(options, (served) => options.catalog.serve(this, served))
    options.catalog.follow(this)
  }

  /**
   * Serves the groups of the session's definitions. Throws GROUP_UNKNOWN for a function whose group is neither defined nor deployed.
   */
  async open(homeless: readonly RegisteredFunction[]): Promise<void> {
    const deployed = homeless.length > 0 && this.#isUsed() ? await this.#registry.list() : []
    for (const { definition, signature } of homeless) {
      const { scalingGroup } = definition
      if (deployed.some(({ group }) => group.toLowerCase() === scalingGroup?.toLowerCase())) continue
      throw new EngineError(
        'GROUP_UNKNOWN',
        `function '${signature.name}' names scaling group '${scalingGroup}', which is neither defined nor deployed`,
        { function: signature.name, hint: 'give the module that exports the group, or deploy it' },
      )
    }
    if (this.#options.defined.length > 0) await this.#change(() => this.#served.serve([]))
  }

  /** Serves what is deployed by now. A revision that another process deploys is ready here before it takes the place of one in use. */
  async refresh(): Promise<void> {
    if (!this.#isUsed()) return
    this.#refreshing ??= this.#refreshOnce().finally(() => {
      this.#refreshing = null
    })
    await this.#refreshing
  }

  /**
   * Lets replicas of a definition take the calls of its group: they have started beside those of the revision before, and answered
   * their probe, by then. With `rollout` they take a share of the queries first; where they go down meanwhile, the revision before gets
   * all of them back. Throws GROUP_INVALID, and GROUP_START_FAILED where nothing has changed.
   */
  async deploy(definition: ScalingGroupDefinition, options: DeployGroupOptions = {}): Promise<DeployedGroup> {
    const { functions } = this.#options
    const { force = false } = options
    const modules = modulesNaming(functions, definition.name)
    const plan = await this.#change(async () => this.#registry.plan(definition, { modules, force }))
    if (!plan.isNew && plan.current?.previous === null && plan.current.current.revision === plan.revision) {
      return plan.current
    }
    return this.#rollOut(plan, options)
  }

  /** Gives a revision that is rolled out another share of the queries, in percent; all by default. */
  async promote(group: string, share = 100): Promise<DeployedGroup> {
    return this.#change(async () => {
      const deployed = await this.#registry.promote(group, share)
      await this.#follow()
      return deployed
    })
  }

  /** Goes back to a revision, by default the one before, as `deploy` goes to a new one. */
  async rollback(group: string, revision?: number): Promise<DeployedGroup> {
    return this.#rollOut(await this.#registry.planRollback(group, revision), {})
  }

  /** Ends a group. Queries that call it go on. */
  async delete(group: string): Promise<DeployedGroup> {
    return this.#change(async () => {
      const deleted = await this.#registry.delete(group)
      await this.#follow()
      return deleted
    })
  }

  /** All that are deployed, by name. */
  async list(): Promise<readonly DeployedGroup[]> {
    return this.#isUsed() ? this.#registry.list() : []
  }

  /** Throws GROUP_UNKNOWN. */
  async inspect(group: string): Promise<GroupSummary> {
    return this.#registry.inspect(group)
  }

  /** What a group was deployed as, the lowest number first. Throws GROUP_UNKNOWN. */
  async revisions(group: string): Promise<readonly GroupRevision[]> {
    return this.#registry.revisions(group)
  }

  /** The replicas that this session keeps. */
  status(): readonly GroupStatus[] {
    return this.#options.replicas.status()
  }

  get registry(): GroupRegistry {
    return this.#registry
  }

  async #rollOut(plan: GroupPlan, options: DeployGroupOptions): Promise<DeployedGroup> {
    const { rollout = [100], stepSeconds = STEP_SECONDS, signal = new AbortController().signal } = options
    const { clock = systemClock, replicas } = this.#options
    const of = { group: plan.spec, revision: plan.revision }
    await this.#served.check(of)
    await replicas.prepare(of)
    let deployed: DeployedGroup | null = null
    for (const [step, share] of rollout.entries()) {
      deployed = await this.#change(() => this.#commit(plan, share))
      if (deployed.share === 100 || step === rollout.length - 1) break
      await clock.sleep(stepSeconds * 1000, signal)
      if (!replicas.isReady(of)) throw await this.#takeBack(deployed)
    }
    if (deployed === null)
      throw new EngineError('GROUP_INVALID', 'a rollout needs a step', { hint: 'rollout: [10, 100]' })
    return deployed
  }

  async #commit(plan: GroupPlan, share: number): Promise<DeployedGroup> {
    const { directory } = this.#options.state
    // Sessions look for it before they open the store.
    if (directory !== null) await mkdir(groupsDirectory(directory), { recursive: true })
    const deployed = await this.#registry.commit(plan, share)
    await this.#follow()
    return deployed
  }

  async #takeBack({ group, current, previous }: DeployedGroup): Promise<EngineError> {
    const before = await this.rollback(group, previous?.revision)
    const { revision } = before.current
    return new EngineError(
      'GROUP_START_FAILED',
      `revision ${current.revision} of scaling group '${group}' went down while it was rolled out; revision ${revision} has all calls again`,
    )
  }

  /** One change after the other, so that each sees the one before. */
  async #change<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#changes.then(work)
    this.#changes = done.catch(() => undefined)
    return done
  }

  async #refreshOnce(): Promise<void> {
    if ((await this.#registry.changes()) === this.#known) return
    const following = this.#change(() => this.#follow())
    // At first there is nothing else to serve.
    if (this.#known === null) return following
    following.catch((error: unknown) =>
      warn(`groups of another process cannot be served: ${messageOf(error)}`),
    )
  }

  async #follow(): Promise<void> {
    const changes = await this.#registry.changes()
    if (changes === this.#known) return
    await this.#served.serve(await this.#registry.list())
    this.#known = changes
  }

  /** Whether groups were ever deployed where the session keeps its state. */
  #isUsed(): boolean {
    const { directory } = this.#options.state
    return this.#known !== null || (directory !== null && existsSync(groupsDirectory(directory)))
  }
}

/** Where logs of replicas are kept, and by which sessions see that there are groups at all. */
export function groupsDirectory(state: string): string {
  return join(state, 'groups')
}

function warn(message: string): void {
  process.emitWarning(message, 'CallplaneWarning')
}
