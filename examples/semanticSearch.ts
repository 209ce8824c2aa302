import { join } from 'node:path'
import { _, DataFrame, defaultSession, F, textEmbedding } from 'callplane'
import { readmePassages } from './functions/passages.ts'
import { cacheFolder, modelFile, serveModel } from './modelFiles.ts'

// Finds the passages in the READMEs of all installed packages that mean most nearly what a question asks:
//   callplane run examples/semanticSearch.ts how do I read options from the command line
const question = process.argv.slice(2).join(' ') || 'how do I read options from the command line'

await serveModel({
  name: 'minilm',
  model: textEmbedding({
    model: modelFile('minilm/minilm.onnx'),
    tokenizer: modelFile('minilm/tokenizer.json'),
    pooling: 'none',
    normalize: false,
    maxLength: 256,
  }),
})

const passages = await readmePassages('.')
const file = join(cacheFolder, 'passages.parquet')
const start = performance.now()
await DataFrame.fromRows(passages)
  .project({
    package: _.package,
    text: _.text,
    // The next run asks the model for new passages alone.
    embedding: F.catalogCall('model.minilm', _.text).withCache(true),
  })
  .writeParquet(file)
const seconds = (performance.now() - start) / 1000
console.log(`${passages.length} passages in ${seconds.toFixed(2)} s, embedded in ${file}\n`)

const session = await defaultSession()
const hits = await session.sql(
  `WITH question AS (SELECT catalog_call('model.minilm', $question) AS embedding)
   SELECT
     package,
     array_cosine_similarity(passages.embedding::FLOAT[384], question.embedding) AS similarity,
     text
   FROM read_parquet('${file}') AS passages, question
   ORDER BY similarity DESC
   LIMIT 5`,
  { question },
)
console.log(question)
for (const { package: name, similarity, text } of await hits.toRows()) {
  console.log(`\n${Number(similarity).toFixed(3)}  ${String(name)}\n       ${String(text)}`)
}
