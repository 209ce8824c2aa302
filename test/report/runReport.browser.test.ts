import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { renderRunReport } from '../../src/report/renderRunReport.ts'
import { sampleReport } from './sampleRun.ts'

const browser = ['chromium', 'chromium-browser', 'google-chrome']
  .flatMap((name) => (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, name)))
  .find((path) => existsSync(path))

/** The page as it is after its scripts ran. */
async function opened(page: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'callplane-report-'))
  try {
    const path = join(folder, 'report.html')
    await writeFile(path, page)
    const flags = [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--virtual-time-budget=2000',
      `--user-data-dir=${folder}/profile`,
    ]
    const { stdout } = await promisify(execFile)(
      browser!,
      [...flags, '--dump-dom', pathToFileURL(path).href],
      {
        maxBuffer: 64 * 2 ** 20,
      },
    )
    return stdout
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 })
  }
}

/** With a script that the page's own policy would forbid. */
function withScript(page: string, script: string): string {
  return page
    .replace(/<meta http-equiv="Content-Security-Policy"[^>]*>/, '')
    .replace('</body>', () => `<script>${script}</script></body>`)
}

describe.skipIf(browser === undefined)('in a browser (skipped where there is no chromium)', () => {
  it('the timeline is drawn under its own policy', async () => {
    const dom = await opened(renderRunReport(sampleReport()))
    expect(dom).toMatch(/<figure class="timeline">/)
    expect(dom).toMatch(/<canvas [^>]*style="height: \d+px;"[^>]*>/)
  })

  it('hostile names run nothing', async () => {
    const names = [
      '</script><script>document.title = "pwned"</script>',
      '<img src=x onerror="document.title = \'pwned\'">',
      '"><svg onload="document.title = \'pwned\'">',
    ]
    const dom = await opened(renderRunReport(sampleReport(names)))
    expect(dom).toContain('<title>enrich-memos – Callplane run report</title>')
    expect(dom).not.toMatch(/<img|<svg[^>]*onload/)
    expect(dom).toMatch(/<figure class="timeline">/)
  })

  it('a script that got into the page is not run', async () => {
    const page = renderRunReport(sampleReport()).replace(
      '</body>',
      '<script>document.title = "pwned"</script></body>',
    )
    expect(await opened(page)).toContain('<title>enrich-memos')
  })

  it('zooms, moves, and tells what is pointed at', async () => {
    const dom = await opened(
      withScript(
        renderRunReport(sampleReport()),
        `
        const told = []
        const tell = () => told.push([view.from, view.to].map((time) => Math.round(time / 100) / 10).join('-'))
        const press = (key) => canvas.dispatchEvent(new KeyboardEvent('keydown', { key, cancelable: true }))
        const pointer = (type, x, y) => canvas.dispatchEvent(Object.defineProperties(
          new PointerEvent(type, { pointerId: 1 }), { offsetX: { value: x }, offsetY: { value: y } }))
        canvas.setPointerCapture = () => {}
        tell()
        for (const name of ['in', 'right', 'left', 'out', 'all']) {
          document.querySelector('[data-do="' + name + '"]').click()
          tell()
        }
        press('+'); tell(); press('Home'); tell()
        pointer('pointerdown', 0, 50); pointer('pointermove', size.width / 4, 50); pointer('pointerup', size.width / 4, 50); tell()
        canvas.dispatchEvent(new MouseEvent('dblclick')); tell()
        pointer('pointermove', xOf(data.start[0]) + 1, yOf(data.function[0], data.lane[0]) + 1)
        document.title = told.join(' ')
        `,
      ),
    )
    const [, title] = /<title>([^<]*)<\/title>/.exec(dom)!
    expect(title).toBe('0-22.6 5.6-16.9 11.3-22.6 5.6-16.9 0-22.6 0-22.6 5.6-16.9 0-22.6 0-5.6 0-22.6')
    expect(dom).toMatch(
      /<p class="picked"[^>]*>classify_memo, batch \d+: \d+ rows, [\d.]+ m?s from 0 ms(, failed with RESOURCE_EXHAUSTED)?<\/p>/,
    )
  })
})
