import type { RedisServer } from '../support/redis-server.js';

export type ErrorText = (error: Error) => string;

/** Every word but the place in a script, which the scripted Redis does not know. */
const wholeText: ErrorText = ({ message }) => `error ${message.replace(/ script: .*$/, '')}`;

/** The word that all versions of Redis share. */
const firstWord: ErrorText = ({ message }) => `error ${message.split(' ')[0]}`;

/** How exactly errors can be compared with this server's: the scripted Redis has the words of Redis 7.0. */
export async function errorTextFor(server: RedisServer): Promise<ErrorText> {
  const info = String(await server.command('INFO', 'server'));
  return /\bredis_version:7\.0\./.test(info) ? wholeText : firstWord;
}
