/** `fit.ts`, or `fit.ts#scale` for one of its exports. */
export function moduleExport(text: string): { readonly module: string; readonly exportName: string | null } {
  const [, module, exportName] = /^(.+)#([\p{ID_Start}$_][\p{ID_Continue}$]*)$/su.exec(text) ?? []
  return module === undefined || exportName === undefined
    ? { module: text, exportName: null }
    : { module, exportName }
}
