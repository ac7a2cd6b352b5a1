/**
 * One clock for all pictures and sounds of a recording. Positions are seconds from the recording's beginning; `now` is
 * `performance.now()`, milliseconds.
 */
export class LessonClock {
  private base = 0;
  private since: number | null = null;
  private speed = 1;

  get running(): boolean {
    return this.since !== null;
  }

  get rate(): number {
    return this.speed;
  }

  position(now: number): number {
    return this.since === null ? this.base : this.base + ((now - this.since) / 1000) * this.speed;
  }

  set(position: number, now: number): void {
    this.base = position;
    if (this.since !== null) this.since = now;
  }

  start(now: number): void {
    this.since ??= now;
  }

  stop(now: number): void {
    this.base = this.position(now);
    this.since = null;
  }

  setRate(rate: number, now: number): void {
    this.set(this.position(now), now);
    this.speed = rate;
  }
}

/** Closer than this nobody sees or hears a difference: less than half a frame at 25 a second. */
export const IN_STEP_S = 0.015;
/** Further off than this one jumps; below it is faster or slower for a moment. */
export const JUMP_BEYOND_S = 0.5;
/** How much faster or slower, as a part of the speed. Sound bears less than pictures. */
const MOST = { video: 0.12, audio: 0.03 } as const;

export type Correction = { kind: "none" } | { kind: "rate"; rate: number } | { kind: "jump" };

/** What brings something `drift` seconds ahead of the clock (negative: behind) back into step at speed `rate`. */
export function correction(drift: number, rate: number, medium: "video" | "audio"): Correction {
  if (Math.abs(drift) > JUMP_BEYOND_S) return { kind: "jump" };
  if (Math.abs(drift) < IN_STEP_S) return { kind: "none" };
  // In about half a second, if the medium bears it.
  const change = Math.max(-MOST[medium], Math.min(MOST[medium], -drift / (0.5 * rate)));
  return { kind: "rate", rate: rate * (1 + change) };
}

export interface Span {
  readonly begin: number;
  readonly end: number;
}

/** The hole that holds this moment: before a track begins, within it, or after its end (`end` is then infinite). */
export function holeAt(position: number, begin: number, end: number, holes: readonly Span[]): Span | null {
  if (position < begin) return { begin: 0, end: begin };
  if (position >= end) return { begin: end, end: Infinity };
  return holes.find((hole) => position >= hole.begin && position < hole.end) ?? null;
}

/** In how many seconds one catches up what lies `behind` at this speed; null when never. */
export function catchUpSeconds(behind: number, rate: number): number | null {
  return rate > 1 ? Math.max(0, behind) / (rate - 1) : null;
}
