/** The line of a healthy start. Tests of an outage look at the lines after it. */
export function isStartLine(line: string): boolean {
  return / serves, with the prefix '/.test(line);
}
