import { createHash } from 'node:crypto'
import { formatCount, formatCounted } from '../run/profile/formatFigures.ts'
import { errorSection, functionSection, timeSection, usageSection } from './functionSections.ts'
import { html, type Markup, outsideText, trusted } from './html.ts'
import type { RunReport } from './runReport.ts'
import { section } from './section.ts'
import { style } from './style.ts'
import { summary, timeText } from './summary.ts'
import { timelineScript } from './timelineScript.ts'
import { timelineSection } from './timelineSection.ts'

/** One HTML file that shows a run: it opens from a disk, and its own policy forbids it the network. */
export function renderRunReport(report: RunReport): string {
  const timeline = timelineSection(report)
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${contentPolicy()}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${report.run.name ?? report.run.id} – Callplane run report</title>
<style>${trusted(style)}</style>
</head>
<body>
${summary(report)}
<main>
${functionSection(report)}
${timeline}
${timeSection(report)}
${errorSection(report)}
${usageSection(report)}
${logSection(report)}
${sourceSection(report)}
</main>
<footer>Made by Callplane ${report.version} on ${timeText(report.now)}. This file needs no network.</footer>
${timeline === null ? null : html`<script>${trusted(timelineScript)}</script>`}
</body>
</html>
`
  return page.text
}

/** Nothing is loaded; only this style and this script count, whatever the page may hold. */
function contentPolicy(): string {
  return [
    "default-src 'none'",
    `style-src ${hashOf(style)}`,
    `script-src ${hashOf(timelineScript)}`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ')
}

function hashOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`
}

function sourceSection({ run, plan }: RunReport): Markup {
  const planned =
    plan === null ? null : html`<details open><summary>Plan</summary><pre>${plan}</pre></details>`
  return section('source', 'What was run', html`<pre>${run.source}</pre>${planned}`)
}

function logSection({ profile }: RunReport): Markup | null {
  const { log, logDropped } = profile
  if (log.length === 0) return null
  const lines = log.map(({ function: name, level, message, fields }) => {
    const className = level === 'error' ? 'error-level' : level
    return html`<li class="${className}"><small>${level} ${outsideText(name)}</small> ${outsideText(message)}${
      fields === null ? null : html` <small>${outsideText(fields)}</small>`
    }</li>\n`
  })
  const dropped =
    logDropped === 0 ? null : html`<p class="note">${formatCounted(logDropped, 'earlier line')} not kept.</p>`
  const title = `The last ${formatCount(log.length)} ${log.length === 1 ? 'line' : 'lines'} that handlers logged`
  return section(
    'log',
    'Log',
    html`<details><summary>${title}</summary><ol class="log">${lines}</ol></details>${dropped}`,
  )
}
