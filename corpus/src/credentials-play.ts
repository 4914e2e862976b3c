/**
 * Asks a server for tickets with every token of the class, and says where its answer is not the one that is due.
 * @module
 */
import { type CredentialCase, forgedCredentials } from './classes/forged-credentials.ts'
import { exchange, statusOf } from './exchange.ts'
import { requestOf } from './handshake-case.ts'

/** Plays every case against `POST /tickets` on a port. Returns one line for each expectation that was not met. */
export async function complaintsOfCredentials(port: number): Promise<readonly string[]> {
  const complaints: string[] = []
  const refusals = new Set<string>()
  for (const one of forgedCredentials.cases) {
    const text = await answerTo(port, one)
    const wrong = complaintOf(one, text)
    if (wrong !== null) complaints.push(`${one.name}: ${wrong}`)
    if (statusOf(text) === 401) refusals.add(withoutDate(text))
  }
  if (refusals.size !== 1) complaints.push(`${refusals.size} answers refuse, and can be told apart`)
  return complaints
}

async function answerTo(port: number, { token }: CredentialCase): Promise<string> {
  const lines = ['Host: ws.example', 'Content-Length: 0', `Authorization: Bearer ${token}`]
  const { text } = await exchange(port, requestOf('POST /tickets HTTP/1.1', lines))
  return text
}

function complaintOf({ token, verdict }: CredentialCase, text: string): string | null {
  const status = statusOf(text)
  if (token.length > 20 && text.includes(token)) return 'the answer repeats the token'
  if (verdict === 'accepted') return status === 201 && text.includes('"wst_') ? null : `status ${status}, and no ticket`
  if (text.includes('wst_')) return 'has a ticket'
  // What does not fit into a head is refused before anybody reads it.
  return status === 401 || (status === 431 && token.length > 8000) ? null : `status ${status}`
}

function withoutDate(text: string): string {
  return text.replace(/^date: .*\r\n/im, '')
}
