import { styleText } from "node:util";

/** Words of emphasis; each gives plain text back where colours are off. */
export interface Style {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly warn: (text: string) => string;
  readonly accent: (text: string) => string;
}

/** Emphasis by terminal colours, or none. */
export const createStyle = (colour: boolean): Style => {
  const paint =
    (format: Parameters<typeof styleText>[0]) =>
    (text: string): string =>
      // The caller has looked at the stream already; Node's own check would look at another one.
      colour ? styleText(format, text, { validateStream: false }) : text;
  return {
    bold: paint("bold"),
    dim: paint("dim"),
    good: paint("green"),
    bad: paint("red"),
    warn: paint("yellow"),
    accent: paint("cyan"),
  };
};
