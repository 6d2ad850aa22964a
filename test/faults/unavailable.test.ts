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

/** A cluster of one node, whose slots are all there or gone but for one. */
async function cluster(): Promise<Stage> {
  const args = ['--cluster-enabled', 'yes', '--cluster-require-full-coverage', 'no'];
  const server = await RedisServer.start({ args });
  await server.command('CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
  const isWhole = async (): Promise<boolean> =>
    String(await server.command('CLUSTER', 'INFO')).includes('cluster_state:ok');
  await until(isWhole, 'the cluster is whole');
  return {
    url: server.url,
    truthUrl: server.url,
    begin: async () => void (await server.command('CLUSTER', 'DELSLOTSRANGE', '0', '16382')),
    end: async () => void (await server.command('CLUSTER', 'ADDSLOTSRANGE', '0', '16382')),
    close: () => server.stop(),
  };
}

describe('faults: Redis says that it cannot serve', () => {
  describeFault({
    title: 'MASTERDOWN: its primary is away',
    reasons: ['master_down'],
    stage: masterDown,
  });
  describeFault({
    title: 'CLUSTERDOWN: nobody has the slots',
    reasons: ['cluster_down'],
    stage: cluster,
  });
  describeFault({
    title: 'BUSY: a script does not end',
    reasons: ['busy', 'timeout'],
    stage: endlessScript,
  });
});
