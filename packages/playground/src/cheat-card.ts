/**
 * A cheat on the page: what it is, a button, and what came of it.
 * @module
 */
import { publicCodeOf } from './api.ts'
import type { Cheat, CheatReport, CheatTools, Stage } from './cheats.ts'
import { countDown } from './countdown.ts'
import { element } from './dom.ts'
import { explanations, wireNote } from './explanations.ts'
import { icon } from './icons.ts'
import { createTranscript } from './transcript.ts'
import { describeError } from './trouble.ts'
import { createBadge, describeVerdict, judge } from './verdict.ts'

/** A card, and how to make it work. */
export interface CheatCard {
  readonly card: HTMLElement
  /** From now on the button does something. */
  enable(tools: () => Omit<CheatTools, 'wait'>): void
}

interface Places {
  readonly button: HTMLButtonElement
  /** A live region: a sentence, no more. */
  readonly verdict: HTMLElement
  readonly outcome: HTMLElement
}

/** Creates the card of a cheat. */
export function createCheatCard(cheat: Cheat): CheatCard {
  const places: Places = {
    button: element('button', { type: 'button', disabled: true }, cheat.action),
    verdict: element('p', { class: 'verdict', role: 'status' }),
    outcome: element('div', { class: 'outcome' }),
  }
  const card = drawCard(cheat, places)
  return {
    card,
    enable(tools) {
      places.button.disabled = false
      // Assigned, not added: signing in again replaces the tools.
      places.button.onclick = () => void tryOut(cheat, places, tools())
    },
  }
}

function drawCard(cheat: Cheat, { button, verdict, outcome }: Places): HTMLElement {
  const { id, title, idea, expected } = cheat
  const heading = `cheat-${id}`
  return element(
    'article',
    { class: 'cheat', 'aria-labelledby': heading },
    element('span', { class: 'cheat-icon' }, icon(cheat.icon)),
    element(
      'div',
      { class: 'cheat-text' },
      element('h3', { id: heading }, title),
      element('p', {}, idea),
      element(
        'p',
        { class: 'cheat-expected' },
        'Expected: refused, ',
        element('code', {}, `${expected.status} ${expected.publicCode}`),
      ),
    ),
    button,
    verdict,
    outcome,
  )
}

async function tryOut(
  cheat: Cheat,
  { button, verdict, outcome }: Places,
  tools: Omit<CheatTools, 'wait'>,
): Promise<void> {
  // Not `disabled`, which would take the keyboard's focus away.
  if (button.getAttribute('aria-disabled') === 'true') return
  button.setAttribute('aria-disabled', 'true')
  verdict.replaceChildren('Trying…')
  outcome.replaceChildren()
  try {
    const report = await cheat.run({ ...tools, wait: (seconds) => countDown(outcome, seconds) })
    const judged = judge(cheat, report)
    verdict.replaceChildren(createBadge(judged), ' ', describeVerdict(judged, report))
    outcome.replaceChildren(drawReport(cheat, report))
  } catch (error) {
    outcome.replaceChildren()
    verdict.replaceChildren(element('span', { class: 'trouble' }, describeError(error)))
  } finally {
    button.removeAttribute('aria-disabled')
  }
}

function drawReport(cheat: Cheat, report: CheatReport): HTMLElement {
  const summary = element('summary', {}, 'Sent, received, and why')
  const preparation = element('p', { class: 'preparation' }, report.preparation)
  const titled = report.stages.length > 1
  const stages = report.stages.map((stage) => drawStage(stage, { titled, decisive: cheat.decisive }))
  return element('details', { open: true }, summary, preparation, ...stages, drawReasons(cheat, report))
}

interface StageStyle {
  /** Whether there are several, to be told apart. */
  readonly titled: boolean
  readonly decisive: RegExp | undefined
}

function drawStage({ title, exchange, admitted, shouldBe }: Stage, { titled, decisive }: StageStyle): HTMLElement {
  const asPlanned = admitted === (shouldBe === 'admitted')
  const verdict = admitted ? (asPlanned ? 'welcome' : 'admitted') : asPlanned ? 'refused' : 'unclear'
  return element(
    'section',
    { class: 'stage' },
    ...(titled ? [element('h4', {}, `${title} `, createBadge(verdict))] : []),
    element(
      'div',
      { class: 'exchange' },
      createTranscript('Sent', exchange.sent, decisive),
      createTranscript('Received', exchange.received),
    ),
  )
}

function drawReasons({ hoped }: Cheat, { stages, code }: CheatReport): HTMLElement {
  const last = stages.at(-1)
  const publicCode = last === undefined ? null : publicCodeOf(last.exchange)
  const unexplained = last?.admitted === true ? 'No reason to refuse it.' : 'It has not said in time.'
  const audit = code === null ? [unexplained] : [codeChip(code), ' ', explanations[code]]
  const wire = publicCode === null ? ['No reason at all.'] : [codeChip(publicCode), ' ', wireNote(publicCode)]
  return element(
    'dl',
    { class: 'why' },
    ...reason('The cheat hoped', hoped),
    ...reason('The audit knows', ...audit),
    ...reason('The wire says only', ...wire),
  )
}

function reason(name: string, ...words: (string | Node)[]): HTMLElement[] {
  return [element('dt', {}, name), element('dd', {}, ...words)]
}

function codeChip(code: string): HTMLElement {
  return element('code', { class: 'code' }, code)
}
