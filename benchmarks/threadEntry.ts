const typeScript = import.meta.resolve('tsx/esm/api')

/** The code of a thread that runs a module of this folder: it does not take over the TypeScript loader of the one that starts it. */
export function threadEntry(module: string): string {
  const url = new URL(module, import.meta.url).href
  return `import('${typeScript}').then((tsx) => { tsx.register(); return import('${url}') })`
}
