import type { Library } from '../library.ts'
import { connect } from '../recipes/microsoft-signalr.ts'
import { answerMessages } from '../serving.ts'

export const signalr: Library = {
  name: '@microsoft/signalr',
  injection: '`WebSocket` of `withUrl`',
  notes: ['It comes back by itself, but `start()` is tried once: whoever calls it tries it again.'],
  serve: answerMessages(answerOfHub),
  connect({ host, tickets }) {
    const { connection, stop } = connect(`http://${host}/hub`, tickets)
    return { exchange: () => connection.invoke('Question'), close: stop }
  },
}

// https://github.com/dotnet/aspnetcore/blob/main/src/SignalR/docs/specs/HubProtocol.md
const recordSeparator = '\x1e'

function answerOfHub(message: string, send: (answer: string) => void): void {
  for (const record of message.split(recordSeparator).slice(0, -1)) {
    const { protocol, type, invocationId } = JSON.parse(record)
    if (protocol !== undefined) send(`{}${recordSeparator}`)
    if (type === 1) send(`${JSON.stringify({ type: 3, invocationId, result: 2 })}${recordSeparator}`)
  }
}
