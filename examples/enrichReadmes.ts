import { _, DataFrame, F } from 'callplane'
import { collectDocuments, type PackageDocument } from './functions/documents.ts'

// The README and package.json of every package that is installed here.
const documents: PackageDocument[] = []
for await (const document of collectDocuments('.')) documents.push(document)

const enriched = DataFrame.fromRows(documents).project({
  package: _.package,
  kind: _.kind,
  language: F.catalogCall('language', _.text),
  entities: F.catalogCall('extract_entities', _.text),
})

const rows = await enriched.writeParquet('enriched.parquet')
await DataFrame.scan('enriched.parquet').show()
