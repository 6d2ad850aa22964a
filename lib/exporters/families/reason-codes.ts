import type { CacheReason } from '../../api/reason.js';

/** Every reason, so that each series is born at 0. The type makes the list complete. */
const REASONS: Readonly<Record<CacheReason, true>> = {
  connecting: true,
  connection_refused: true,
  connection_lost: true,
  connection_failed: true,
  host_not_found: true,
  timeout: true,
  loading: true,
  read_only: true,
  out_of_memory: true,
  persistence_failing: true,
  cluster_down: true,
  failover: true,
  no_primary: true,
  master_down: true,
  busy: true,
  authentication: true,
  permission: true,
  max_clients: true,
  protocol_error: true,
  not_connected: true,
  cluster_node: true,
  sentinel: true,
  data_replaced: true,
  certificate: true,
  foreign_client: true,
  no_database: true,
  no_hello: true,
  tls_mismatch: true,
  closed: true,
  disabled: true,
};

export const REASON_CODES: readonly string[] = Object.keys(REASONS);
