import { openConnection } from '../../../lib/redis/connection/handshake.js';
import { classify, Failure, TIMED_OUT } from '../../../lib/redis/failure.js';
import { ScriptedNetwork } from '../../../lib/testing/scripted-network.js';
import { ErrorReply } from '../../../lib/testing/scripted-redis/reply.js';
import { ScriptedRedis } from '../../../lib/testing/scripted-redis/scripted-redis.js';
import { ManualClock, settle } from '../../support/manual-clock.js';
import { FakeConnection } from '../fake-connection.js';
import { type ConnectionSubject, connectionConformance } from './connection-conformance.js';

const CUT = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });

/** A connection whose replies the test gives: those of a scripted Redis. */
function fake(): ConnectionSubject {
  const connection = new FakeConnection();
  const redis = new ScriptedRedis(() => Date.UTC(2026, 0, 1));
  let isHung = false;
  const answerAll = (): void => {
    for (const { args, answer } of isHung ? [] : connection.sent.splice(0)) {
      const reply = redis.execute(args);
      answer(reply instanceof ErrorReply ? classify(reply) : reply);
    }
  };
  const { send } = connection;
  connection.send = (args, cost) => {
    const reply = send.call(connection, args, cost);
    setImmediate(answerAll);
    return reply;
  };
  let looks = 0;
  return {
    connection,
    get lost() {
      return connection.lost === undefined ? [] : [connection.lost];
    },
    hang: () => {
      isHung = true;
    },
    thaw: () => {
      isHung = false;
      answerAll();
    },
    cut: () => connection.lose(classify(CUT)),
    invalidate: (key) => connection.say(['invalidate', key]),
    // The test of a fake is its time: first it hesitates, and then the deadline passes.
    until: async (condition, what) => {
      for (; !condition(); looks++) {
        if (looks === 0) connection.hesitate();
        else if (looks === 1) connection.lose(TIMED_OUT);
        else throw new Error(`it did not come to pass that ${what}`);
        await settle();
      }
    },
    stop: () => {},
  };
}

/** The real connection on a client without a socket, in a time that the test moves. */
async function scripted(): Promise<ConnectionSubject> {
  const clock = new ManualClock();
  const redis = new ScriptedRedis(() => clock.wallNow());
  const network = new ScriptedNetwork('p', redis);
  const lost: Failure[] = [];
  const onLost = (_: unknown, failure: Failure): void => void lost.push(failure);
  const options = { clock, commandTimeoutMs: 100, onLost };
  const connection = await openConnection(network.createClient(), options, () => {});
  if (connection instanceof Failure) throw connection.error;
  return {
    connection,
    lost,
    hang: () => redis.hang(),
    thaw: () => redis.thaw(),
    cut: () => network.cut(),
    invalidate: () => {},
    until: async (condition, what) => {
      for (let i = 0; !condition(); i++) {
        if (i === 1_000) throw new Error(`it did not come to pass that ${what}`);
        await clock.advance(10);
      }
    },
    stop: () => {},
  };
}

connectionConformance({ name: 'the fake of the tests', hasMessages: true, make: fake });
connectionConformance({ name: 'a client of a scripted Redis', hasMessages: false, make: scripted });
