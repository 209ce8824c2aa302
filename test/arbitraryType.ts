import fc from 'fast-check'
import type { DataType, Field } from '../src/base/dataType.ts'
import { simpleKinds } from '../src/base/typeNames.ts'

const name = fc.oneof(
  fc.constantFrom('a', 'b', 'name', 'select', 'A B', 'x"y', 'É', '_1', '1a', 'time', 'a$'),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 8 }).filter((text) => !text.includes('\0')),
)

/** Random types as DuckDB can have them, `leaf` at the innermost. */
export function arbitraryType(leaf: fc.Arbitrary<DataType> = arbitraryLeaf()): fc.Arbitrary<DataType> {
  return fc.letrec<{ type: DataType }>((tie) => {
    const fields = (minLength: number) =>
      fc
        .uniqueArray(name, { minLength, maxLength: 3, selector: (text) => text.toLowerCase() })
        .chain((names) =>
          fc
            .tuple(...names.map((each) => tie('type').map((type) => ({ name: each, type }))))
            .map((list): readonly Field[] => list),
        )
    return {
      type: fc.oneof(
        { maxDepth: 3, depthSize: 'small', withCrossShrink: true },
        { weight: 4, arbitrary: leaf },
        { weight: 1, arbitrary: tie('type').map((item): DataType => ({ kind: 'list', item })) },
        {
          weight: 1,
          arbitrary: fc
            .tuple(tie('type'), fc.integer({ min: 1, max: 3 }))
            .map(([item, size]): DataType => ({ kind: 'array', item, size })),
        },
        { weight: 1, arbitrary: fields(1).map((list): DataType => ({ kind: 'struct', fields: list })) },
        {
          weight: 1,
          arbitrary: fc
            .array(tie('type'), { minLength: 1, maxLength: 2 })
            .map(
              (types): DataType => ({ kind: 'struct', fields: types.map((type) => ({ name: '', type })) }),
            ),
        },
        {
          weight: 1,
          arbitrary: fc
            .tuple(tie('type'), tie('type'))
            .map(([key, value]): DataType => ({ kind: 'map', key, value })),
        },
        { weight: 1, arbitrary: fields(1).map((members): DataType => ({ kind: 'union', members })) },
      ),
    }
  }).type
}

export function arbitraryLeaf(): fc.Arbitrary<DataType> {
  return fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(...simpleKinds).map((kind): DataType => ({ kind })) },
    {
      weight: 2,
      arbitrary: fc
        .integer({ min: 1, max: 38 })
        .chain((width) =>
          fc.integer({ min: 0, max: width }).map((scale): DataType => ({ kind: 'decimal', width, scale })),
        ),
    },
    {
      weight: 1,
      arbitrary: fc
        .uniqueArray(fc.oneof(fc.constantFrom("it's", '', 'b', 'é'), name), { minLength: 1, maxLength: 5 })
        .map((values): DataType => ({ kind: 'enum', values })),
    },
  )
}
