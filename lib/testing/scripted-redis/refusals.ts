import type { CommandSpec } from './commands/command.js';
import { ErrorReply } from './reply.js';

/** Why a command is refused: one of Redis' own reasons, or the whole text of another error reply. */
export type Refusal =
  | 'READONLY'
  | 'OOM'
  | 'MISCONF'
  | 'LOADING'
  | 'NOPERM'
  | 'unknown'
  | (string & {});

const TEXTS: Readonly<Record<string, string>> = {
  READONLY: "READONLY You can't write against a read only replica.",
  OOM: "OOM command not allowed when used memory > 'maxmemory'.",
  MISCONF:
    "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk. " +
    'Commands that may modify the data set are disabled, because this instance is configured to report ' +
    'errors during writes if RDB snapshotting fails (stop-writes-on-bgsave-error option). ' +
    'Please check the Redis logs for details about the RDB error.',
  LOADING: 'LOADING Redis is loading the dataset in memory',
};

/** A script that has written runs to its end, even if the server begins to refuse commands. */
const NOT_WHILE_WRITING: ReadonlySet<string> = new Set(['READONLY', 'OOM', 'MISCONF']);

/** A command, and where it comes from. */
export interface Asked {
  readonly args: readonly string[];
  readonly spec: CommandSpec;
  readonly isInScript: boolean;
  /** Whether a script that has changed something calls it. */
  readonly isWriting: boolean;
}

/** Which commands are refused, and why. */
export class Refusals {
  /** By command, or for all that Redis itself would refuse for this reason (''). */
  readonly #byCommand = new Map<string, Set<Refusal>>();

  /** Without names: whatever Redis itself refuses for this reason. */
  add(why: Refusal, commands: readonly string[]): void {
    for (const command of commands.length === 0 ? [''] : commands) {
      const name = command.toUpperCase();
      const reasons = this.#byCommand.get(name) ?? new Set();
      this.#byCommand.set(name, reasons.add(why));
    }
  }

  clear(): void {
    this.#byCommand.clear();
  }

  isUnknown(name: string): boolean {
    return this.#byCommand.get(name)?.has('unknown') === true;
  }

  /** The error that Redis replies, if it refuses. */
  check(asked: Asked): ErrorReply | undefined {
    const name = asked.args[0] ?? '';
    const general = this.#byCommand.get('') ?? [];
    const applicable = [...general].filter((why) => isUsual(why, asked));
    const reasons = [...(this.#byCommand.get(name) ?? []), ...applicable];
    const why = reasons.find((each) => !asked.isWriting || !NOT_WHILE_WRITING.has(each));
    if (why === undefined) return undefined;
    return new ErrorReply(why === 'NOPERM' ? noPermission(asked) : (TEXTS[why] ?? why));
  }
}

/** Whether Redis itself refuses this command for that reason. */
function isUsual(why: Refusal, { args, spec, isInScript }: Asked): boolean {
  if (why === 'READONLY') return spec.isWrite;
  if (why === 'MISCONF') return spec.isWrite || args[0] === 'PING';
  if (why === 'OOM') return spec.takesMemory;
  if (why === 'LOADING') return !spec.isAllowedWhileLoading && !isInScript;
  return true;
}

function noPermission({ args, isInScript }: Asked): string {
  if (isInScript) return "ERR The user executing the script can't run this command or subcommand";
  const name = (args[0] ?? '').toLowerCase();
  return `NOPERM this user has no permissions to run the '${name}' command`;
}
