import type { BarLine } from './bars.js';

/** What the command line says; each part takes what concerns it. */
export interface Options {
  readonly fault?: readonly string[] | undefined;
  readonly only?: readonly string[] | undefined;
  readonly repeat?: number | undefined;
  readonly rate?: number | undefined;
  readonly work?: number | undefined;
  readonly duringMs?: number | undefined;
  readonly hangMs?: number | undefined;
  /** The folder of a build to compare with. */
  readonly before?: string | undefined;
  readonly all: boolean;
  /** Replace the published bars although the machine is busy. */
  readonly publish: boolean;
  readonly quick: boolean;
}

/** Writes down what there is so far, so that a long part can be interrupted. */
export type Keep = (figures: object) => void;

export interface Result {
  /** What is written as JSON. */
  readonly figures: object;
  readonly lines: readonly BarLine[];
  /** Markdown for a page of `docs/`, by the name between its marks: `<!-- bench: part/name -->`. */
  readonly texts?: Readonly<Record<string, string>>;
  /** Names of files, and SVG. */
  readonly pictures?: readonly (readonly [string, string])[];
}

export type Part = (options: Options, keep: Keep) => Promise<Result>;

/** The subjects that are wanted, of those that a part has. */
export function wanted<Name extends string>(names: readonly Name[], { only }: Options): Name[] {
  return names.filter((name) => only === undefined || only.includes(name));
}
