import fc from 'fast-check'
import { type DataType, isSimpleType, type SimpleKind } from '../src/base/dataType.ts'

const text = fc.oneof(
  fc.constantFrom('', 'twelve bytes', 'thirteen byte', 'Zoë', '🦆🦆🦆🦆', 'goo\0se', 'x'.repeat(300)),
  fc.string({ unit: 'grapheme', maxLength: 20 }),
)
const bytes = fc.uint8Array({ maxLength: 40 })
const bigint = (bits: number): fc.Arbitrary<bigint> =>
  fc.bigInt({ min: -(2n ** BigInt(bits - 1)), max: 2n ** BigInt(bits - 1) - 1n })
const natural = (bits: number): fc.Arbitrary<bigint> => fc.bigInt({ min: 0n, max: 2n ** BigInt(bits) - 1n })
const integer = (bits: number): fc.Arbitrary<number> =>
  fc.integer({ min: -(2 ** (bits - 1)), max: 2 ** (bits - 1) - 1 })

const simple: Readonly<Record<SimpleKind, fc.Arbitrary<unknown>>> = {
  null: fc.constant(null),
  boolean: fc.boolean(),
  tinyint: integer(8),
  smallint: integer(16),
  integer: integer(32),
  bigint: bigint(64),
  hugeint: bigint(128),
  utinyint: fc.nat(255),
  usmallint: fc.nat(65_535),
  uinteger: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  ubigint: natural(64),
  uhugeint: natural(128),
  float: fc.float(),
  double: fc.double(),
  bignum: bigint(500),
  varchar: text,
  json: fc.jsonValue().map((value) => JSON.stringify(value)),
  blob: bytes,
  bit: fc.array(fc.constantFrom('0', '1'), { minLength: 1, maxLength: 40 }).map((bits) => bits.join('')),
  geometry: bytes,
  uuid: fc.uuid(),
  date: integer(32),
  time: fc.bigInt({ min: 0n, max: 86_400_000_000n }),
  time_ns: fc.bigInt({ min: 0n, max: 86_400_000_000_000n }),
  time_tz: fc.record({
    micros: fc.bigInt({ min: 0n, max: 86_400_000_000n }),
    offset: fc.integer({ min: -57_599, max: 57_599 }),
  }),
  timestamp: bigint(64),
  timestamp_s: bigint(64),
  timestamp_ms: bigint(64),
  timestamp_ns: bigint(64),
  timestamp_tz: bigint(64),
  interval: fc.record({ months: integer(32), days: integer(32), micros: bigint(64) }),
}

/** Values as `decodeColumn` gives them, null among them. */
export function arbitraryValue(type: DataType): fc.Arbitrary<unknown> {
  return fc.option(validValue(type), { nil: null, freq: 4 })
}

function validValue(type: DataType): fc.Arbitrary<unknown> {
  return isSimpleType(type) ? simple[type.kind] : withParts(type)
}

function withParts(type: DataType): fc.Arbitrary<unknown> {
  switch (type.kind) {
    case 'decimal':
      return fc
        .bigInt({ min: -(10n ** BigInt(type.width)) + 1n, max: 10n ** BigInt(type.width) - 1n })
        .map((unscaled) => decimal(unscaled, type.scale))
    case 'enum':
      return fc.constantFrom(...type.values)
    case 'list':
      return fc.array(arbitraryValue(type.item), { maxLength: 4 })
    case 'array':
      return fc.array(arbitraryValue(type.item), { minLength: type.size, maxLength: type.size })
    case 'struct': {
      const values = fc.tuple(...type.fields.map((field) => arbitraryValue(field.type)))
      if (type.fields.some(({ name }) => name === '')) return values.map((list) => [...list])
      return values.map((list) =>
        Object.fromEntries(type.fields.map(({ name }, index) => [name, list[index]])),
      )
    }
    case 'map':
      // A map has no null among its keys, and JavaScript's takes -0 for 0.
      return type.key.kind === 'null'
        ? fc.constant(new Map())
        : fc
            .uniqueArray(
              fc.tuple(
                validValue(type.key).map((key) => (Object.is(key, -0) ? 0 : key)),
                arbitraryValue(type.value),
              ),
              { maxLength: 3, selector: ([key]) => key },
            )
            .map((entries) => new Map(entries))
    case 'union':
      return fc.nat(type.members.length - 1).chain((index) =>
        arbitraryValue(type.members[index]!.type).map((value) => ({
          tag: type.members[index]!.name,
          value,
        })),
      )
    default:
      throw new Error(`no values of ${type.kind}`)
  }
}

function decimal(unscaled: bigint, scale: number): string {
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, '0')
  const point = digits.length - scale
  return `${unscaled < 0n ? '-' : ''}${digits.slice(0, point)}${scale === 0 ? '' : `.${digits.slice(point)}`}`
}

/** A type and values of it, at least one null in a while. */
export function arbitraryColumn(
  types: fc.Arbitrary<DataType>,
  maxLength = 40,
): fc.Arbitrary<{ readonly type: DataType; readonly values: readonly unknown[] }> {
  return types.chain((type) =>
    fc.array(arbitraryValue(type), { maxLength }).map((values) => ({ type, values })),
  )
}
