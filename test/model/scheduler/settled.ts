/** Resolves when everything that follows from the last event has happened. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** Lets everything that follows from one event happen before the next. */
export async function act(work: () => Promise<void>): Promise<void> {
  await work();
  await settled();
}
