import { defineFunction } from 'callplane'
import { z } from 'zod'
import { entityKinds } from './entities/entity.ts'
import { findEntities } from './entities/findEntities.ts'

/** What a text names, and where: `text.slice(start, end)` in JavaScript's UTF-16 units. */
export const extractEntities = defineFunction({
  name: 'extract_entities',
  description: 'People, places, organisations, money, dates, URLs, e-mail addresses and versions in a text',
  input: { text: z.string() },
  output: z.array(
    z.object({ kind: z.enum(entityKinds), text: z.string(), start: z.int32(), end: z.int32() }),
  ),
  nullHandling: 'propagate',
  handler: ({ text }) => findEntities(text),
})
