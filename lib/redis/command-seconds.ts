/** The bounds of the histogram of command times, in seconds. */
export const COMMAND_SECONDS: readonly number[] = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1,
];
