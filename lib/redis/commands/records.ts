import { GENERATION_LENGTH } from '../../entry/layout.js';
import { Failure } from '../failure.js';
import type { ReignEntry } from '../lineage.js';
import type { ScriptRunner } from './batches/script-runner.js';
import { parseNumber } from './replies.js';
import { BUMP, FENCE, OPEN, type Script } from './scripts.js';

/** What the two records of a prefix say. */
export interface Records {
  /** The reigns, oldest first; empty if the record is missing. */
  readonly chain: readonly ReignEntry[];
  readonly count: number;
  /** The newer of the two copies, `serial:random`; '' if both are missing. */
  readonly generation: string;
  /** Both records exist, and their generations are equal. Otherwise a script repairs them. */
  readonly isWhole: boolean;
  /** The server's time in microseconds, if the reply has it. */
  readonly micros: number | undefined;
}

/** The arguments with which a process opens a reign. */
export interface Opening {
  readonly life: string;
  /** A fresh random id of a reign. */
  readonly reign: string;
  /** The fresh random part of a generation. */
  readonly random: string;
  /** The serial of the newest generation that this process knows; -1 for none. */
  readonly serial: number;
}

/** Scripts keep 16 reigns. We read no more than this. */
const MAX_REIGNS = 32;
const MAX_CHAIN_TEXT = 4_096;

/** The two records of a prefix: reigns and counter in a hash, the generation in a string of its own. */
export class RecordCommands {
  readonly #runner: ScriptRunner;
  readonly #keys: readonly [string, string];

  /** `own`: what the names of both records begin with. */
  constructor(runner: ScriptRunner, own: string) {
    this.#runner = runner;
    this.#keys = [`${own}pos`, `${own}gen`];
  }

  /** Opens a reign, or joins the present one. */
  open({ life, reign, random, serial }: Opening): Promise<Records | Failure> {
    return this.#run(OPEN, [life, reign, random, `${serial}`]);
  }

  /** Increments the counter if the last reign is this one. */
  fence(reign: string): Promise<Records | Failure> {
    return this.#run(FENCE, [reign]);
  }

  /** Changes the generation. */
  bump(random: string, serial: number): Promise<Records | Failure> {
    return this.#run(BUMP, [random, `${serial}`]);
  }

  /** Reads both records and changes nothing. */
  async read(): Promise<Records | Failure> {
    const [pos, gen] = this.#keys;
    const { pipeline, guard } = this.#runner;
    const [hash, text] = await Promise.all([
      pipeline.direct(['HMGET', pos, 'chain', 'n', 'gen']),
      pipeline.direct(['GET', gen]),
    ]);
    for (const reply of [hash, text]) {
      // Another program put something else under the name. We treat it as missing, and a script repairs it.
      if (reply instanceof Failure && !reply.isAbout('WRONGTYPE')) return guard.orDenied(reply);
    }
    return parseRead(hash, text) ?? guard.desync('an odd reply to a read of the records');
  }

  #run(script: Script, args: readonly string[]): Promise<Records | Failure> {
    const { guard } = this.#runner;
    return new Promise((resolve) => {
      this.#runner.run({ script, keys: this.#keys, args, bytes: 0, lane: 'now' }, (reply) => {
        const records = reply instanceof Failure ? reply : parseRecords(reply);
        resolve(records ?? guard.desync(`an odd reply of ${script.name}`));
      });
    });
  }
}

/** {chain, n, generation, micros}, as the scripts reply. */
export function parseRecords(reply: unknown): Records | undefined {
  if (!Array.isArray(reply) || reply.length !== 4) return undefined;
  const [chainText, count, generationText, microsText] = reply;
  const micros = parseNumber(microsText);
  if (typeof chainText !== 'string' || typeof generationText !== 'string') return undefined;
  if (!Number.isSafeInteger(count) || micros === undefined) return undefined;
  const chain = parseChain(chainText);
  const generation = serialOf(generationText) < 0 ? '' : generationText;
  return { chain, count, generation, isWhole: chain.length > 0 && generation !== '', micros };
}

/** The fields of the hash and the string. Either may be missing, or be something else. */
function parseRead(hash: unknown, text: unknown): Records | undefined {
  const fields: unknown = hash instanceof Failure ? [null, null, null] : hash;
  if (!Array.isArray(fields) || fields.length !== 3) return undefined;
  const texts: readonly unknown[] = [...fields, text instanceof Failure ? null : text];
  if (!texts.every((field) => field === null || typeof field === 'string')) return undefined;
  const [chainText = '', countText = '', copy = '', own = ''] = texts.map((field) => field ?? '');
  const chain = parseChain(chainText);
  const newer = serialOf(copy) > serialOf(own) ? copy : own;
  const generation = serialOf(newer) < 0 ? '' : newer;
  const isWhole = chain.length > 0 && generation !== '' && copy === own;
  return { chain, count: parseNumber(countText) ?? 0, generation, isWhole, micros: undefined };
}

/** `id:life:base:openedAt`, joined by commas, oldest first. Leaves out what is not ours. */
function parseChain(text: string): readonly ReignEntry[] {
  const chain: ReignEntry[] = [];
  for (const entry of text.slice(-MAX_CHAIN_TEXT).split(',').slice(-MAX_REIGNS)) {
    const [id, life, baseText, openedText, ...more] = entry.split(':');
    const [base, openedAt] = [parseNumber(baseText), parseNumber(openedText)];
    if (!id || !life || base === undefined || openedAt === undefined || more.length > 0) continue;
    chain.push({ id, life, base, openedAt });
  }
  return chain;
}

const GENERATION = new RegExp(`^(\\d{1,16}):.{${GENERATION_LENGTH}}$`);

/** The serial of `serial:random`; -1 if it is no generation of ours. */
function serialOf(generation: string): number {
  return parseNumber(GENERATION.exec(generation)?.[1]) ?? -1;
}
