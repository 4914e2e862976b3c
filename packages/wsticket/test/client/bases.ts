/**
 * The WebSocket classes that a ticket WebSocket is tried upon.
 * @module
 */
import { WebSocket as WsWebSocket } from 'ws'
import type { BaseWebSocketConstructor } from '../../src/client/index.ts'

/** `ws`'s everywhere, and the runtime's own where it has one (Node from 22 on). */
export const bases: { name: string; WebSocket: BaseWebSocketConstructor }[] = [
  { name: "ws's class", WebSocket: WsWebSocket },
  ...(globalThis.WebSocket === undefined ? [] : [{ name: 'the global class', WebSocket: globalThis.WebSocket }]),
]
