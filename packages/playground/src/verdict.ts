/**
 * What came of a cheat, in a word.
 * @module
 */
import { publicCodeOf } from './api.ts'
import type { Cheat, CheatReport } from './cheats.ts'
import { element } from './dom.ts'
import { type IconName, icon } from './icons.ts'

/** `unclear`: refused, but not with the answer that it should have got, or not by that stage. */
export type Verdict = 'refused' | 'admitted' | 'unclear'

const badges: { readonly [verdict in Verdict | 'welcome']: { readonly label: string; readonly icon: IconName } } = {
  refused: { label: 'Refused', icon: 'refused' },
  admitted: { label: 'Admitted', icon: 'alarm' },
  welcome: { label: 'Admitted', icon: 'admitted' },
  unclear: { label: 'Unclear', icon: 'alarm' },
}

/** Judges a report by what the cheat expects. */
export function judge({ expected }: Cheat, { stages }: CheatReport): Verdict {
  if (stages.some(({ admitted, shouldBe }) => admitted && shouldBe === 'refused')) return 'admitted'
  const asPlanned = stages.every(({ admitted, shouldBe }) => admitted === (shouldBe === 'admitted'))
  const last = stages.at(-1)?.exchange
  const asExpected = last?.status === expected.status && publicCodeOf(last) === expected.publicCode
  return asPlanned && asExpected ? 'refused' : 'unclear'
}

/** The sentence beside the badge. */
export function describeVerdict(verdict: Verdict, { stages }: CheatReport): string {
  const last = stages.at(-1)?.exchange
  const answer = last === undefined ? '' : `${last.status} ${publicCodeOf(last) ?? ''}`.trim()
  if (verdict === 'refused') return `with ${answer}, as it must be.`
  if (verdict === 'admitted') return `with ${answer}. This must never happen: the defence is broken.`
  return `The answer was ${answer}: not what was expected.`
}

/** A badge. `welcome` is an admission that is as it should be. */
export function createBadge(verdict: Verdict | 'welcome'): HTMLElement {
  const badge = badges[verdict]
  return element('span', { class: 'badge', 'data-verdict': verdict }, icon(badge.icon), badge.label)
}
