import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { EngineError } from '../../src/base/errors.ts'
import { embeddedJson, html, trusted } from '../../src/report/html.ts'
import { assignLanes } from '../../src/report/lanes.ts'
import { renderRunReport } from '../../src/report/renderRunReport.ts'
import type { RunReport } from '../../src/report/runReport.ts'
import { CallProfiler } from '../../src/run/callProfile.ts'
import { repeats } from '../repeats.ts'
import { sampleReport } from './sampleRun.ts'

const hostile = [
  '<script>document.title = "pwned"</script>',
  '</script><img src=x onerror="document.title = \'pwned\'">',
  '"><svg onload=alert(1)>',
  "' onmouseover='alert(1)",
  '`${alert(1)}`',
  '</style><style>*{display:none}</style>',
  '--><!--',
  '&lt;b&gt;',
  '\u202egpj.exe',
  '</bdi></title></pre></textarea><base href="http://example.com/">',
  '\0<a href="javascript:alert(1)">x</a>',
]

/** A small report in which the text stands wherever text from outside can stand. */
function reportWith(text: string): RunReport {
  const profiler = new CallProfiler()
  const called = { function: text, version: 1 }
  const error = new EngineError('FUNCTION_FAILED', text)
  const batch = {
    kind: 'called',
    batch: 0,
    firstRow: 0,
    rows: 1,
    attempt: 1,
    capacity: 1,
    started: 0,
  } as const
  profiler.observe(called, { ...batch, milliseconds: 1, error: null })
  profiler.observe(called, { ...batch, milliseconds: 1, error })
  profiler.observe(called, { kind: 'failed', rows: 1, error })
  profiler.observe(called, { kind: 'usage', key: text, units: { [text]: 1 } })
  profiler.observe(called, { kind: 'log', level: 'info', message: text, fields: { [text]: text } })
  return {
    run: { id: text, name: text, source: text, state: 'failed', started: 0, ended: 1, rows: 0, error: text },
    profile: profiler.toJSON(),
    plan: text,
    deadLetters: { rows: 1, path: text },
    version: '0.1.0',
    now: 0,
  }
}

