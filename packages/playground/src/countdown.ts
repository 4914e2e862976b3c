/**
 * Lets time pass, visibly.
 * @module
 */
import { element } from './dom.ts'

const tickMs = 100

/** Shows a countdown in its place until it is over, then takes it away. */
export function countDown(place: HTMLElement, seconds: number): Promise<void> {
  const bar = element('progress', {
    max: String(seconds),
    value: '0',
    'aria-label': 'Waiting for the ticket to expire',
  })
  const left = element('span', {}, `${seconds.toFixed(1)} s`)
  place.replaceChildren(element('div', { class: 'countdown', role: 'timer' }, 'The ticket ages: ', bar, left))
  const startedAt = performance.now()
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      const passed = (performance.now() - startedAt) / 1000
      bar.value = passed
      left.textContent = `${Math.max(0, seconds - passed).toFixed(1)} s`
      if (passed < seconds) return
      clearInterval(timer)
      place.replaceChildren()
      resolve()
    }, tickMs)
  })
}
