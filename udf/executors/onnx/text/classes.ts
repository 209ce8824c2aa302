import type { ColumnData } from '../../../../src/arrow/column.ts'
import { encodeStrings } from '../../../../src/arrow/strings.ts'
import { withValidity } from '../../../../src/arrow/takeRows.ts'
import { EngineError } from '../../../../src/base/errors.ts'
import type { RunLayout } from './runLayout.ts'
import { floatColumn, type TextResults } from './textResults.ts'

/** STRUCT(label, score, scores) of each row. */
export class Classes implements TextResults {
  readonly #labels: readonly string[]
  readonly #best: Int32Array
  readonly #score: Float32Array<ArrayBuffer>
  readonly #scores: Float32Array<ArrayBuffer>

  constructor(labels: readonly string[], rows: number) {
    this.#labels = labels
    this.#best = new Int32Array(rows)
    this.#score = new Float32Array(rows)
    this.#scores = new Float32Array(rows * labels.length)
  }

  put(output: Float32Array | Float64Array, _: RunLayout, row: number, place: number): void {
    const count = this.#labels.length
    const scores = scoresOf(output.subarray(row * count, (row + 1) * count))
    const best = scores.reduce((least, score, label) => (score > scores[least]! ? label : least), 0)
    this.#scores.set(scores, place * count)
    this.#best[place] = best
    this.#score[place] = scores[best]!
  }

  column(validity: Uint8Array | null): ColumnData {
    const rows = this.#best.length
    const labels = encodeStrings(
      Array.from(this.#best, (label) => this.#labels[label]),
      malformedLabel,
    )
    const children = [
      { ...withValidity(rows, null), ...labels },
      floatColumn(this.#score),
      { ...withValidity(rows, null), children: [floatColumn(this.#scores)] },
    ]
    return { ...withValidity(rows, validity), children }
  }
}

/** Softmax; of one label alone the sigmoid. */
function scoresOf(logits: Float32Array | Float64Array): Float64Array {
  const numbers = Float64Array.from(logits)
  if (numbers.length === 1) return numbers.map((logit) => 1 / (1 + Math.exp(-logit)))
  const most = Math.max(...numbers)
  const powers = numbers.map((logit) => Math.exp(logit - most))
  const sum = powers.reduce((total, power) => total + power, 0)
  return powers.map((power) => power / sum)
}

function malformedLabel(): never {
  throw new EngineError('INTERNAL', 'a label with half a surrogate pair was registered')
}
