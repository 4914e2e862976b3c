/**
 * Somebody with a browser tab on the playground, and a witness of everything that the tab lets out.
 */
import type { Locator, Page, Request } from 'playwright-core'

export interface Visitor {
  readonly page: Page
  /** What the console, the page and its security policy complained about. Holds no secret. */
  readonly complaints: readonly string[]
  /** How many tickets and tokens have been seen on the network so far. */
  secretsSeen(): Promise<number>
  /** Where a ticket or a token was found that should have been nowhere. */
  leaks(): Promise<readonly string[]>
  signIn(): Promise<void>
  connect(): Promise<void>
  say(text: string): Promise<void>
  /** The card of a cheat, by its title. */
  cheat(title: string): Locator
  /** Clicks the button of a cheat, and waits for the verdict. */
  tryCheat(title: string): Promise<Locator>
}

/** What was let out of a tab. */
interface Observed {
  readonly complaints: string[]
  readonly consoleTexts: string[]
  readonly urls: string[]
  readonly reading: Promise<void>[]
  readonly secrets: Set<string>
}

// Shorter than a test's, so that it is told what was waited for.
const timeoutMs = 30_000

const secretForm = /ws[tk]_[\w-]{9,}|eyJ[\w-]+\.[\w-]+\.[\w-]+/g

/** Watches a tab that has nothing in it yet, and goes to the playground. */
export async function follow(page: Page, url: string): Promise<Visitor> {
  const observed: Observed = { complaints: [], consoleTexts: [], urls: [], reading: [], secrets: new Set() }
  observe(page, observed)
  page.setDefaultTimeout(timeoutMs)
  await page.addInitScript(watchDocument)
  await page.goto(url)
  await page.locator('#feed-state[data-state="live"]').waitFor()
  return createVisitor(page, observed)
}

function observe(page: Page, { complaints, consoleTexts, urls, reading, secrets }: Observed): void {
  page.on('console', (message) => {
    consoleTexts.push(message.text())
    if (message.type() === 'error' || message.type() === 'warning') {
      complaints.push(mask(`${message.text()} ${new URL(message.location().url || 'about:blank').pathname}`))
    }
  })
  page.on('pageerror', (error) => complaints.push(mask(error.message)))
  page.on('websocket', (socket) => urls.push(socket.url()))
  page.on('request', (request) => urls.push(request.url()))
  page.on('framenavigated', (frame) => urls.push(frame.url()))
  page.on('requestfinished', (request) => void reading.push(readSecret(request, secrets)))
}

async function readSecret(request: Request, secrets: Set<string>): Promise<void> {
  if (!/\/(?:tickets|dev\/token)$/.test(request.url())) return
  try {
    const answer: unknown = await (await request.response())?.json()
    const { ticket, access_token: token } = (answer ?? {}) as { ticket?: string; access_token?: string }
    if (ticket !== undefined) secrets.add(ticket)
    if (token !== undefined) secrets.add(token)
  } catch {
    // The tab has been closed meanwhile.
  }
}

function createVisitor(page: Page, observed: Observed): Visitor {
  const cheat = (title: string) => page.getByRole('article', { name: title })
  return {
    page,
    complaints: observed.complaints,
    async secretsSeen() {
      await Promise.all(observed.reading)
      return observed.secrets.size
    },
    leaks: () => findLeaks(page, observed),
    async signIn() {
      await page.getByRole('button', { name: /^Sign in/ }).click()
      await page.getByText('Signed in as').waitFor()
      // The words may be those of the time before; a token that is not over is shown at the same moment.
      await page.locator('.remaining:not(.is-over)').waitFor()
    },
    async connect() {
      await page.getByRole('button', { name: 'Connect', exact: true }).click()
      await page.getByText('Connected as').waitFor()
    },
    async say(text) {
      await page.getByLabel('Message', { exact: true }).fill(text)
      await page.getByRole('button', { name: 'Send' }).click()
    },
    cheat,
    async tryCheat(title) {
      await cheat(title).getByRole('button').click()
      await cheat(title).locator('.verdict .badge').waitFor()
      return cheat(title)
    },
  }
}

async function findLeaks(page: Page, { consoleTexts, urls, reading, secrets }: Observed): Promise<string[]> {
  await Promise.all(reading)
  const { everSeen, ...now } = await page.evaluate(readDocument)
  const places = { ...now, console: consoleTexts.join('\n'), urls: urls.join('\n') }
  const tails = [...secrets].flatMap(tailsOf)
  const found = Object.entries(places).filter(([, text]) => tails.some((tail) => text.includes(tail)))
  return [...found.map(([place]) => place), ...(everSeen ? ['the document, at some moment'] : [])]
}

/** What makes a secret one: all but the beginning of a ticket, the claims and the signature of a token. */
function tailsOf(secret: string): string[] {
  if (secret.startsWith('wst_')) return [secret.slice(12)]
  const [, claims = '', signature = ''] = secret.split('.')
  return [claims.slice(8), signature.slice(8)]
}

function mask(text: string): string {
  return text.replace(secretForm, '(secret)')
}

/** Runs in the tab before anything else: remembers whether a secret ever stood in the document. */
function watchDocument(): void {
  const form = /ws[tk]_[\w-]{9,}|eyJ[\w-]+\.[\w-]+\.[\w-]+/
  const look = (): void => {
    if (form.test(document.documentElement?.outerHTML ?? '')) Object.assign(globalThis, { secretEverSeen: true })
  }
  new MutationObserver(look).observe(document, {
    subtree: true,
    childList: true,
    characterData: true,
    attributes: true,
  })
}

/** Runs in the tab: everything that outlives a function call there. */
function readDocument() {
  return {
    html: document.documentElement.outerHTML,
    fields: Array.from(document.querySelectorAll('input'), ({ value }) => value).join('\n'),
    storage: JSON.stringify([localStorage, sessionStorage, document.cookie, window.name, history.state]),
    address: location.href,
    everSeen: 'secretEverSeen' in globalThis,
  }
}
