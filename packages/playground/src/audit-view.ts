/**
 * The live view of the audit: newest first, bounded, can be held still.
 * @module
 */
import type { AuditFeed, FeedState, GatewayEvent } from './audit-feed.ts'
import { createAuditRow } from './audit-row.ts'
import { find } from './dom.ts'

const mostRows = 200
const stateNames: { readonly [state in FeedState]: string } = {
  connecting: 'Connecting',
  live: 'Live',
  lost: 'Connection lost, trying again',
  refused: 'No events: reload the page',
}

/** Shows a feed. */
export function mountAuditView(feed: AuditFeed): void {
  const rows = find('events', HTMLElement)
  const pause = find('pause', HTMLButtonElement)
  let feedState: FeedState = 'connecting'
  let waiting: GatewayEvent[] | null = null

  function showState(): void {
    const place = find('feed-state', HTMLElement)
    place.dataset.state = waiting === null || feedState !== 'live' ? feedState : 'paused'
    place.textContent = place.dataset.state === 'paused' ? 'Paused' : stateNames[feedState]
    pause.textContent = waiting === null ? 'Pause' : `Resume (${waiting.length} waiting)`
  }

  function add(event: GatewayEvent): void {
    rows.prepend(createAuditRow(event))
    while (rows.childElementCount > mostRows) rows.lastElementChild?.remove()
    showEmptiness(rows)
  }

  pause.addEventListener('click', () => {
    const held = waiting
    waiting = held === null ? [] : null
    for (const event of held ?? []) add(event)
    showState()
  })
  find('clear', HTMLButtonElement).addEventListener('click', () => {
    rows.replaceChildren()
    if (waiting !== null) waiting = []
    showEmptiness(rows)
    showState()
  })
  feed.listen({
    state(state) {
      feedState = state
      showState()
    },
    event(event) {
      if (waiting === null) return add(event)
      waiting = [...waiting, event].slice(-mostRows)
      showState()
    },
  })
}

function showEmptiness(rows: HTMLElement): void {
  find('no-events', HTMLElement).hidden = rows.childElementCount > 0
}
