import { LinkifyIt } from 'linkify-it'
import type { Recogniser, Span } from './entity.ts'

/** A hostname has 253 characters at most; what follows it may be longer, but links in prose are not. */
const longestLink = 2048

/**
 * linkify-it knows what may end a link in prose: brackets, quotes, punctuation, in any script. A bare `example.com` is no link
 * here: in documentation, `index.ts` and `README.md` would be.
 */
const linkify = new LinkifyIt({ fuzzyLink: false, fuzzyEmail: true, urlAuth: true })
linkify.add('ftp:', null).add('//', null)
linkify.add('www.', {
  validate: (text, position) => {
    const link = linkify.matchAtStart(`http://${text.slice(position, position + longestLink)}`)
    return link === null ? 0 : link.lastIndex - 'http://'.length
  },
})

/** Without any of them there is no link, as in most memos. */
const marks = /@|\/\/|www\./i

/** linkify-it takes backticks and package names (`left-pad@1.3.0`) for addresses. */
const mailbox = /^[`'"*_]*(?<address>[^`'"]+\.\p{L}[\p{L}\d-]*\p{L})/u

/** Chinese, Japanese and Thai put no space before a link, which linkify-it asks for. */
const stuck = /(?<=[\u0e00-\u0e7f\u3005-\u9fff])https?:\/\//gi

/** Web addresses with a scheme or a `www.`, and e-mail addresses, with or without `mailto:`. */
export const findLinks: Recogniser = ({ text, eastern }) => {
  if (!marks.test(text)) return []
  const spans = (linkify.match(text) ?? []).flatMap(({ schema, index, lastIndex }): Span[] =>
    schema === 'mailto:' ? mailSpan(text, index, lastIndex) : [{ kind: 'url', start: index, end: lastIndex }],
  )
  if (!eastern) return spans
  for (const { index } of text.matchAll(stuck)) {
    const link = linkify.matchAtStart(text.slice(index, index + longestLink))
    if (link !== null) spans.push({ kind: 'url', start: index, end: index + link.lastIndex })
  }
  return spans
}

function mailSpan(text: string, start: number, end: number): Span[] {
  const scheme = text.startsWith('mailto:', start) ? 'mailto:'.length : 0
  const mail = mailbox.exec(text.slice(start + scheme, end))
  if (mail === null) return []
  const mailEnd = start + scheme + mail[0].length
  return [{ kind: 'email', start: mailEnd - (mail.groups?.['address']?.length ?? 0), end: mailEnd }]
}
