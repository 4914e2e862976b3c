/**
 * The playground: wires the steps of the page to each other.
 * @module
 */
import { openAuditFeed } from './audit-feed.ts'
import { mountAuditView } from './audit-view.ts'
import { mountChat } from './chat.ts'
import { createCheatCard } from './cheat-card.ts'
import { cheats } from './cheats.ts'
import { mountConnection } from './connection.ts'
import { find } from './dom.ts'
import { mountSignIn } from './sign-in.ts'

const feed = openAuditFeed()
mountAuditView(feed)

const connection = mountConnection(mountChat())

const cards = cheats.map(createCheatCard)
find('cheats', HTMLElement).replaceChildren(...cards.map(({ card }) => card))

mountSignIn((session) => {
  connection.use(session)
  for (const card of cards) card.enable(() => ({ session, feed }))
})
