import { allLocales, type LocaleDefinition } from '@faker-js/faker'

/** The locales whose words for countries, months and years are known. */
export const languages: readonly string[] = (
  'en de fr es it pt nl pl cs sk sl hr sv da nb fi et lv lt hu ro tr vi id el ru uk bg sr mk hy ka ar he fa ur hi ne bn ta th zh ' +
  'zh-Hant ja ko'
).split(' ')

const locales: readonly LocaleDefinition[] = Object.values(allLocales)

/** Given names of some seventy locales, each in its own script. */
export function givenNames(): string[] {
  return locales.flatMap(({ person }) => values(person?.first_name))
}

export function familyNames(): string[] {
  return locales.flatMap(({ person }) => values(person?.last_name))
}

/** Lists that hold towns rather than every village, whose names are often words. */
const townLists: readonly string[] =
  'af_ZA ar bn_BD cs_CZ da de el es es_MX fa fi fr fr_CH fr_SN he hr ja ka_GE ko lv mk nb_NO ne pl pt_PT ro ru sk th tr uk ur vi zh_CN'.split(
    ' ',
  )
const regionLists: readonly string[] =
  'ar de el es es_MX fa fi fr he hu id_ID it ja ka_GE ko mk ne nl pl pt_BR ro ru sk sv th tr uk ur vi zh_CN'.split(
    ' ',
  )
const administrative = /(?:특별자치시|특별자치도|특별시|광역시|[도都府県省市])$/

export function townNames(): string[] {
  const towns = named(townLists).flatMap(({ location }) => [...(location?.city_name ?? [])])
  const regions = named(regionLists).flatMap(({ location }) => [...(location?.state ?? [])])
  return [...towns, ...regions, ...[...towns, ...regions].map((name) => name.replace(administrative, ''))]
}

function named(names: readonly string[]): LocaleDefinition[] {
  return Object.entries(allLocales)
    .filter(([name]) => names.includes(name))
    .map(([, definition]) => definition)
}

/** Countries and territories in every language, as the Unicode repository spells them. */
export function countryNames(): string[] {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'.split('')
  const codes = letters.flatMap((first) => letters.map((second) => first + second))
  return languages.flatMap((language) => {
    const names = new Intl.DisplayNames(language, { type: 'region', fallback: 'none' })
    return codes.flatMap((code) => names.of(code) ?? [])
  })
}

/** The cities that time zones are named after: `America/New_York`. */
export function zoneCities(): string[] {
  return Intl.supportedValuesOf('timeZone')
    .filter((zone) => !zone.startsWith('Etc/'))
    .flatMap((zone) => zone.split('/').at(-1)?.replaceAll('_', ' ') ?? [])
}

function values(names: Partial<Record<string, readonly string[] | null>> | null | undefined): string[] {
  return Object.values(names ?? {}).flatMap((list) => [...(list ?? [])])
}
