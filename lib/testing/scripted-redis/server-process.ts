/** Gets the events of a server's process. */
export interface Watcher {
  /** Its process has ended, and with it every connection. */
  ended(): void;
  /** It reads commands again. */
  thawed(): void;
}

/** Whether there is a process, and whether it runs. */
export class ServerProcess {
  readonly #watchers = new Set<Watcher>();
  #isUp = true;
  #isHung = false;

  get isUp(): boolean {
    return this.#isUp;
  }

  get isHung(): boolean {
    return this.#isHung;
  }

  hang(): void {
    this.#isHung = this.#isUp;
  }

  thaw(): void {
    if (!this.#isHung) return;
    this.#isHung = false;
    for (const watcher of [...this.#watchers]) watcher.thawed();
  }

  end(): void {
    if (!this.#isUp) return;
    this.#isUp = false;
    this.#isHung = false;
    for (const watcher of [...this.#watchers]) watcher.ended();
  }

  begin(): void {
    this.#isUp = true;
  }

  /** Watches until the returned function is called. */
  watch(watcher: Watcher): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }
}
