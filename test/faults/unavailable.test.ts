import { freePort, RedisServer } from '../support/redis-server.js';
import { until } from '../support/wait.js';
import { describeFault, type Stage } from './story.js';

type Act = (server: RedisServer) => Promise<unknown>;

function answering(begin: Act, end: Act, ...args: string[]): () => Promise<Stage> {
  return async () => {
    const server = await RedisServer.start({ args });
    return {
      url: server.url,
      truthUrl: server.url,
      begin: async () => void (await begin(server)),
      end: async () => void (await end(server)),
      close: () => server.stop(),
    };
  };
}

const masterDown = answering(
  async (server) => {
    await server.command('CONFIG', 'SET', 'replica-serve-stale-data', 'no');
    await server.command('REPLICAOF', '127.0.0.1', `${await freePort()}`);
  },
  (server) => server.command('REPLICAOF', 'NO', 'ONE'),
);

const endlessScript = answering(
  async (server) => {
    server.command('EVAL', 'while true do end', '0').catch(() => {});
    const isBusy = (): Promise<boolean> =>
      server.command('GET', 'a').then(
        () => false,
        (error: Error) => error.message.startsWith('BUSY'),
      );
    await until(isBusy, 'the script runs');
  },
  (server) => server.command('SCRIPT', 'KILL'),
  '--lua-time-limit',
  '20',
);

/** A node of a cluster takes the port of a single Redis, which comes back with its data. */
async function clusterNode(): Promise<Stage> {
  const server = await RedisServer.start();
  const { port, url } = server;
  let node: RedisServer | undefined;
  const endNode = async (): Promise<void> => {
    await node?.stop();
    node = undefined;
  };
  return {
    url,
    truthUrl: url,
    begin: async () => {
      await server.save();
      await server.kill();
      node = await RedisServer.start({ port, args: ['--cluster-enabled', 'yes'] });
      await node.command('CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
    },
    end: async () => {
      await endNode();
      await server.restart();
    },
    close: async () => {
      await endNode();
      await server.stop();
    },
  };
}

describe('faults: Redis says that it cannot serve', () => {
  describeFault({
    title: 'MASTERDOWN: its primary is away',
    reasons: ['master_down'],
    stage: masterDown,
  });
  describeFault({
    title: 'a node of a Redis Cluster has its address',
    reasons: ['cluster_node'],
    errorLines: 2,
    stage: clusterNode,
  });
  describeFault({
    title: 'BUSY: a script does not end',
    reasons: ['busy', 'timeout'],
    stage: endlessScript,
  });
});
