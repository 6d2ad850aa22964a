/** Where a server listens. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** `host:port`; a host that has colons itself (IPv6) stands in brackets. */
export function addressText({ host, port }: Address): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

export function isSameAddress(a: Address, b: Address): boolean {
  return a.port === b.port && a.host === b.host;
}

export function isPort(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 65_535;
}

const ADDRESS = /^(?:\[([0-9a-f:.]+)\]|([^\s:[\]/?#@,]+))(?::(\d{1,5}))?$/i;

/** Reads `host`, `host:port` or `[IPv6]:port`; `undefined` if it is nothing of the kind. */
export function parseAddress(text: string, defaultPort: number): Address | undefined {
  const [, v6, name, digits] = ADDRESS.exec(text) ?? [];
  const host = v6 ?? name;
  const port = digits === undefined ? defaultPort : Number(digits);
  return host === undefined || !isPort(port) ? undefined : { host, port };
}
