import type { ChildProcess } from 'node:child_process';

/** The path of `varnishd`, with vmod xkey. Installs it where it may, else throws an error that says what to type. */
export function ensureVarnish(options?: { readonly log?: (line: string) => void }): string;

/** Starts Varnish with deploy/varnish.vcl in front of an application on this machine. It ends with this process. */
export function startVarnish(options: {
  readonly program: string;
  readonly port: number;
  /** The port of the application. */
  readonly originPort: number;
  /** Whether it gets a process group of its own, which Ctrl-C in a terminal does not reach. */
  readonly isDetached?: boolean;
}): ChildProcess;
