import { COMMANDS } from './commands/all-commands.js';
import type { CommandSpec, ServerState } from './commands/command.js';
import { Keyspace } from './keyspace.js';
import { Refusals } from './refusals.js';
import { ErrorReply, type Reply } from './reply.js';

let ids = 0;

/** Forty hexadecimal digits, as a run id has. */
export function newId(): string {
  return (++ids).toString(16).padStart(40, '0');
}

/** Runs commands one after the other. Time stands still while one runs. */
export class Dispatcher {
  readonly refusals: Refusals = new Refusals();
  readonly state: ServerState;
  readonly #nowMicros: () => number;
  #stoppedAt: number | undefined;
  #hasScriptWritten = false;

  /** `nowMicros`: the server's clock, microseconds since 1970. */
  constructor(nowMicros: () => number) {
    this.#nowMicros = nowMicros;
    const read = (): number => this.#stoppedAt ?? nowMicros();
    this.state = {
      keyspace: new Keyspace(() => read() / 1_000),
      scripts: new Set(),
      runId: newId(),
      replicationId: newId(),
      role: 'master',
      mode: 'standalone',
      replicas: 0,
      isLoading: false,
      nowMicros: read,
      call: (args) => this.#run(args, true),
    };
  }

  /** Replies, or throws an `ErrorReply`. */
  run(args: readonly string[]): Reply {
    this.#stoppedAt = this.#nowMicros();
    this.#hasScriptWritten = false;
    try {
      return this.#run(args, false);
    } finally {
      this.#stoppedAt = undefined;
    }
  }

  #run(args: readonly string[], isInScript: boolean): Reply {
    const [given = '', ...words] = args;
    const name = given.toUpperCase();
    const spec = COMMANDS[name];
    if (spec === undefined || this.refusals.isUnknown(name))
      throw unknown(given, words, isInScript);
    const mistake = mistakeIn(args, spec, isInScript);
    if (mistake !== undefined) throw new ErrorReply(mistake);
    const isWriting = isInScript && this.#hasScriptWritten;
    if (this.#isReadOnly(spec) && !isWriting) throw READ_ONLY;
    const refused = this.refusals.check({ args: [name, ...words], spec, isInScript, isWriting });
    if (refused !== undefined) throw refused;
    if (spec.isWrite) this.#hasScriptWritten = true;
    return spec.run(this.state, words);
  }

  #isReadOnly(spec: CommandSpec): boolean {
    return spec.isWrite && this.state.role === 'slave';
  }
}

const READ_ONLY = new ErrorReply("READONLY You can't write against a read only replica.");

function unknown(name: string, words: readonly string[], isInScript: boolean): ErrorReply {
  if (isInScript) return new ErrorReply('ERR Unknown Redis command called from script');
  const beginning = words.map((word) => `'${word}' `).join('');
  return new ErrorReply(`ERR unknown command '${name}', with args beginning with: ${beginning}`);
}

function mistakeIn(
  args: readonly string[],
  spec: CommandSpec,
  isInScript: boolean,
): string | undefined {
  const { arity } = spec;
  const isRight = arity < 0 ? args.length >= -arity : args.length === arity;
  if (isInScript && !isRight) return 'ERR Wrong number of args calling Redis command from script';
  if (isInScript && !spec.isForScripts) return 'ERR This Redis command is not allowed from script';
  const name = (args[0] ?? '').toLowerCase();
  return isRight ? undefined : `ERR wrong number of arguments for '${name}' command`;
}
