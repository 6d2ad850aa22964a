import { EventEmitter } from 'node:events';
import { IncomingMessage, type Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** A connection that goes nowhere. */
export class FakeSocket extends EventEmitter {
  bytesRead = 0;
  bytesWritten = 0;
  isDestroyed = false;

  destroy(): void {
    if (this.isDestroyed) return;
    this.isDestroyed = true;
    this.emit('close');
  }
}

/** A server as a shutdown sees it, whose connections the test makes. */
export class FakeServer extends EventEmitter {
  listening = true;
  readonly calls: string[] = [];
  readonly sockets = new Set<FakeSocket>();
  #onClosed: ((error?: Error) => void) | undefined;

  asServer(): Server {
    return this as unknown as Server;
  }

  connect(): FakeSocket {
    const socket = new FakeSocket();
    this.sockets.add(socket);
    socket.once('close', () => {
      this.sockets.delete(socket);
      if (!this.listening && this.sockets.size === 0) this.#onClosed?.();
    });
    this.emit('connection', socket);
    return socket;
  }

  ask(socket: FakeSocket): ServerResponse {
    const req = new IncomingMessage(socket as unknown as Socket);
    const res = new ServerResponse(req);
    this.emit('request', req, res);
    return res;
  }

  close(callback: (error?: Error) => void): void {
    this.calls.push('close');
    if (!this.listening) {
      callback(new Error('the server is not running'));
      return;
    }
    this.listening = false;
    this.#onClosed = callback;
    if (this.sockets.size === 0) callback();
  }

  closeIdleConnections(): void {
    this.calls.push('closeIdleConnections');
  }

  closeAllConnections(): void {
    this.calls.push('closeAllConnections');
  }

  getConnections(callback: (error: Error | null, count: number) => void): void {
    callback(null, this.sockets.size);
  }
}
