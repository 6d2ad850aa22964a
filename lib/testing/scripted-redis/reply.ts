/** What a command replies. Texts are byte strings: each character is one byte. */
export type Reply = string | number | null | readonly Reply[] | { readonly [field: string]: Reply };

/** An error that Redis replies. node-redis rejects with one whose class has the same name. */
export class ErrorReply extends Error {}

export function wrongType(): ErrorReply {
  return new ErrorReply('WRONGTYPE Operation against a key holding the wrong kind of value');
}

export function notAnInteger(): ErrorReply {
  return new ErrorReply('ERR value is not an integer or out of range');
}

export function syntaxError(): ErrorReply {
  return new ErrorReply('ERR syntax error');
}
