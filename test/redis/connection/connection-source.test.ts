import { EventEmitter } from 'node:events';
import { expect } from 'chai';
import type { Lack, RedisClientLike } from '../../../lib/redis/connection/client.js';
import type { Connection, ConnectionSource } from '../../../lib/redis/connection/connection.js';
import { connectionSource } from '../../../lib/redis/connection/connection-source.js';
import { Failure } from '../../../lib/redis/failure.js';
import { parseRedis } from '../../../lib/redis/redis-options.js';
import { ManualClock } from '../../support/manual-clock.js';
import { ErrorReply, FakeClient } from '../fake-client.js';

describe('where connections come from', () => {
  const scene = (commandTimeoutMs = 100) => {
    const clock = new ManualClock();
    const lost: string[] = [];
    let ready = 0;
    const options = {
      clock,
      commandTimeoutMs,
      onLost: (_: Connection, failure: Failure) => lost.push(failure.reason),
      onReady: () => ready++,
    };
    return { clock, lost, options, ready: () => ready };
  };
  const reasonOf = (opened: Connection | Failure): string =>
    opened instanceof Failure ? opened.reason : 'open';
  const never = new Promise<never>(() => {});

  describe('of ours', () => {
    it('makes a fresh client for each attempt', async () => {
      const { options, lost } = scene();
      const made: FakeClient[] = [];
      const create = (): FakeClient => {
        made.push(new FakeClient());
        return made.at(-1) as FakeClient;
      };
      const source = connectionSource({ kind: 'made', create }, options);
      const first = await source.open();
      expect(reasonOf(first)).to.equal('open');
      made[0]?.emit('error', Object.assign(new Error('x'), { code: 'ECONNRESET' }));
      expect(lost).to.deep.equal(['connection_lost']);
      expect(reasonOf(await source.open())).to.equal('open');
      expect(made.length).to.equal(2);
    });

    for (const [commandTimeoutMs, handshakeMs] of [
      [100, 1_000],
      [3_000, 3_000],
    ] as const) {
      it(`gives a handshake ${handshakeMs} ms where a command has ${commandTimeoutMs} ms`, async () => {
        const { clock, options } = scene(commandTimeoutMs);
        const client = new FakeClient();
        client.connectWith = () => never;
        const opening = connectionSource({ kind: 'made', create: () => client }, options).open();
        let isSettled = false;
        void opening.then(() => {
          isSettled = true;
        });
        await clock.advance(handshakeMs - 1);
        expect(isSettled).to.equal(false);
        await clock.advance(1);
        expect(reasonOf(await opening)).to.equal('timeout');
        expect(client.destroyed).to.be.above(0);
        expect(clock.pending).to.equal(0);
      });
    }

    it('settles an attempt that is closed before its end, and keeps no timer', async () => {
      const { clock, options, lost } = scene();
      const client = new FakeClient();
      client.connectWith = () => never;
      const source = connectionSource({ kind: 'made', create: () => client }, options);
      const opening = source.open();
      source.close();
      expect(reasonOf(await opening)).to.equal('closed');
      expect([client.destroyed > 0, clock.pending, lost.length]).to.deep.equal([true, 0, 0]);
      expect(reasonOf(await source.open())).to.equal('closed');
    });

    it('speaks the older protocol to a server without HELLO', async () => {
      const { options } = scene();
      const asked: (Lack | undefined)[] = [];
      const create = (lack?: Lack): FakeClient => {
        const client = new FakeClient();
        const refusal = new ErrorReply(
          "ERR unknown command 'HELLO', with args beginning with: '3'",
        );
        if (lack !== 'HELLO') client.connectWith = () => Promise.reject(refusal);
        asked.push(lack);
        return client;
      };
      const source = connectionSource({ kind: 'made', create }, options);
      expect(reasonOf(await source.open())).to.equal('open');
      expect(reasonOf(await source.open())).to.equal('open');
      expect(asked).to.deep.equal([undefined, 'HELLO', 'HELLO']);
    });

    for (const refusal of [
      "NOPERM User shop has no permissions to run the 'client|tracking' command",
      "ERR unknown subcommand 'TRACKING'. Try CLIENT HELP.",
      "ERR unknown command 'CLIENT', with args beginning with: 'TRACKING'",
    ]) {
      it(`does without messages where the server says: ${refusal}`, async () => {
        const { options } = scene();
        const asked: (Lack | undefined)[] = [];
        const create = (lack?: Lack): FakeClient => {
          const client = new FakeClient();
          if (lack === undefined)
            client.connectWith = () => Promise.reject(new ErrorReply(refusal));
          asked.push(lack);
          return client;
        };
        const source = connectionSource({ kind: 'made', create }, options);
        expect(reasonOf(await source.open())).to.equal('open');
        expect(reasonOf(await source.open())).to.equal('open');
        expect(asked).to.deep.equal([undefined, 'messages', 'messages']);
      });
    }

    it('tries a client that is refused either way twice at most', async () => {
      const { options } = scene();
      let made = 0;
      const create = (): FakeClient => {
        made++;
        const client = new FakeClient();
        const refusal = new ErrorReply(
          "NOPERM no permissions to run the 'client|tracking' command",
        );
        client.connectWith = () => Promise.reject(refusal);
        return client;
      };
      const source = connectionSource({ kind: 'made', create }, options);
      expect(reasonOf(await source.open())).to.equal('permission');
      expect(made).to.equal(2);
    });

    it('refuses a foreign client once, and disconnects it', async () => {
      const { options } = scene();
      let made = 0;
      let disconnected = 0;
      class Foreign extends EventEmitter {
        status = 'connecting';
        connect(): void {}
        disconnect(): void {
          disconnected++;
          this.emit('error', new Error('Connection is closed.'));
        }
      }
      const choice = parseRedis(() => {
        made++;
        return new Foreign();
      });
      if (choice.source?.kind !== 'made') throw new Error('no source');
      const source = connectionSource(choice.source, options);
      for (let i = 0; i < 5; i++) {
        const opened = await source.open();
        expect(opened).to.be.instanceOf(Failure);
        expect(String((opened as Failure).error)).to.match(/a node-redis client.*createClient\(\)/);
      }
      expect([made, disconnected]).to.deep.equal([1, 1]);
    });

    it('disconnects what a function that returns a promise has made', async () => {
      const { options } = scene();
      let quits = 0;
      const choice = parseRedis(async () => ({ quit: () => quits++ }));
      if (choice.source?.kind !== 'made') throw new Error('no source');
      const source = connectionSource(choice.source, options);
      expect(await source.open()).to.be.instanceOf(Failure);
      await new Promise((resolve) => setImmediate(resolve));
      expect(quits).to.equal(1);
    });

    it('asks a function again that threw something of its own', async () => {
      const { options } = scene();
      let calls = 0;
      const create = (): RedisClientLike => {
        if (calls++ === 0) throw new Error('not yet');
        return new FakeClient();
      };
      const source = connectionSource({ kind: 'made', create }, options);
      expect(reasonOf(await source.open())).to.equal('connection_failed');
      expect(reasonOf(await source.open())).to.equal('open');
    });
  });

  describe('of the user', () => {
    const adopt = (
      client: FakeClient,
      options: Parameters<typeof connectionSource>[1],
    ): ConnectionSource => connectionSource({ kind: 'adopted', client }, options);

    it('is listened to once, by however many caches, and not at all after close', async () => {
      const client = new FakeClient();
      const warnings: Error[] = [];
      const onWarning = (warning: Error): void => void warnings.push(warning);
      process.on('warning', onWarning);
      const sources = Array.from({ length: 20 }, () => adopt(client, scene().options));
      for (const source of sources) expect(reasonOf(await source.open())).to.equal('open');
      await new Promise((resolve) => setImmediate(resolve));
      process.off('warning', onWarning);
      expect(warnings).to.deep.equal([]);
      expect(client.listenerCount('error')).to.equal(1);
      for (const source of sources) source.close();
      expect([client.listenersInAll, client.destroyed]).to.deep.equal([0, 0]);
    });

    it('is given a moment to become ready', async () => {
      const { clock, options } = scene();
      const client = new FakeClient();
      client.isReady = false;
      const opening = adopt(client, options).open();
      await clock.advance(500);
      client.isReady = true;
      client.emit('ready');
      expect(reasonOf(await opening)).to.equal('open');
      expect(clock.pending).to.equal(0);
    });

    it('is not connected, after a moment', async () => {
      const { clock, options, ready } = scene();
      const client = new FakeClient();
      client.isReady = false;
      client.isOpen = false;
      const source = adopt(client, options);
      const opening = source.open();
      await clock.advance(1_000);
      const opened = await opening;
      expect(reasonOf(opened)).to.equal('not_connected');
      expect(String((opened as Failure).error)).to.match(/call connect\(\) on it/);
      client.emit('ready');
      expect(ready()).to.equal(1);
      source.close();
      expect(client.listenersInAll).to.equal(0);
    });

    it('is not asked more while it has not answered earlier commands', async () => {
      const { options } = scene();
      const client = new FakeClient();
      const source = adopt(client, options);
      const connection = (await source.open()) as Connection;
      void connection.send(['GET', 'k'], { keys: 1, bytes: 1 });
      connection.dispose();
      expect(reasonOf(await source.open())).to.equal('timeout');
      client.sent[0]?.resolve(null);
      await new Promise((resolve) => setImmediate(resolve));
      expect(reasonOf(await source.open())).to.equal('open');
    });
  });
});
