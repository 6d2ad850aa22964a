import type { Logger } from '../../lib/core/logger.js';

/** The lines that a cache logs. */
export class Lines implements Logger {
  readonly warnings: string[] = [];
  readonly errors: string[] = [];
  readonly infos: string[] = [];

  readonly info = (message: string): void => void this.infos.push(message);
  readonly warn = (message: string): void => void this.warnings.push(message);
  readonly error = (message: string): void => void this.errors.push(message);
}

/** The warnings of the process while `act` runs, and until they were emitted. */
export async function processWarningsOf(act: () => unknown): Promise<string[]> {
  const seen: string[] = [];
  const listener = ({ name, message }: Error): void => {
    if (name === 'ExpressCacheHealthWarning') seen.push(message);
  };
  process.on('warning', listener);
  try {
    await act();
    // A warning is emitted in a later turn.
    await new Promise((resolve) => setImmediate(resolve));
    return seen;
  } finally {
    process.off('warning', listener);
  }
}

/** The message of what `act` throws or rejects with. */
export async function messageOf(act: () => unknown): Promise<string> {
  try {
    await act();
  } catch (error) {
    return (error as Error).message;
  }
  return 'nothing was thrown';
}
