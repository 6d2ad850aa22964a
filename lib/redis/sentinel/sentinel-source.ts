import type { SentinelServers } from '../connection/client.js';
import type { SourceOptions } from '../connection/connection.js';
import { NamedSource } from '../naming/named-source.js';
import { MasterWatch } from './master-watch.js';
import { SentinelLink } from './sentinel-link.js';

/** Connections to the server that Sentinels name. */
export function sentinelSource(servers: SentinelServers, options: SourceOptions): NamedSource {
  const { clock } = options;
  const { master, nat, connect, connectSentinel, sentinels } = servers;
  const linkTo = { clock, master, nat, connect: connectSentinel };
  return new NamedSource(
    {
      connect,
      naming: (named) =>
        new MasterWatch({
          clock,
          links: sentinels.map((address) => new SentinelLink(address, linkTo)),
          isInUse: () => named.isInUse(),
          onNamed: (address) => named.named(address),
        }),
    },
    options,
  );
}
