import { expect } from 'chai';
import { makeClient } from '../../../lib/redis/connection/client.js';

describe('clients of node-redis', () => {
  const classOf = (...made: Parameters<typeof makeClient>): unknown =>
    Object.getPrototypeOf(makeClient(...made)).constructor;

  it('have one class, wherever they connect to, because to build one holds up the event loop', () => {
    const first = classOf({ url: 'redis://127.0.0.1:1' });
    expect(classOf({ socket: { host: 'b', port: 2 }, database: 3 })).to.equal(first);
    expect(classOf({ username: 'app', password: 'x' }, 'messages')).to.equal(first);
    expect(classOf({ RESP: 2 } as never)).to.equal(first);
    expect(classOf({ url: 'redis://127.0.0.1:1' }, 'HELLO')).to.equal(first);
  });

  it('have no methods for the commands of Redis, which cost time to build', () => {
    const client = makeClient({}) as object;
    expect(client).to.respondTo('sendCommand');
    for (const method of ['get', 'hGetAll', 'ping']) expect(client).to.not.have.property(method);
  });
});
