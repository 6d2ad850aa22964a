import { expect } from 'chai';
import { classify } from '../../lib/redis/failure.js';
import type { ScriptedClient } from '../../lib/testing/scripted-client.js';
import { type Schedule, ScriptedNetwork } from '../../lib/testing/scripted-network.js';
import { ScriptedRedis } from '../../lib/testing/scripted-redis/scripted-redis.js';

/** Events that wait until the test lets one happen. */
class Queue {
  readonly events: { readonly label: string; readonly then: () => void }[] = [];

  readonly schedule: Schedule = (label, then) => void this.events.push({ label, then });

  get labels(): string[] {
    return this.events.map(({ label }) => label);
  }

  /** Lets the first event happen whose label fits. */
  async happen(label: RegExp): Promise<void> {
    const index = this.events.findIndex((event) => label.test(event.label));
    expect(index, `${label} among ${this.labels}`).to.not.equal(-1);
    this.events.splice(index, 1)[0]?.then();
    await settle();
  }

  async all(): Promise<void> {
    while (this.events.length > 0) await this.happen(/./);
  }
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** What has become of a promise so far. */
function watched<T>(promise: Promise<T>): { now: unknown } {
  const state: { now: unknown } = { now: 'pending' };
  promise.then(
    (value) => {
      state.now = value;
    },
    (error: Error) => {
      state.now = reasonOf(error);
    },
  );
  return state;
}

function reasonOf(error: unknown): string {
  return `failed: ${classify(error).reason}`;
}

describe('the scripted network', () => {
  let redis: ScriptedRedis;
  let network: ScriptedNetwork;
  let heard: string[];

  beforeEach(() => {
    redis = new ScriptedRedis(() => 0);
    network = new ScriptedNetwork('A', redis);
    heard = [];
  });

  async function connected(on: ScriptedNetwork = network): Promise<ScriptedClient> {
    const client = on.createClient();
    for (const event of ['error', 'end', 'connect', 'ready']) {
      client.on(event, (error) => heard.push(error === undefined ? event : reasonOf(error)));
    }
    await client.connect();
    return client;
  }

  describe('at once', () => {
    it('connects, and brings commands and replies', async () => {
      const client = await connected();
      expect([client.isOpen, client.isReady, network.connections]).to.deep.equal([true, true, 1]);
      expect(heard).to.deep.equal(['connect', 'ready']);
      const replies = await Promise.all([
        client.sendCommand(['SET', 'é', Buffer.from('1')]),
        client.sendCommand(['GET', 'é']),
        client.sendCommand(['MGET', 'é', 'x']),
      ]);
      expect(replies).to.deep.equal(['OK', '1', ['1', null]]);
    });

    it('rejects with error replies that are known as such', async () => {
      const client = await connected();
      redis.refuse('OOM');
      const set = watched(client.sendCommand(['SET', 'key', 'x']));
      const odd = watched(client.sendCommand(['odd']));
      await settle();
      expect([set.now, odd.now]).to.deep.equal(['failed: out_of_memory', 'failed: permission']);
      expect(client.isReady).to.equal(true);
    });

    it('needs no timer and no turn of the event loop', async () => {
      const client = network.createClient();
      let isDone = false;
      void client
        .connect()
        .then(() => client.sendCommand(['PING']))
        .then(() => {
          isDone = true;
        });
      for (let i = 0; i < 50 && !isDone; i++) await Promise.resolve();
      expect(isDone).to.equal(true);
    });

    it('sends what a buffer held when it was sent', async () => {
      const client = await connected();
      const buffer = Buffer.from('old');
      const sent = client.sendCommand(['SET', 'key', buffer]);
      buffer.write('new');
      await sent;
      expect(redis.peek('key')).to.equal('old');
    });

    it('refuses the handshake as Redis does', async () => {
      redis.refuse('NOAUTH Authentication required.', 'HELLO');
      const client = network.createClient();
      expect(await client.connect().catch(reasonOf)).to.equal('failed: authentication');
      expect([client.isOpen, network.connections]).to.deep.equal([false, 0]);
    });

    it('does without HELLO with protocol 2', async () => {
      redis.refuse('unknown', 'HELLO');
      const client = network.createClient(2);
      await client.connect();
      expect(await client.sendCommand(['PING'])).to.equal('PONG');
      expect(redis.calls('HELLO')).to.equal(0);
      network.cut();
      redis.hang();
      const hung = watched(client.connect());
      await settle();
      expect(hung.now).to.equal('pending');
      redis.kill();
      await settle();
      expect(hung.now).to.equal('failed: connection_lost');
    });

    it('has a client that connects once', async () => {
      const client = await connected();
      expect(await client.connect().catch((error) => error.message)).to.equal(
        'Socket already opened',
      );
      client.destroy();
      expect(await client.sendCommand(['PING']).catch(reasonOf)).to.equal(
        'failed: connection_lost',
      );
      await client.connect();
      expect(await client.sendCommand(['PING'])).to.equal('PONG');
    });

    it('forgets listeners that were taken off', async () => {
      const client = await connected();
      const listener = (): void => void heard.push('taken off');
      client.on('end', listener);
      client.off('end', listener);
      network.cut();
      expect(heard.slice(2)).to.deep.equal(['failed: connection_lost', 'end']);
    });
  });

  describe('by an order of events', () => {
    let queue: Queue;
    let client: ScriptedClient;

    beforeEach(async () => {
      queue = new Queue();
      network = new ScriptedNetwork('A', redis, queue.schedule);
      const connecting = connected();
      await queue.all();
      client = await connecting;
      expect(queue.labels).to.deep.equal([]);
    });

    it('says what happens, and lets it happen when it is its turn', async () => {
      const get = watched(client.sendCommand(['GET', 'key']));
      await settle();
      expect(queue.labels).to.deep.equal(['A#1 asks GET']);
      await queue.happen(/asks GET/);
      expect([redis.calls('GET'), get.now]).to.deep.equal([1, 'pending']);
      await queue.happen(/is answered/);
      expect(get.now).to.equal(null);
    });

    it('keeps the order of one connection, whichever event comes first', async () => {
      const set = watched(client.sendCommand(['SET', 'key', '1']));
      const get = watched(client.sendCommand(['GET', 'key']));
      await queue.happen(/asks GET/);
      expect([redis.calls('SET'), redis.calls('GET')]).to.deep.equal([1, 0]);
      await queue.all();
      expect([set.now, get.now]).to.deep.equal(['OK', '1']);
    });

    it('lets two connections overtake each other', async () => {
      const connecting = connected();
      await queue.all();
      const second = await connecting;
      void client.sendCommand(['SET', 'key', '1']);
      void second.sendCommand(['SET', 'key', '2']);
      await queue.happen(/A#2 asks/);
      await queue.happen(/A#1 asks/);
      expect(redis.peek('key')).to.equal('1');
      expect(network.connections).to.equal(2);
    });

    it('loses with a cut what Redis has not read, and the replies on their way', async () => {
      const unread = watched(client.sendCommand(['SET', 'a', '1']));
      network.cut();
      await queue.all();
      expect([unread.now, redis.peek('a')]).to.deep.equal(['failed: connection_lost', undefined]);
      expect(heard.slice(2)).to.deep.equal(['failed: connection_lost', 'end']);
      expect([client.isReady, network.connections]).to.deep.equal([false, 0]);
    });

    it('delivers no reply that was in flight when it was cut', async () => {
      const read = watched(client.sendCommand(['SET', 'a', '1']));
      await queue.happen(/asks SET/);
      network.cut();
      await queue.all();
      expect([read.now, redis.peek('a')]).to.deep.equal(['failed: connection_lost', '1']);
    });

    it('executes after a ghostly cut what was sent before', async () => {
      const set = watched(client.sendCommand(['SET', 'a', '1']));
      network.cut({ ghostly: true });
      await settle();
      expect([set.now, redis.peek('a')]).to.deep.equal(['failed: connection_lost', undefined]);
      await queue.all();
      expect([set.now, redis.peek('a')]).to.deep.equal(['failed: connection_lost', '1']);
    });

    it('executes what a client had sent before it was destroyed', async () => {
      const set = watched(client.sendCommand(['SET', 'a', '1']));
      client.destroy();
      await queue.all();
      expect([set.now, redis.peek('a')]).to.deep.equal(['failed: connection_lost', '1']);
      expect(heard.slice(2)).to.deep.equal([]);
    });

    it('is a black hole in both directions until it flows again', async () => {
      const answered = watched(client.sendCommand(['GET', 'a']));
      await queue.happen(/asks GET/);
      const asked = watched(client.sendCommand(['SET', 'a', '1']));
      network.stall();
      const connecting = watched(network.createClient().connect());
      await queue.all();
      expect([answered.now, asked.now, connecting.now]).to.deep.equal(Array(3).fill('pending'));
      expect(redis.calls('SET')).to.equal(0);
      network.flow();
      await queue.all();
      expect([answered.now, asked.now]).to.deep.equal([null, 'OK']);
      expect(connecting.now).to.not.equal('pending');
    });

    it('accepts connections and answers nothing while the server hangs', async () => {
      redis.hang();
      const connecting = watched(network.createClient().connect());
      const set = watched(client.sendCommand(['SET', 'a', '1']));
      const get = watched(client.sendCommand(['GET', 'a']));
      await queue.all();
      expect([connecting.now, set.now, redis.calls('SET')]).to.deep.equal([
        'pending',
        'pending',
        0,
      ]);
      redis.thaw();
      await queue.all();
      expect([set.now, get.now]).to.deep.equal(['OK', '1']);
      expect(connecting.now).to.not.equal('pending');
    });

    it('delivers what was answered before the server hung', async () => {
      const get = watched(client.sendCommand(['GET', 'a']));
      await queue.happen(/asks GET/);
      redis.hang();
      await queue.all();
      expect(get.now).to.equal(null);
    });

    it('executes after a hang what was sent on connections that have ended since', async () => {
      redis.hang();
      void client.sendCommand(['SET', 'a', '1']).catch(() => {});
      await queue.all();
      client.destroy();
      redis.thaw();
      expect(redis.peek('a')).to.equal(undefined);
      await queue.all();
      expect(redis.peek('a')).to.equal('1');
    });

    it('forgets what a server that was killed had not read', async () => {
      redis.hang();
      const read = watched(client.sendCommand(['SET', 'a', '1']));
      await queue.all();
      const sent = watched(client.sendCommand(['SET', 'b', '1']));
      redis.kill();
      await settle();
      expect([read.now, sent.now]).to.deep.equal(Array(2).fill('failed: connection_lost'));
      const refused = watched(network.createClient().connect());
      await queue.all();
      expect(refused.now).to.equal('failed: connection_refused');
      redis.restart({ from: 'nothing' });
      const connecting = connected();
      await queue.all();
      await connecting;
      expect(redis.keys()).to.deep.equal([]);
    });

    it('brings nothing to the next process that was sent to the one before it', async () => {
      void client.sendCommand(['SET', 'a', '1']).catch(() => {});
      network.cut({ ghostly: true });
      redis.restart({ from: 'nothing' });
      await queue.all();
      expect(redis.keys()).to.deep.equal([]);
      expect(heard.filter((event) => event === 'end')).to.have.lengthOf(1);
    });

    it('breaks each connection when the server starts again', async () => {
      redis.restart({ from: 'nothing' });
      expect([client.isReady, heard.at(-1)]).to.deep.equal([false, 'end']);
    });

    it('refuses new connections, and leaves the others', async () => {
      network.refuse();
      const refused = watched(network.createClient().connect());
      const ping = watched(client.sendCommand(['PING']));
      await queue.all();
      expect([refused.now, ping.now]).to.deep.equal(['failed: connection_refused', 'PONG']);
      network.admit();
      const connecting = connected();
      await queue.all();
      expect((await connecting).isReady).to.equal(true);
    });

    it('loses the reply to a command, and the connection with it', async () => {
      network.loseReply(([name]) => name === 'SET');
      const get = watched(client.sendCommand(['GET', 'a']));
      const set = watched(client.sendCommand(['SET', 'a', '1']));
      await queue.happen(/asks GET/);
      await queue.happen(/is answered/);
      await queue.all();
      expect([get.now, set.now]).to.deep.equal([null, 'failed: connection_lost']);
      expect([redis.peek('a'), client.isReady]).to.deep.equal(['1', false]);
      const connecting = connected();
      await queue.all();
      const again = watched((await connecting).sendCommand(['SET', 'a', '2']));
      await queue.all();
      expect(again.now).to.equal('OK');
    });

    it('skips a reply: each later one is taken for the one before it', async () => {
      network.skipReply();
      const sent = ['1', '2', '3'].map((text) => watched(client.sendCommand(['ECHO', text])));
      await queue.all();
      expect(sent.map(({ now }) => now)).to.deep.equal(['2', '3', 'pending']);
    });

    it('ends a connection whose client was destroyed before it was made', async () => {
      const late = network.createClient();
      const connecting = watched(late.connect());
      late.destroy();
      await queue.all();
      expect([connecting.now, late.isReady]).to.deep.equal(['failed: connection_lost', false]);
      expect(network.connections).to.equal(1);
    });

    it('fails a connection that is cut during its handshake', async () => {
      const early = network.createClient();
      const errors: unknown[] = [];
      early.on('error', (error) => errors.push(error));
      const connecting = watched(early.connect());
      await queue.happen(/connects/);
      network.cut();
      await settle();
      expect([connecting.now, errors.length]).to.deep.equal(['failed: connection_lost', 1]);
    });
  });

  it('fails a connection that is cut in the moment in which it is made', async () => {
    const client = network.createClient();
    const connecting = watched(client.connect());
    while (redis.calls('HELLO') === 0) await Promise.resolve();
    // The reply is on its way; it arrives before connect() has gone on.
    void Promise.resolve().then(() => network.cut());
    await settle();
    expect([connecting.now, client.isReady]).to.deep.equal(['failed: connection_lost', false]);
  });

  it('parts two processes: a cut of one leaves the other, a kill ends both', async () => {
    const other = new ScriptedNetwork('B', redis);
    const [here, there] = [await connected(), await connected(other)];
    network.cut();
    expect([here.isReady, there.isReady]).to.deep.equal([false, true]);
    redis.kill();
    expect(there.isReady).to.equal(false);
  });
});
