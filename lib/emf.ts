// Metrics for CloudWatch, as lines of text.

export { type EmfOptions, emfLine } from './exporters/push/emf-line.js';
export type { MetricsSource } from './exporters/sources.js';
