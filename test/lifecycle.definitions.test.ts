import { describe, expect, it } from 'vitest'
import { defineFunction } from '../catalog/defineFunction.ts'
import { registerFunction } from '../catalog/registerFunction.ts'
import { isEngineError } from '../src/base/errors.ts'
import { chooseRoute } from '../src/stage/chooseRoute.ts'

const module = { url: 'file:///functions.js', exportName: 'f' }

function refusal(options: object): string {
  try {
    const base = { name: 'f', input: {}, output: 'VARCHAR', handler: () => null }
    const definition = Reflect.apply(defineFunction, undefined, [{ ...base, ...options }])
    registerFunction(definition, null)
  } catch (error) {
    if (!isEngineError(error)) throw error
    return `${error.code} ${error.message}`
  }
  return 'accepted'
}

describe('onStartup and onShutdown', () => {
  it('must be functions, and the one needs the other', () => {
    expect(refusal({ onStartup: 'soon' })).toBe(
      "DEFINITION_INVALID function 'f' has onStartup 'soon'; it must be a function",
    )
    expect(refusal({ onStartup: () => 1, onShutdown: {} })).toBe(
      "DEFINITION_INVALID function 'f' has onShutdown an object; it must be a function",
    )
    expect(refusal({ onShutdown: () => {} })).toBe(
      "DEFINITION_INVALID function 'f' has onShutdown without onStartup\n  onShutdown gets what onStartup gave",
    )
    expect(refusal({ onStartup: () => 1 })).toBe('accepted')
  })

  it('keep a function out of DuckDB', () => {
    const definition = defineFunction({
      name: 'f',
      input: {},
      output: 'VARCHAR',
      onStartup: () => 1,
      handler: () => null,
    })
    const { signature } = registerFunction(definition, module)
    expect(signature).toMatchObject({ stateful: true, executor: 'pool', memoryLimit: null })
    const site = { once: false, partitionable: true, options: null, outcome: 'value' } as const
    expect(chooseRoute(signature, site, null)).toMatchObject({ route: 'staged', reason: 'it keeps state' })
  })
})

describe('isolation and resources', () => {
  it('are checked', () => {
    expect(refusal({ isolation: 'thread' })).toBe(
      "DEFINITION_INVALID function 'f' has isolation 'thread'; it must be 'process'",
    )
    expect(refusal({ isolation: 'process', executor: 'pool' })).toBe(
      "DEFINITION_INVALID function 'f' has isolation 'process' and executor 'pool'; it runs in one of them",
    )
    expect(refusal({ isolation: 'process' })).toBe(
      "DEFINITION_INVALID function 'f' asks for isolation 'process' but is not in a module\n  export it from a module and give the path of the module, so that processes can load it",
    )
    expect(refusal({ resources: { memory: '1GB' } })).toBe(
      "DEFINITION_INVALID function 'f' has resources without isolation: 'process'\n  only a process can be held to its memory: threads share that of the engine",
    )
    const isolated = (resources: unknown) => refusal({ isolation: 'process', resources })
    expect(isolated('1GB')).toBe("DEFINITION_INVALID function 'f' has resources '1GB'; it must be an object")
    expect(isolated({ memroy: '1GB' })).toBe(
      "DEFINITION_INVALID function 'f' has an unknown option 'resources.memroy': did you mean 'memory'?",
    )
    for (const memory of ['much', '1 parsec', 0, -1, 1.5, true]) {
      expect(isolated({ memory })).toBe(
        `DEFINITION_INVALID function 'f' has resources.memory ${typeof memory === 'string' ? `'${memory}'` : String(memory)}; it must be a size such as '1GB' or '512MiB', or a number of bytes`,
      )
    }
    expect(isolated({ memory: '64MB' })).toBe(
      "DEFINITION_INVALID function 'f' has resources.memory '64MB'; it must be 128MiB or more\n  a process takes about 80 MiB by itself",
    )
  })

  it.each([
    ['1GB', 1e9],
    ['1.5 GiB', 1.5 * 2 ** 30],
    ['512mib', 512 * 2 ** 20],
    [200_000_000, 200_000_000],
  ])('take %s', (memory, bytes) => {
    const definition = defineFunction({
      name: 'f',
      input: {},
      output: 'VARCHAR',
      isolation: 'process',
      resources: { memory },
      handler: () => null,
    })
    const { signature } = registerFunction(definition, module)
    expect(signature).toMatchObject({ executor: 'process', memoryLimit: bytes, stateful: false })
  })
})
