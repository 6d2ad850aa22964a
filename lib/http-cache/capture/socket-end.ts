import type { Socket } from 'node:net';

const waiting = new WeakMap<Socket, Set<() => void>>();

/**
 * Calls `before` when a connection is about to be destroyed, as Express does after an error in a handler that has answered.
 * The returned function ends it.
 */
export function beforeDestroy(socket: Socket | null | undefined, before: () => void): () => void {
  if (socket === undefined || socket === null) return () => {};
  const all = waiting.get(socket) ?? install(socket);
  all.add(before);
  return () => void all.delete(before);
}

/** The method stays in place for the life of the connection. */
function install(socket: Socket): Set<() => void> {
  const all = new Set<() => void>();
  waiting.set(socket, all);
  const { destroy } = socket;
  socket.destroy = function destroyAfterAnswers(this: Socket, error?: Error): Socket {
    const each = [...all];
    all.clear();
    for (const before of each) before();
    return Reflect.apply(destroy, this, [error]);
  };
  return all;
}
