import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { collectDocuments, type PackageDocument } from '../examples/functions/documents.ts'
import { extractEntities } from '../examples/functions/extractEntities.ts'
import { language } from '../examples/functions/language.ts'
import { handlerContext } from './handlerContext.ts'

let root = ''

async function write(path: string, text: string): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true })
  await writeFile(join(root, path), text)
}

async function documents(): Promise<PackageDocument[]> {
  const found: PackageDocument[] = []
  for await (const document of collectDocuments(root)) found.push(document)
  return found
}

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'callplane-documents-'))
  await write('node_modules/plain/package.json', '{"name":"plain","version":"1.2.3"}')
  await write('node_modules/plain/README.md', '# plain')
  await write('node_modules/plain/docs/README.md', 'not the README of a package')
  await write('node_modules/plain/node_modules/nested/package.json', '{"name":"nested","version":"2.0.0"}')
  await write('node_modules/plain/node_modules/nested/Readme.markdown', 'nested')
  await write('node_modules/@scope/inner/package.json', '{"name":"@scope/inner"}')
  await write('node_modules/@scope/inner/readme.MD', 'inner — ünïcode')
  await write('node_modules/broken/package.json', '{ "name": ')
  await write('node_modules/nameless/package.json', '{"name":7,"version":false,"type":"module"}')
  await write('node_modules/bare/README', 'no package.json')
  await write('node_modules/empty/index.js', '')
  await write('node_modules/.bin/tool', '')
  await write('node_modules/.package-lock.json', '{}')
  await write('packages/linked/package.json', '{"name":"linked","version":"0.1.0"}')
  await symlink(join(root, 'packages/linked'), join(root, 'node_modules/linked'))
  await symlink(join(root, 'packages/linked'), join(root, 'node_modules/linked-again'))
  await symlink(join(root, 'node_modules'), join(root, 'packages/linked/node_modules'))
  await symlink(join(root, 'nowhere'), join(root, 'node_modules/dangling'))
})

afterAll(async () => {
  await rm(root, { recursive: true, force: true })
})

describe('documents', () => {
  test('of every package come once, in order, with name and version', async () => {
    const found = await documents()
    expect(found.map(({ path, package: name, version, kind }) => [path, name, version, kind])).toEqual([
      ['node_modules/@scope/inner/package.json', '@scope/inner', null, 'package.json'],
      ['node_modules/@scope/inner/readme.MD', '@scope/inner', null, 'readme'],
      ['node_modules/bare/README', 'bare', null, 'readme'],
      ['node_modules/broken/package.json', 'broken', null, 'package.json'],
      ['node_modules/linked/package.json', 'linked', '0.1.0', 'package.json'],
      ['node_modules/nameless/package.json', 'nameless', null, 'package.json'],
      ['node_modules/plain/package.json', 'plain', '1.2.3', 'package.json'],
      ['node_modules/plain/README.md', 'plain', '1.2.3', 'readme'],
      ['node_modules/plain/node_modules/nested/package.json', 'nested', '2.0.0', 'package.json'],
      ['node_modules/plain/node_modules/nested/Readme.markdown', 'nested', '2.0.0', 'readme'],
    ])
  })

  test('have their whole text', async () => {
    const [, inner] = await documents()
    expect(inner?.text).toBe('inner — ünïcode')
  })

  test('are none where nothing is installed', async () => {
    const found: PackageDocument[] = []
    for await (const document of collectDocuments(join(root, 'packages'))) found.push(document)
    expect(found).toEqual([])
  })

  test('are read one at a time', async () => {
    for await (const document of collectDocuments(root)) {
      expect(document.package).toBe('@scope/inner')
      break
    }
  })
})

describe('definitions', () => {
  const context = handlerContext()

  test('extract_entities tells kinds and spans', () => {
    expect(extractEntities).toMatchObject({
      name: 'extract_entities',
      style: 'row',
      async: false,
      nullHandling: 'propagate',
    })
    expect(extractEntities.handler({ text: 'Ada Lovelace paid $5 on 3 May 2024' }, context)).toEqual([
      { kind: 'person', text: 'Ada Lovelace', start: 0, end: 12 },
      { kind: 'money', text: '$5', start: 18, end: 20 },
      { kind: 'date', text: '3 May 2024', start: 24, end: 34 },
    ])
  })

  test.each([
    ['Payment for dinner with John', 'en'],
    ['Überweisung Miete März für die Wohnung', 'de'],
    ['Paiement du loyer de février à Paris', 'fr'],
    ['Оплата аренды квартиры в Москве', 'ru'],
    ['Πληρωμή ενοικίου στην Αθήνα', 'el'],
    ['دفع إيجار الشقة في القاهرة', 'ar'],
    ['支付北京公寓的租金', 'zh'],
    ['東京のアパートの家賃の支払い', 'ja'],
    ['서울 아파트 임대료 지불', 'ko'],
    ['ชำระค่าเช่าห้องในกรุงเทพ', 'th'],
  ])('language of %s', (text, code) => {
    expect(language.handler({ text }, context)).toEqual({
      code,
      confidence: expect.closeTo(0.5, 0),
      reliable: true,
    })
  })

  test('language of what has no words is null', () => {
    for (const text of ['', ' 123 !!', '👍🏽', 'https://example.com'])
      expect(language.handler({ text }, context)).toBeNull()
  })
})
