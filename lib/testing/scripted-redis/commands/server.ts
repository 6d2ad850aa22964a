import { ErrorReply, type Reply } from '../reply.js';
import { type CommandTable, command, type Run, type ServerState } from './command.js';

/** The version of the real Redis in the conformance test. */
const VERSION = '7.0.15';

const MICROS = 1_000_000;

const time: Run = (state) => {
  const micros = state.nowMicros();
  return [`${Math.floor(micros / MICROS)}`, `${micros % MICROS}`];
};

type Section = (state: ServerState) => Readonly<Record<string, string | number>>;

const SECTIONS: Readonly<Record<string, Section>> = {
  Server: (state) => ({
    redis_version: VERSION,
    redis_mode: state.mode,
    run_id: state.runId,
    server_time_usec: state.nowMicros(),
  }),
  Persistence: (state) => ({ loading: state.isLoading ? 1 : 0 }),
  Replication: (state) => ({
    role: state.role,
    ...(state.role === 'slave' ? { master_link_status: 'up', slave_read_only: 1 } : {}),
    connected_slaves: state.replicas,
    master_replid: state.replicationId,
  }),
  Cluster: (state) => ({ cluster_enabled: state.mode === 'cluster' ? 1 : 0 }),
};

const ALL = /^(?:all|default|everything)$/i;

const info: Run = (state, wanted) => {
  const names = Object.keys(SECTIONS).filter(
    (name) =>
      wanted.length === 0 ||
      wanted.some((each) => ALL.test(each) || each.toLowerCase() === name.toLowerCase()),
  );
  return names.map((name) => sectionText(name, SECTIONS[name]?.(state) ?? {})).join('\r\n');
};

function sectionText(name: string, fields: Readonly<Record<string, string | number>>): string {
  const lines = Object.entries(fields).map(([field, value]) => `${field}:${value}\r\n`);
  return `# ${name}\r\n${lines.join('')}`;
}

const ping: Run = (_, [text = 'PONG', ...more]) => {
  if (more.length > 0) throw new ErrorReply("ERR wrong number of arguments for 'ping' command");
  return text;
};

const hello: Run = (state, [version]): Reply => {
  if (version !== undefined && !/^\d+$/.test(version)) {
    throw new ErrorReply('ERR Protocol version is not an integer or out of range');
  }
  if (version !== undefined && version !== '2' && version !== '3') {
    throw new ErrorReply('NOPROTO unsupported protocol version');
  }
  return {
    server: 'redis',
    version: VERSION,
    proto: Number(version ?? 2),
    id: 1,
    mode: state.mode,
    role: state.role === 'slave' ? 'replica' : 'master',
    modules: [],
  };
};

export const SERVER_COMMANDS: CommandTable = {
  TIME: command(1, time, 'while-loading'),
  INFO: command(-1, info, 'while-loading'),
  PING: command(-1, ping),
  ECHO: command(2, (_, [text = '']) => text, 'while-loading'),
  HELLO: command(-1, hello, 'while-loading', 'not-in-scripts'),
};
