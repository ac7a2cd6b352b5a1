import type { RunPointView } from "../wire.gen";

/** A run's chart in a box: what was found and what no plan can exceed, as the corners of two stairs. */
export interface Chart {
  found: string;
  bound: string;
  /** Lessons at the lower and the upper edge. */
  low: number;
  high: number;
  /** Seconds at the left and the right edge. */
  from: number;
  to: number;
}

export function chartOf(points: readonly RunPointView[], width: number, height: number): Chart | null {
  const first = points[0];
  const last = points[points.length - 1];
  if (!first || !last) return null;
  const high = Math.max(1, ...points.map((point) => Math.max(point.bound, point.coverage)));
  // Bound and plan are close together most of the time: from zero on, one would see one line.
  const low = Math.max(0, Math.min(high - 1, Math.floor(Math.min(...points.map((point) => point.coverage)) * 0.95)));
  const span = Math.max(last.seconds - first.seconds, 0.001);
  const x = (point: RunPointView) => ((width * (point.seconds - first.seconds)) / span).toFixed(1);
  const y = (lessons: number) => (height * (1 - (lessons - low) / (high - low))).toFixed(1);
  const stairs = (value: (point: RunPointView) => number) =>
    [...points.map((point, i) => `${i > 0 ? `${x(point)},${y(value(points[i - 1]!))} ` : ""}${x(point)},${y(value(point))}`), `${width},${y(value(last))}`].join(" ");
  return { found: stairs((point) => point.coverage), bound: stairs((point) => point.bound), low, high, from: first.seconds, to: last.seconds };
}

/** The share of what may be possible that is still missing, in percent; never rounded down to nothing. */
export function gapPercent(point: RunPointView): number {
  return point.bound === 0 ? 0 : Math.ceil((1000 * (point.bound - point.coverage)) / point.bound) / 10;
}
