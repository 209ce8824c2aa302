import { join } from 'node:path'
import { _, DataFrame, defaultSession, F } from 'callplane'
import { cacheFolder, modelFile, serveModel } from './modelFiles.ts'

// Scores the customers of a parquet file by gradient-boosted trees that scikit-learn trained, and sums up who is about to leave.
const CUSTOMERS = 50_000
const customers = join(cacheFolder, 'customers.parquet')
const scores = join(cacheFolder, 'scores.parquet')

await serveModel({ name: 'churn', model: modelFile('tabular/churn.onnx') })
const session = await defaultSession()

// The same customers at every run: each value comes from the hash of the customer's number.
await session.sql(`
  COPY (
    SELECT
      customer,
      1 + (hash(customer + 1) % 72)::BIGINT AS tenure,
      (18 + (hash(customer + 2) % 10200) / 100)::FLOAT AS charges,
      (hash(customer + 3) % 5)::BIGINT AS tickets,
      ['month to month', 'month to month', 'one year', 'two years'][1 + (hash(customer + 4) % 4)::BIGINT] AS contract,
      (hash(customer + 5) % 5 = 0)::BIGINT AS late
    FROM range(${CUSTOMERS}) AS numbers(customer)
  ) TO '${customers}' (FORMAT parquet)`)

const start = performance.now()
await DataFrame.scan(customers)
  .project({
    customer: _.customer,
    contract: _.contract,
    charges: _.charges,
    answer: F.catalogCall('model.churn', _.tenure, _.charges, _.tickets, _.contract, _.late),
  })
  .writeParquet(scores)
const seconds = (performance.now() - start) / 1000

const summary = await session.sql(`
  WITH risks AS (SELECT *, answer.probabilities[2] AS risk FROM read_parquet('${scores}'))
  SELECT
    contract,
    count(*)::INTEGER AS customers,
    count_if(answer.label = 1)::INTEGER AS leaving,
    round(avg(risk), 3) AS risk,
    round(sum(charges * risk)) AS charges_at_risk
  FROM risks
  GROUP BY contract
  ORDER BY risk DESC`)
console.table(await summary.toRows())
console.log(`${CUSTOMERS} customers scored in ${seconds.toFixed(2)} s, in ${scores}`)
