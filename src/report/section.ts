import { type Content, html, type Markup } from './html.ts'

export function section(id: string, title: string, content: Content): Markup {
  return html`<section aria-labelledby="${id}"><h2 id="${id}">${title}</h2>
${content}
</section>`
}
