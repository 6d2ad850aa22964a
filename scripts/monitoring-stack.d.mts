export interface SentAlert {
  readonly status: 'firing' | 'resolved';
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

export interface MonitoringOptions {
  /** Host and port of the application. */
  readonly target: string;
  /** What every duration of the rules is divided by. By default 30. */
  readonly factor?: number;
  readonly onAlert?: (alert: SentAlert) => void;
  readonly log?: (line: string) => void;
}

export interface Monitoring {
  /** Of Prometheus. */
  readonly url: string;
  readonly alertmanagerUrl: string;
  stop(): Promise<void>;
}

/** The package's rules with every duration divided. */
export function acceleratedRules(factor: number): string;

/** Starts Prometheus and Alertmanager for one application. Resolves when both answer. */
export function startMonitoring(options: MonitoringOptions): Promise<Monitoring>;
