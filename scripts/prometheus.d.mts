interface EnsureOptions {
  readonly log?: (line: string) => void;
}

/** The path of `promtool`. Installs it where it may, else throws an error that says what to type. */
export function ensurePromtool(options?: EnsureOptions): string;

/** The path of `prometheus`. Installs it where it may, else throws an error that says what to type. */
export function ensurePrometheus(options?: EnsureOptions): string;

/** The path of the Alertmanager. Installs it where it may, else throws an error that says what to type. */
export function ensureAlertmanager(options?: EnsureOptions): string;
