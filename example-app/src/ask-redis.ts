import { connect } from 'node:net';

/**
 * Sends one command as an inline text and resolves to its answer, or to `undefined` if none comes: for a Redis
 * without a password, that needs no driver.
 */
export function askRedis(port: number, host: string, command: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ port, host, timeout: 500 }, () => socket.write(`${command}\r\n`));
    let told = '';
    const settle = (answer: string | undefined) => {
      socket.destroy();
      resolve(answer);
    };
    socket.on('data', (data) => {
      told += data.toString('latin1');
      const answer = answerIn(told);
      if (answer !== undefined) settle(answer);
    });
    socket.once('error', () => settle(undefined));
    socket.once('timeout', () => settle(undefined));
    socket.once('end', () => settle(undefined));
  });
}

/** The whole answer, if it has arrived. The length of a longer text stands before it. */
function answerIn(told: string): string | undefined {
  if (!told.endsWith('\r\n')) return undefined;
  const [first = '', ...rest] = told.split('\r\n');
  if (!first.startsWith('$')) return first;
  const text = rest.join('\r\n');
  return text.length >= Number(first.slice(1)) + 2 ? text.slice(0, -2) : undefined;
}

/** Whether a Redis without a password answers there. */
export async function answersPing(port: number, host: string): Promise<boolean> {
  return (await askRedis(port, host, 'PING'))?.startsWith('+PONG') === true;
}
