/** One thing to measure; each call of `run` counts as `operations` (1 unless told). */
export interface BenchCase {
  readonly name: string;
  readonly run: (turn: number) => void;
  readonly operations?: number;
}

/** Turns taken by every case; each in slices, so that a slow second of the machine hits all of them. */
const TURNS = 7;
const SLICE_MS = 120;
/** The compiler takes its time with large schemas. */
const WARM_UP_MS = 500;

const cpuMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
};

/** Operations per CPU second, by name: the median of the slices. */
export const measureRates = (cases: readonly BenchCase[]): ReadonlyMap<string, number> => {
  const samples = new Map<string, number[]>(cases.map(({ name }) => [name, []]));
  let turn = 0;
  for (let slice = 0; slice <= TURNS; slice++)
    for (const { name, run, operations = 1 } of cases) {
      const end = performance.now() + (slice === 0 ? WARM_UP_MS : SLICE_MS);
      const before = cpuMs();
      let done = 0;
      do {
        run(turn++);
        done++;
      } while (performance.now() < end);
      // The first slice warms up and is not counted.
      if (slice > 0) samples.get(name)?.push((done * operations * 1_000) / (cpuMs() - before));
    }
  return new Map(
    [...samples].map(([name, rates]) => [
      name,
      rates.toSorted((a, b) => a - b)[Math.floor(rates.length / 2)] ?? 0,
    ]),
  );
};
