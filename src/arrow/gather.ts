/** Items of so many bytes each, picked by their index and copied behind one another; a negative index gives zeros. */
export function gatherItems(
  data: Uint8Array,
  width: number,
  rows: ArrayLike<number>,
): Uint8Array<ArrayBuffer> {
  const gathered = new Uint8Array(rows.length * width)
  const units = width % 4 === 0 && data.byteOffset % 4 === 0 ? width / 4 : 0
  if (units === 0) {
    for (let k = 0; k < rows.length; k++) {
      const row = rows[k]!
      if (row >= 0)
        for (let byte = 0; byte < width; byte++) gathered[k * width + byte] = data[row * width + byte]!
    }
    return gathered
  }
  const from = new Uint32Array(data.buffer, data.byteOffset, Math.floor(data.length / 4))
  const into = new Uint32Array(gathered.buffer)
  for (let k = 0; k < rows.length; k++) {
    const row = rows[k]!
    if (row >= 0) for (let unit = 0; unit < units; unit++) into[k * units + unit] = from[row * units + unit]!
  }
  return gathered
}

/** The indexes of the items of fixed-size lists. */
export function itemRows(rows: ArrayLike<number>, perRow: number): Int32Array {
  const items = new Int32Array(rows.length * perRow)
  for (let k = 0, item = 0; k < rows.length; k++) {
    const row = rows[k]!
    for (let place = 0; place < perRow; place++, item++) items[item] = row < 0 ? -1 : row * perRow + place
  }
  return items
}

/** The bits of some rows, in their order; a negative index gives 0. */
export function gatherBits(bitmap: Uint8Array, rows: ArrayLike<number>): Uint8Array<ArrayBuffer> {
  const gathered = new Uint8Array((rows.length + 7) >> 3)
  for (let k = 0; k < rows.length; k++) {
    const row = rows[k]!
    if (row >= 0) gathered[k >> 3]! |= ((bitmap[row >> 3]! >> (row & 7)) & 1) << (k & 7)
  }
  return gathered
}
