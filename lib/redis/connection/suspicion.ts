import { Failure } from '../failure.js';
import type { RedisClientLike } from './client.js';

/**
 * A failed handshake, with a suspicion added where TLS on one side alone looks like it: a server without TLS does
 * not answer, and one with TLS hangs up on plain text.
 */
export function withSuspicion(failure: Failure, client: RedisClientLike): Failure {
  const hint = hintFor(failure, speaksTls(client));
  if (hint === undefined) return failure;
  const { kind, reason, error } = failure;
  const told = error instanceof Error ? error.message : String(error);
  return new Failure(kind, reason, new Error(`${told}${hint}`, { cause: error }));
}

function hintFor({ reason }: Failure, isTls: boolean): string | undefined {
  if (isTls) {
    return reason === 'timeout'
      ? ', in the TLS handshake: a port without TLS needs redis://'
      : undefined;
  }
  return reason === 'connection_lost'
    ? ', before the first answer: a port with TLS needs rediss://'
    : undefined;
}

/** A client of node-redis shows its options. */
function speaksTls(client: RedisClientLike): boolean {
  const { options } = client as {
    readonly options?: { readonly socket?: { readonly tls?: unknown } };
  };
  return options?.socket?.tls === true;
}

/** A function of the user's makes clients that begin with HELLO, which the server does not know. */
export function noHello(failure: Failure): Failure {
  return new Failure('unavailable', 'no_hello', failure.error);
}

/** Our own error: the function of the user's makes something else than a client. */
export function foreignClient(error: unknown): Failure {
  return new Failure('unavailable', 'foreign_client', error);
}
