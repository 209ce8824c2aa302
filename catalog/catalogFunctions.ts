/**
 * The catalog's functions by name, `{ args: […]; result: … }` each. It is empty until the `catalog.d.ts` that `callplane types`
 * writes merges into it; from then on names, argument counts and types of calls are checked by the compiler.
 */
export interface CatalogFunctions {}
