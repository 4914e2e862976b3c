/**
 * Every library of the matrix, in the order of the document.
 * @module
 */

import { centrifuge } from './libraries/centrifuge.ts'
import { convex } from './libraries/convex.ts'
import { graphqlWs } from './libraries/graphql-ws.ts'
import { hocuspocus } from './libraries/hocuspocus-provider.ts'
import { signalr } from './libraries/microsoft-signalr.ts'
import { mqtt } from './libraries/mqtt.ts'
import { partysocket } from './libraries/partysocket.ts'
import { phoenix } from './libraries/phoenix.ts'
import { pusherJs } from './libraries/pusher-js.ts'
import { actioncable } from './libraries/rails-actioncable.ts'
import { reactUseWebSocket } from './libraries/react-use-websocket.ts'
import { reconnectingWebSocket } from './libraries/reconnecting-websocket.ts'
import { rxjs } from './libraries/rxjs.ts'
import { socketIoClient } from './libraries/socket.io-client.ts'
import { stompjs } from './libraries/stomp-stompjs.ts'
import { sturdyWebSocket } from './libraries/sturdy-websocket.ts'
import { supabaseRealtime } from './libraries/supabase-realtime-js.ts'
import { trpc } from './libraries/trpc-client.ts'
import { vueuse } from './libraries/vueuse-core.ts'
import { websocketTs } from './libraries/websocket-ts.ts'
import { yWebSocket } from './libraries/y-websocket.ts'

export const libraries = [
  graphqlWs,
  trpc,
  socketIoClient,
  signalr,
  yWebSocket,
  hocuspocus,
  mqtt,
  rxjs,
  supabaseRealtime,
  reactUseWebSocket,
  vueuse,
  partysocket,
  reconnectingWebSocket,
  stompjs,
  phoenix,
  actioncable,
  pusherJs,
  centrifuge,
  convex,
  sturdyWebSocket,
  websocketTs,
]
