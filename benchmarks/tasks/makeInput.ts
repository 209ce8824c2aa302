import { plainDuckDb } from '../plainDuckDb.ts'

export interface InputRequest {
  readonly kind: 'doubles' | 'memos' | 'strings' | 'vectors'
  readonly rows: number
  readonly path: string
}

/** Bytes of a string. */
export const STRING_LENGTH = 100
/** Numbers of a vector. */
export const VECTOR_SIZE = 384

/** Writes the same rows at every run: each value comes from the hash of its row's number. */
export async function task({ kind, rows, path }: InputRequest): Promise<void> {
  const select = { doubles, memos, strings, vectors }[kind](rows)
  const compression = kind === 'vectors' ? 'uncompressed' : 'zstd'
  await plainDuckDb(`COPY (${select}) TO '${path}' (FORMAT parquet, COMPRESSION ${compression})`)
}

function doubles(rows: number): string {
  return `SELECT i AS id, ${amount} AS amount FROM range(${rows}) series(i)`
}

/** Hexadecimal digits. */
function strings(rows: number): string {
  const parts = ['', 'a', 'b', 'c'].map((salt) => `md5(i || '${salt}')`).join(' || ')
  return `SELECT i AS id, left(${parts}, ${STRING_LENGTH}) AS text FROM range(${rows}) series(i)`
}

/** Numbers between -1 and 1 that nothing can compress, as in embeddings. */
function vectors(rows: number): string {
  const number = `(hash(i * ${VECTOR_SIZE} + place) % 16777216)::FLOAT / 8388608 - 1`
  const vector = `list_transform(range(${VECTOR_SIZE}), lambda place: ${number})::FLOAT[${VECTOR_SIZE}]`
  return `SELECT i AS id, ${vector} AS x FROM range(${rows}) series(i)`
}

const amount = '(hash(i) % 9000000)::DOUBLE / 100'

/** One memo of 50 is not plain ASCII, and one of 100 is null. */
function memos(rows: number): string {
  const memo = [
    `CASE WHEN hash(i + 11) % 50 = 0 THEN ${pick(foreignNames, 1)} ELSE ${pick(names, 1)} END`,
    `' from ' || ${pick(places, 2)}`,
    `' paid $' || hash(i + 3) % 90000 || '.' || 10 + hash(i + 4) % 90`,
    `' on ' || 2010 + hash(i + 5) % 15 || '-0' || 1 + hash(i + 6) % 9 || '-' || 10 + hash(i + 7) % 18`,
    `' for ' || left('${purpose}', (hash(i + 8) % 130)::INTEGER)`,
    `' ref ' || hash(i + 9) % 1000003`,
  ].join(' || ')
  return `SELECT i AS id, ${amount} AS amount, CASE WHEN hash(i + 10) % 100 > 0 THEN ${memo} END AS memo
    FROM range(${rows}) series(i)`
}

function pick(values: readonly string[], salt: number): string {
  const list = values.map((value) => `'${value}'`).join(', ')
  return `([${list}])[1 + (hash(i + ${salt}) % ${values.length})::INTEGER]`
}

const names = [
  'Alice Adams',
  'Bruno Becker',
  'Carla Castillo',
  'Dmitri Dubois',
  'Esther Eze',
  'Farid Fontaine',
]
const foreignNames = ['Zoë Müller', 'Łukasz Nowak', 'Елена Иванова', '山田 太郎', 'Ömer Yılmaz ☕']
const places = ['Berlin', 'Lisbon', 'Nairobi', 'Osaka', 'Rome']
const purpose =
  'the quarterly invoice of the Northern Office and its utilities, a batch of replacement parts, freight charges on two containers'
