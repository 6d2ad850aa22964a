import type { Request } from 'express';
import type { Checker } from '../checker/checker.js';
import type { HealthConfig } from '../options.js';
import type { CacheSource } from '../types.js';
import type { Target } from './target.js';
import type { Writer } from './writers/writer.js';

/** One request, and the parts that answer it. */
export interface Ask {
  readonly checker: Checker;
  readonly config: HealthConfig;
  readonly req: Request;
  readonly target: Target;
  readonly writer: Writer;
  readonly cache: CacheSource | undefined;
}
