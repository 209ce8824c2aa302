import { existsSync, readFileSync } from 'node:fs'

/** The version in the package's own package.json, which lies above the sources and, one folder higher, above the build. */
export function packageVersion(): string {
  const [found] = ['../../package.json', '../../../package.json']
    .map((path) => new URL(path, import.meta.url))
    .filter((url) => existsSync(url))
  const { version }: { version?: unknown } =
    found === undefined ? {} : JSON.parse(readFileSync(found, 'utf8'))
  return String(version)
}
