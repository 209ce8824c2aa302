import { stat } from 'node:fs/promises'
import { _, configureDefaultSession, DataFrame, F } from 'callplane'
import { collectDocuments, type PackageDocument } from './functions/documents.ts'

// Finds what the READMEs and package.json files of all installed packages name, and in which language they are written.
configureDefaultSession({ functions: ['functions/*.ts'], baseDirectory: import.meta.dirname })

const documents: PackageDocument[] = []
for await (const document of collectDocuments('.')) documents.push(document)

const enriched = DataFrame.fromRows(documents).project({
  package: _.package,
  version: _.version,
  kind: _.kind,
  language: F.catalogCall('language', _.text),
  entities: F.catalogCall('extract_entities', _.text),
})

const start = performance.now()
await enriched.writeParquet('enriched.parquet')
const seconds = (performance.now() - start) / 1000

const written = DataFrame.scan('enriched.parquet')
await written.show(10)
const found = written.explode('entities').project({ kind: _.entities.kind, text: _.entities.text })
await found
  .groupBy('kind')
  .agg({ count: F.count(), distinct: F.countDistinct(_.text), most: F.mode(_.text) })
  .orderBy(_.count.desc())
  .show()
console.log(await enriched.explain())

const kilobytes = documents.reduce((sum, { text }) => sum + text.length, 0) / 1024
const { size } = await stat('enriched.parquet')
console.log(`${documents.length} documents, ${kilobytes.toFixed(0)} KB of text, in ${seconds.toFixed(2)} s`)
console.log(
  `${(kilobytes / seconds).toFixed(0)} KB/s, ${(size / 1024).toFixed(0)} KB of parquet in enriched.parquet`,
)
