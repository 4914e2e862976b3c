/**
 * The parameters in the query of a request-target: read decoded, and taken out so that the others stay as they are spelled.
 * @module
 */

const none: readonly string[] = []

/** The constructor of URLSearchParams drops one leading `?`, which no server behind us does: it is part of the name. */
export function parametersOf(query: string): URLSearchParams {
  return new URLSearchParams(`&${query}`)
}

/** The values of a parameter, in order. */
export function valuesOf(name: string, target: string): readonly string[] {
  const mark = target.indexOf('?')
  return mark < 0 ? none : parametersOf(target.slice(mark + 1)).getAll(name)
}

/** @param isOut of a name and a value as they are spelled, such as `ticket=x` */
export function withoutParameters(isOut: (pair: string) => boolean, target: string): string {
  const mark = target.indexOf('?')
  if (mark < 0) return target
  const kept = target
    .slice(mark + 1)
    .split('&')
    .filter((pair) => !isOut(pair))
  return kept.length === 0 ? target.slice(0, mark) : `${target.slice(0, mark)}?${kept.join('&')}`
}