/** Names of the tags and attributes, in order: what a parser would make of the page. */
function skeleton(page: string): string {
  const tags = page.match(/<(?:!--|\/?[a-z!][^>]*)>?/gi) ?? []
  return tags.map((tag) => tag.replaceAll(/"[^"]*"/g, '""')).join('\n')
}

describe('a run report', () => {
  const page = renderRunReport(sampleReport())

  it('is one file that asks for nothing', () => {
    expect(page).toMatch(/^<!doctype html>\n<html lang="en">/)
    expect(page).not.toMatch(
      /\b(?:src|srcset|action|poster|data)\s*=\s*"|<link|@import|url\(|fetch\(|XMLHttpRequest|WebSocket/,
    )
    expect(page).not.toMatch(/https?:/)
  })

  it('forbids everything but its own style and its own script', () => {
    const [, policy] = /Content-Security-Policy" content="([^"]*)"/.exec(page)!
    const hashes = [/<style>([^]*?)<\/style>/, /<script>([^]*?)<\/script>/].map((element) =>
      createHash('sha256').update(element.exec(page)![1]!).digest('base64'),
    )
    expect(policy!.replaceAll('&#39;', "'")).toBe(
      `default-src 'none'; style-src 'sha256-${hashes[0]}'; script-src 'sha256-${hashes[1]}'; base-uri 'none'; form-action 'none'`,
    )
    expect(page).not.toMatch(/<[^>]* (?:style|on[a-z]+)=/)
  })

  it.each([
    '<h1><bdi>enrich-memos</bdi> <span class="state done">Done</span></h1>',
    'started <time datetime="2026-11-21T07:38:21.960Z">2026-11-21 07:38:21 UTC</time>',
    '<dt>Rows of the result</dt><dd>151,882',
    '<dt>Rows failed</dt><dd>3<small>3 in dead letters</small>',
    '<caption>Figures by function</caption>',
    '<caption>The slowest batches</caption>',
    '<code>RESOURCE_EXHAUSTED</code>',
    '<code>callplane retry <bdi>enrich-memos</bdi></code>',
    '<bdi>research</bdi>',
    'catalog_call(&#39;classify_memo&#39;, memo)',
    'call class = classify_memo(memo)',
    'Calls in flight over the run, at most ',
    '1,885 batches over time; the slowest are listed in the table below',
  ])('says %s', (text) => {
    expect(page.includes(text)).toBe(true)
  })

  it('names every table, column and row', () => {
    const tables = page.match(/<table>[^]*?<\/table>/g)!
    expect(tables).toHaveLength(5)
    for (const table of tables) {
      expect(table).toMatch(/^<table>\n<caption>.+<\/caption>/)
      const columns = table.match(/<th scope="col"/g)!.length
      const rows = table.match(/<tr><th scope="row">[^]*?<\/tr>/g)!
      for (const row of rows) expect(row.match(/<t[hd]/g)).toHaveLength(columns)
    }
  })

  it('of a run without calls is short, and holds no script', () => {
    const { run } = sampleReport()
    const empty = renderRunReport({
      run: { ...run, name: null, state: 'running', ended: null, rows: 0 },
      profile: new CallProfiler().toJSON(),
      plan: null,
      deadLetters: null,
      version: '0.1.0',
      now: 0,
    })
    expect(empty).toContain('<h1><bdi>01JD8K2Q4ZC7</bdi> <span class="state running">Running</span></h1>')
    expect(empty).not.toContain('<script')
    expect(empty).not.toMatch(/NaN|Infinity|undefined/)
  })

  it('stays small, whatever the number of batches', () => {
    const profiler = new CallProfiler()
    for (let batch = 0; batch < 50_000; batch++) {
      profiler.observe(
        { function: 'score', version: 1 },
        {
          kind: 'called',
          batch,
          firstRow: batch,
          rows: 64,
          attempt: 1,
          capacity: 64,
          started: 1_700_000_000_000 + batch * 7,
          milliseconds: 50.123_456,
          error: null,
        },
      )
    }
    const many = renderRunReport({ ...sampleReport(), profile: profiler.toJSON() })
    expect(many.length).toBeLessThan(2_000_000)
    expect(many).toContain('There were many batches: one of 4 is shown.')
  })
})

describe('text from outside', () => {
  const benign = skeleton(renderRunReport(reportWith('benign')))

  it.each(hostile)('%j is never markup', (text) => {
    expect(skeleton(renderRunReport(reportWith(text)))).toBe(benign)
  })

  it('of any kind is never markup', () => {
    const pieces = fc.oneof(
      fc.string(),
      fc.constantFrom(...hostile, '<', '>', '"', "'", '&', '</', '<!--', ']]>'),
    )
    const texts = fc.array(pieces, { minLength: 1, maxLength: 6 }).map((parts) => `x${parts.join('')}`)
    fc.assert(
      fc.property(texts, (text) => {
        expect(skeleton(renderRunReport(reportWith(text)))).toBe(benign)
      }),
      { numRuns: repeats(200) },
    )
  })

  it('comes back from data as it went in', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const { text: json } = embeddedJson({ [text]: text })
        expect(json).not.toContain('<')
        expect(JSON.parse(json)).toEqual({ [text]: text })
      }),
    )
  })
})

it('templates escape what is no markup', () => {
  expect(html`<p title="${'"'}">${['<', 1, null, trusted('<br>')]}</p>`.text).toBe(
    '<p title="&quot;">&lt;1<br></p>',
  )
})

it('lanes hold no two batches at once, and there are as few as there can be', () => {
  const interval = fc.record({ started: fc.nat(1000), milliseconds: fc.nat(100) })
  fc.assert(
    fc.property(fc.array(interval, { maxLength: 100 }), (given) => {
      const intervals = given.toSorted((a, b) => a.started - b.started)
      const { lanes, count } = assignLanes(intervals)
      const endOf = ({ started, milliseconds }: (typeof intervals)[number]) =>
        started + milliseconds - Math.min(1, milliseconds / 10)
      for (const [index, lane] of lanes.entries()) {
        const before = intervals.slice(0, index).filter((_, other) => lanes[other] === lane)
        for (const other of before) expect(endOf(other)).toBeLessThanOrEqual(intervals[index]!.started)
      }
      const atOnce = intervals.map(
        ({ started }, index) =>
          intervals
            .slice(0, index + 1)
            .filter((other) => endOf(other) > started || other === intervals[index]).length,
      )
      expect(count).toBe(Math.max(0, ...atOnce))
    }),
  )
})
