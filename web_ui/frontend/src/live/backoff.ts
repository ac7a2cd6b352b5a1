/** First wait, longest wait (milliseconds). A whole county comes back after a restart: the jitter spreads it out. */
export const FIRST_MS = 400;
export const LONGEST_MS = 5_000;

/** How long to wait before the attempt after `failures` failed ones; `random` in [0, 1). Between half and all of the step. */
export function backoffMs(failures: number, random: number): number {
  const step = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.max(0, failures - 1));
  return Math.round(step * (0.5 + random / 2));
}
