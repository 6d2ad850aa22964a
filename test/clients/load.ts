import { request } from 'node:http';

/** Codes, or codes of errors, and how often each came. */
export type Tally = Readonly<Record<string, number>>;

/** One request on a connection of its own. */
export function ask(port: number, path: string): Promise<string> {
  return new Promise((resolve) => {
    const req = request({ port, host: '127.0.0.1', path, agent: false }, (res) => {
      res.resume();
      res.on('end', () => resolve(`${res.statusCode}`));
      res.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'error'));
    });
    req.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'error'));
    req.end();
  });
}

/** `count` requests by ten clients; `onSent` is told how many there were, at each. */
export async function load(
  port: number,
  path: string,
  { count, pauseMs, onSent }: { count: number; pauseMs: number; onSent(sent: number): void },
): Promise<Tally> {
  const tally: Record<string, number> = {};
  let sent = 0;
  const client = async (): Promise<void> => {
    while (sent < count) {
      onSent(++sent);
      const outcome = await ask(port, path);
      tally[outcome] = (tally[outcome] ?? 0) + 1;
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  };
  await Promise.all(Array.from({ length: 10 }, client));
  return tally;
}
