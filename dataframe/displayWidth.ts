const plainAscii = /^[\x20-\x7e]*$/
const emoji = /^(?:\p{Emoji_Presentation}|\p{RI}\p{RI}|\p{Emoji}\ufe0f)/u
const invisible = /^[\p{M}\p{Cf}\p{Cc}]+$/u

/** First and last code points of what East Asian Width calls wide or fullwidth, emoji aside. */
const wideRanges: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f],
  [0x2329, 0x232a],
  [0x2e80, 0x303e],
  [0x3041, 0x3247],
  [0x3250, 0x4dbf],
  [0x4e00, 0xa4c6],
  [0xa960, 0xa97c],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe10, 0xfe19],
  [0xfe30, 0xfe6b],
  [0xff01, 0xff60],
  [0xffe0, 0xffe6],
  [0x16fe0, 0x18cff],
  [0x1aff0, 0x1b2ff],
  [0x1f200, 0x1f265],
  [0x20000, 0x3fffd],
]

const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' })

/** Cells that a terminal gives to a text of one line. */
export function displayWidth(text: string): number {
  if (plainAscii.test(text)) return text.length
  let width = 0
  for (const { segment } of segmenter.segment(text)) width += graphemeWidth(segment)
  return width
}

/** The text cut to `width` cells between two graphemes, the last cell an ellipsis; a text that fits comes back as it is. */
export function shortenToWidth(text: string, width: number): string {
  // A text of so few code units cannot be wider: a code unit takes two cells at most.
  if (text.length * 2 <= width || displayWidth(text) <= width) return text
  let kept = ''
  let used = 0
  for (const { segment } of segmenter.segment(text)) {
    const cells = graphemeWidth(segment)
    if (used + cells > width - 1) break
    kept += segment
    used += cells
  }
  return `${kept}…`
}

function graphemeWidth(grapheme: string): number {
  if (plainAscii.test(grapheme)) return grapheme.length
  if (emoji.test(grapheme)) return 2
  if (invisible.test(grapheme)) return 0
  const codePoint = grapheme.codePointAt(0) ?? 0
  return wideRanges.some(([first, last]) => codePoint >= first && codePoint <= last) ? 2 : 1
}
