import type { Socket } from 'node:net';
import { inherited } from './inherited.js';

/** What a connection knows of its visitor: the address, the certificate, and which door it came through. */
const NAMES: readonly string[] =
  `address alpnProtocol authorizationError authorized exportKeyingMaterial getCipher getFinished getPeerCertificate
  getPeerFinished getPeerX509Certificate getProtocol getSession getTLSTicket localAddress localFamily localPort remoteAddress
  remoteFamily remotePort servername`.split(/\s+/);

type Note = (name: string) => void;

const watched = new WeakMap<Socket, Set<Note>>();

/**
 * Tells of reads of a connection until the returned function is called. Several requests of one connection may be in flight: a
 * client need not wait for an answer before it sends the next request. A read then counts for each of them.
 */
export function watchSocket(socket: Socket | undefined, note: Note): () => void {
  if (socket === undefined) return () => {};
  const notes = watched.get(socket) ?? install(socket);
  notes.add(note);
  return () => void notes.delete(note);
}

/** The properties stay in place for the life of the connection. */
function install(socket: Socket): Set<Note> {
  const notes = new Set<Note>();
  watched.set(socket, notes);
  for (const name of NAMES) {
    const there = inherited(socket, name);
    if (
      there === undefined ||
      Object.getOwnPropertyDescriptor(socket, name)?.configurable === false
    )
      continue;
    const as = name.startsWith('remote') ? '.ip' : `.socket.${name}`;
    let { value } = there;
    Object.defineProperty(socket, name, {
      configurable: true,
      enumerable: true,
      get: () => {
        for (const note of notes) note(as);
        return there.get === undefined ? value : Reflect.apply(there.get, socket, []);
      },
      set: (given: unknown) => {
        if (there.set === undefined) value = given;
        else Reflect.apply(there.set, socket, [given]);
      },
    });
  }
  return notes;
}
