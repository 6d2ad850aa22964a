// Loaded before a program of the documents: gives it the names it uses, and lets it listen on a free
// loopback port, whatever port it asks for, telling the test which.
import { type AddressInfo, Server } from 'node:net';
import * as names from './stubs/names.js';

// A program that is shown to be pasted has all that it needs.
if (process.env.DOCS_WITHOUT_NAMES === undefined) Object.assign(globalThis, names);

const listen = Server.prototype.listen as (this: Server, ...args: unknown[]) => Server;

function listenAnywhere(this: Server, ...args: unknown[]): Server {
  this.once('listening', () => process.send?.({ port: (this.address() as AddressInfo).port }));
  const callback = args.find((arg) => typeof arg === 'function');
  return listen.call(this, 0, '127.0.0.1', callback);
}

Server.prototype.listen = listenAnywhere as typeof Server.prototype.listen;
