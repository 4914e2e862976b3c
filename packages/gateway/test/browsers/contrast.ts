/**
 * Measures the contrast of texts (WCAG 2.2 success criterion 1.4.3).
 */

/** Runs in the tab: the visible texts that are too faint, each with its ratio. What is disabled is exempt. */
export function findFaintTexts(): string[] {
  type Colour = readonly [red: number, green: number, blue: number, alpha: number]

  function parse(text: string): Colour {
    const [red = 0, green = 0, blue = 0, alpha = 1] = (text.match(/[\d.]+/g) ?? []).map(Number)
    return [red, green, blue, alpha]
  }

  function backgroundOf(element: Element | null): Colour {
    if (element === null) return [255, 255, 255, 1]
    const colour = parse(getComputedStyle(element).backgroundColor)
    if (colour[3] !== 0 && colour[3] !== 1) throw new Error('a translucent background is not reckoned with')
    return colour[3] === 1 ? colour : backgroundOf(element.parentElement)
  }

  function luminance(colour: Colour): number {
    const [red = 0, green = 0, blue = 0] = colour.slice(0, 3).map((channel) => {
      const value = channel / 255
      return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
    })
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
  }

  function ratio(one: Colour, other: Colour): number {
    const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b)
    return (light + 0.05) / (dark + 0.05)
  }

  function isFaint(element: Element): string | null {
    const { color, fontSize, fontWeight } = getComputedStyle(element)
    const size = Number.parseFloat(fontSize)
    const isLarge = size >= 24 || (size >= 18.66 && Number(fontWeight) >= 700)
    const measured = ratio(parse(color), backgroundOf(element))
    return measured >= (isLarge ? 3 : 4.5) ? null : `${element.className || element.tagName} ${measured.toFixed(2)}`
  }

  const withText = Array.from(document.querySelectorAll('body *')).filter((element) => {
    const hasText = Array.from(element.childNodes).some(
      ({ nodeType, nodeValue }) => nodeType === 3 && nodeValue?.trim(),
    )
    const exempt = element.closest(':disabled, noscript, .visually-hidden') !== null
    return hasText && !exempt && element.checkVisibility()
  })
  return withText.map(isFaint).filter((finding) => finding !== null)
}
