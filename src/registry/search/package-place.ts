/** Log positions are below this: 2^44 releases. */
const POSITIONS = 2 ** 44;
/** Steps of popularity; each is twice as many dependents as the one before. */
const MAX_STEP = 200;
const PLACES = (MAX_STEP + 1) * POSITIONS;

/**
 * A package's place among all that answer a question equally well; a lower one comes first. More dependents first, in
 * steps of two, then whatever was released last. It follows from the log alone, so that every mirror answers in the same
 * order, and nobody's downloads are counted. No two packages share one, because no two share a log position. A safe
 * integer, and never negative.
 */
export const placeOf = (known: {
  /** Other publishers whose packages call it. */
  readonly dependents: number;
  /** Log position of its newest release. */
  readonly position: number;
}): number => {
  const step = Math.min(MAX_STEP, Math.ceil(Math.log2(1 + known.dependents)));
  return PLACES - 1 - (step * POSITIONS + known.position);
};
