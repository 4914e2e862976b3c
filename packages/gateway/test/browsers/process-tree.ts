/**
 * A process with all that it has started, as one thing that can be put to sleep.
 */
import { readdirSync, readFileSync } from 'node:fs'

/** Stops all of them, as the lid of a laptop does; returns what lets them go on. */
export function freeze(processId: number): () => void {
  const all = treeOf(processId)
  for (const id of all) signal(id, 'SIGSTOP')
  return () => {
    for (const id of all) signal(id, 'SIGCONT')
  }
}

function treeOf(root: number): number[] {
  const parents = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => [Number(name), parentOf(name)] as const)
  const childrenOf = (parent: number): number[] =>
    parents.filter(([, of]) => of === parent).flatMap(([id]) => [id, ...childrenOf(id)])
  return [root, ...childrenOf(root)]
}

function parentOf(id: string): number | null {
  try {
    return Number(/^.*\) \S+ (\d+)/s.exec(readFileSync(`/proc/${id}/stat`, 'utf8'))?.[1])
  } catch {
    return null
  }
}

function signal(id: number, name: NodeJS.Signals): void {
  try {
    process.kill(id, name)
  } catch {
    // It has ended meanwhile.
  }
}
