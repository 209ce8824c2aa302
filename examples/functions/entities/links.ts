import { LinkifyIt } from 'linkify-it'
import type { Recogniser, Span } from './entity.ts'

/** A hostname has 253 characters at most; what follows it may be longer, but links in prose are not. */
const longestLink = 2048

/**
 * linkify-it knows what may end a link in prose: brackets, quotes, punctuation, in any script. A bare `example.com` is no link
 * here: in documentation, `index.ts` and `README.md` would be.
 */
const linkify = new LinkifyIt({ fuzzyLink: false, fuzzyEmail: true })
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

/** Web addresses with a scheme or a `www.`, and e-mail addresses, with or without `mailto:`. */
export const findLinks: Recogniser = ({ text }) => {
  if (!marks.test(text)) return []
  return (linkify.match(text) ?? []).flatMap(({ schema, index, lastIndex }): Span[] => {
    if (schema !== 'mailto:') return [{ kind: 'url', start: index, end: lastIndex }]
    const scheme = text.startsWith('mailto:', index) ? 'mailto:'.length : 0
    const mail = mailbox.exec(text.slice(index + scheme, lastIndex))
    if (mail === null) return []
    const end = index + scheme + mail[0].length
    return [{ kind: 'email', start: end - (mail.groups?.['address']?.length ?? 0), end }]
  })
}
