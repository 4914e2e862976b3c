/**
 * Icons, drawn as strokes on a 24 by 24 grid. They repeat what the text beside them says, and are hidden from readers.
 * @module
 */

const paths = {
  ticket: 'M3 7h18v3a2 2 0 0 0 0 4v3H3v-3a2 2 0 0 0 0-4zM14 8v2M14 11.5v2M14 15v1.5',
  admitted: 'M4 12.5 9.5 18 20 6.5',
  refused: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM5.8 5.8l12.4 12.4',
  key: 'M8 11a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM11 12l9-8M16.5 7.5l3 3',
  keyRefused: 'M8 12a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM11 13l3.5-3M14 3l7 7M21 3l-7 7',
  alarm: 'M12 3 2 21h20zM12 9.5v5M12 17.6v.4',
  twice: 'M8 8h12v12H8zM16 8V4H4v12h4',
  clock: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 7v5l3.5 2.5',
  signpost: 'M12 3v18M12 5h6l3 2.5-3 2.5h-6M12 12H6l-3 2.5L6 17h6',
  globe: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM3 12h18M12 3c-5 5-5 13 0 18M12 3c5 5 5 13 0 18',
  pin: 'M12 21c-5-5.5-7-8.5-7-11a7 7 0 0 1 14 0c0 2.5-2 5.5-7 11zM12 7.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5z',
  pen: 'M4 20l1-4L16 5l3 3L8 19zM14 7l3 3M13 20h7',
} as const

/** The icons that there are. */
export type IconName = keyof typeof paths

const svg = 'http://www.w3.org/2000/svg'

/** Draws an icon in the colour of the text around it. */
export function icon(name: IconName): SVGSVGElement {
  const drawing = document.createElementNS(svg, 'svg')
  drawing.setAttribute('class', 'icon')
  drawing.setAttribute('viewBox', '0 0 24 24')
  drawing.setAttribute('aria-hidden', 'true')
  const path = document.createElementNS(svg, 'path')
  path.setAttribute('d', paths[name])
  drawing.append(path)
  return drawing
}
