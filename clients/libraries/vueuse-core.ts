import { effectScope, watch } from 'vue'
import type { Library } from '../library.ts'
import { connect, install } from '../recipes/vueuse-core.ts'
import { serveEcho } from '../serving.ts'

export const vueuse: Library = {
  name: '@vueuse/core',
  injection: 'none: `installTicketWebSocket`',
  serve: serveEcho,
  connect({ host, tickets }) {
    const url = `ws://${host}/ws`
    const uninstall = install(url, tickets)
    const scope = effectScope()
    const { data, send, close } = scope.run(() => connect(url)) as ReturnType<typeof connect>
    let count = 0
    return {
      exchange: () =>
        new Promise((resolve) => {
          watch(data, resolve, { once: true })
          send(`echo ${count++}`)
        }),
      close() {
        close()
        scope.stop()
        uninstall()
      },
    }
  },
}
