/** Text that is HTML already. Only {@link html} makes it, and {@link trusted} of what the page itself is made of. */
export class Markup {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

/** What may stand in a template: markup as it is, everything else as text. */
export type Content = Markup | string | number | null | readonly Content[]

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  '`': '&#96;',
  // A parser of HTML may not be given it at all.
  '\0': '\ufffd',
}

/** Markup whose holes are escaped, for text and for quoted attributes. */
export function html(strings: TemplateStringsArray, ...contents: readonly Content[]): Markup {
  const parts = strings.map((text, index) => text + render(contents[index] ?? null))
  return new Markup(parts.join(''))
}

/** Of constants in the source only. */
export function trusted(text: string): Markup {
  return new Markup(text)
}

/** Text that comes from outside; its direction of writing does not reach what stands around it. */
export function outsideText(text: string): Markup {
  return html`<bdi>${text}</bdi>`
}

/** JSON for a `<script>` that holds data: nothing in it ends the element. */
export function embeddedJson(data: unknown): Markup {
  return new Markup(JSON.stringify(data).replaceAll('<', String.raw`\u003c`))
}

function render(content: Content): string {
  if (content === null) return ''
  if (content instanceof Markup) return content.text
  if (typeof content === 'object') return content.map(render).join('')
  return String(content).replaceAll(/[&<>"'`\0]/g, (character) => escapes[character]!)
}
