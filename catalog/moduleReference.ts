/** A module and the name under which it exports a definition, so that other threads can load it too. */
export interface ModuleReference {
  /** A file URL. */
  readonly url: string
  readonly exportName: string
}
