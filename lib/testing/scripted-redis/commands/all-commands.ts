import type { CommandTable } from './command.js';
import { HASH_COMMANDS } from './hashes.js';
import { KEY_COMMANDS } from './keys.js';
import { SCAN_COMMANDS } from './scan.js';
import { SCRIPT_COMMANDS } from './scripting.js';
import { SERVER_COMMANDS } from './server.js';
import { STRING_COMMANDS } from './strings.js';

/** All commands that this package sends. */
export const COMMANDS: CommandTable = {
  ...STRING_COMMANDS,
  ...KEY_COMMANDS,
  ...HASH_COMMANDS,
  ...SCAN_COMMANDS,
  ...SERVER_COMMANDS,
  ...SCRIPT_COMMANDS,
};
