import { WebSocket } from 'ws';
import type { Connection } from './connection.ts';
import type { SocketGateway } from './socket-gateway.ts';

/**
 * The WebSocket that the server makes of an upgrade. Once `takeOver` has given it a connection, what it emits
 * goes to the gateway directly, past the emitter's table of listeners: with four listeners that table alone is
 * 256 bytes of every socket (docs/benchmarks.md).
 */
export class GatewayWebSocket extends WebSocket {
  #gateway: SocketGateway | undefined;
  #connection: Connection | undefined;

  /** From now on nothing else hears what this socket emits. */
  takeOver(gateway: SocketGateway, connection: Connection): void {
    this.#gateway = gateway;
    this.#connection = connection;
  }

  override emit(event: string | symbol, ...args: unknown[]): boolean {
    const [gateway, connection] = [this.#gateway, this.#connection];
    if (gateway === undefined || connection === undefined) return super.emit(event, ...args);
    const [first, second] = args;
    switch (event) {
      case 'message':
        // With its default binary type, `ws` hands over one buffer.
        if (Buffer.isBuffer(first)) gateway.received(connection, first, second === true);
        return true;
      case 'ping':
        if (Buffer.isBuffer(first)) gateway.pinged(connection, first);
        return true;
      case 'pong':
        gateway.heard(connection);
        return true;
      case 'close':
        gateway.lost(connection);
        return true;
      case 'error':
        gateway.failed(first);
        return true;
      default:
        return false;
    }
  }
}
