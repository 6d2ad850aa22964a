import { constants } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import type { ListPlace } from './list-place.js';

/** Does not wait for a writer if it is a pipe. */
const READ = constants.O_RDONLY | constants.O_NONBLOCK;

/** A list of hot keys in a file, which is replaced as a whole, so a reader never sees half of one. */
export class ListFile implements ListPlace {
  readonly isReachable = true;
  readonly name: string;
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
    this.name = `the file ${path}`;
  }

  async read(maxBytes: number): Promise<string | undefined> {
    try {
      const file = await open(this.#path, READ);
      try {
        if (!(await file.stat()).isFile()) throw new Error('it is no file');
        const { buffer, bytesRead } = await file.read(Buffer.alloc(maxBytes), 0, maxBytes, 0);
        return buffer.toString('utf8', 0, bytesRead);
      } finally {
        await file.close();
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  async write(text: string): Promise<void> {
    const draft = `${this.#path}.${process.pid}.tmp`;
    try {
      // Names of keys may be private, so other users may not read them.
      const file = await open(draft, 'w', 0o600);
      try {
        await file.writeFile(text);
      } finally {
        await file.close();
      }
      await rename(draft, this.#path);
    } catch (error) {
      await rm(draft, { force: true }).catch(() => {});
      throw error;
    }
  }
}
