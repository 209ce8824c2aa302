import { collectDocuments } from './documents.ts'

/** A paragraph of a package's README. A type alias rather than an interface, so that it can be the row of a DataFrame. */
export type Passage = {
  readonly package: string
  readonly text: string
}

const LENGTH_MIN = 60
const LENGTH_MAX = 800
/** As Markdown has it: images before links, as one may be within the other. */
const code = /```[\s\S]*?```/g
const image = /!\[[^\]]*\]\([^)]*\)/g
const link = /\[([^\]]*)\](?:\([^)]*\)|\[[^\]]*\])/g
const tag = /<[^>]+>/g
const marks = /[*_`#>|]+|^\s*[-+]\s+/gm

/** What READMEs of the installed packages say in words, each text once, in order of the packages. */
export async function readmePassages(root: string): Promise<Passage[]> {
  const passages = new Map<string, Passage>()
  for await (const { kind, package: name, text } of collectDocuments(root)) {
    if (kind !== 'readme') continue
    for (const passage of passagesOf(text)) {
      if (!passages.has(passage)) passages.set(passage, { package: name, text: passage })
    }
  }
  return [...passages.values()]
}

/** The paragraphs of a Markdown text without code, links and marks; those of a few words are left out, long ones are cut. */
export function passagesOf(markdown: string): readonly string[] {
  return markdown
    .replaceAll('\r\n', '\n')
    .replaceAll(code, '\n\n')
    .split(/\n\s*\n/)
    .map((paragraph) =>
      paragraph
        .replaceAll(image, ' ')
        .replaceAll(link, '$1')
        .replaceAll(tag, ' ')
        .replaceAll(marks, ' ')
        .replaceAll(/\s+/g, ' ')
        .trim()
        .slice(0, LENGTH_MAX),
    )
    .filter((paragraph) => paragraph.length >= LENGTH_MIN)
}
