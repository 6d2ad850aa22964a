const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');
const DAY = '(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)';
const LONG_DAY = '(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day';
const MONTH = `(?<month>${MONTHS.join('|')})`;
const TIME = '(?<hour>\\d\\d):(?<minute>\\d\\d):(?<second>\\d\\d)';

/** The three forms of RFC 9110, 5.6.7. */
const FORMS = [
  new RegExp(`^${DAY}, (?<day>\\d\\d) ${MONTH} (?<year>\\d{4}) ${TIME} GMT$`),
  new RegExp(`^${LONG_DAY}, (?<day>\\d\\d)-${MONTH}-(?<year>\\d\\d) ${TIME} GMT$`),
  new RegExp(`^${DAY} ${MONTH} (?<day>[ \\d]\\d) ${TIME} (?<year>\\d{4})$`),
];

/** Milliseconds since 1970 of a date in a header; `undefined` if it has none of the forms of HTTP. */
export function parseHttpDate(text: string | undefined): number | undefined {
  for (const form of FORMS) {
    const parts = form.exec(text ?? '')?.groups as unknown as Parts | undefined;
    if (parts === undefined) continue;
    const { day, month, year, hour, minute, second } = parts;
    const fullYear = year.length === 2 ? 2_000 + Number(year) : Number(year);
    const at = [Number(hour), Number(minute), Number(second)] as const;
    return Date.UTC(fullYear, MONTHS.indexOf(month), Number(day), ...at);
  }
  return undefined;
}

interface Parts {
  readonly day: string;
  readonly month: string;
  readonly year: string;
  readonly hour: string;
  readonly minute: string;
  readonly second: string;
}
