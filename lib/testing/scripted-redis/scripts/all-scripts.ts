import * as Lua from '../../../redis/commands/scripts.js';
import { TRY_COMMANDS } from '../../../redis/door/judgement/refused-commands.js';
import { claimOver } from './claim-over.js';
import { claim, fill, release, renew } from './leases.js';
import { bump, fence, open } from './records.js';
import type { ScriptBody } from './script.js';
import { sweep, sweepDead } from './sweep.js';
import { tag } from './tag.js';
import { tryCommands } from './try-commands.js';
import { write } from './write.js';

/** By the SHA1 of the Lua text. */
export const SCRIPTS: ReadonlyMap<string, ScriptBody> = new Map([
  [Lua.WRITE.sha, write],
  [Lua.CLAIM.sha, claim],
  [Lua.CLAIM_OVER.sha, claimOver],
  [Lua.FILL.sha, fill],
  [Lua.RENEW.sha, renew],
  [Lua.RELEASE.sha, release],
  [Lua.SWEEP.sha, sweep],
  [Lua.SWEEP_DEAD.sha, sweepDead],
  [Lua.TAG.sha, tag],
  [Lua.OPEN.sha, open],
  [Lua.FENCE.sha, fence],
  [Lua.BUMP.sha, bump],
  [TRY_COMMANDS.sha, tryCommands],
]);
