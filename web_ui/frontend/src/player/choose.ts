import type { TrackView } from "../wire.gen";

/** Which picture stands first, as on the join page and in the playlists. */
const FIRST: readonly string[] = ["programme", "teacher", "slides", "screen", "board", "panorama", "students"];

export type Layout = "beside" | "large" | "alone";
export const LAYOUTS: readonly Layout[] = ["beside", "large", "alone"];

/**
 * The tracks to play: every picture, and every source's sound in the first codec that `plays` says this browser has.
 * A sound it has in no codec stays in, so that the page can say so.
 */
export function tracksToPlay(tracks: readonly TrackView[], plays: (track: TrackView) => boolean): TrackView[] {
  const pictures = tracks.filter((track) => track.kind === "video").sort((a, b) => rank(a.name) - rank(b.name));
  const sounds: TrackView[] = [];
  for (const track of tracks) {
    if (track.kind !== "audio" || sounds.some((sound) => sound.name === track.name)) continue;
    const alike = tracks.filter((other) => other.kind === "audio" && other.name === track.name);
    sounds.push(alike.find(plays) ?? track);
  }
  return [...sounds.sort((a, b) => rank(a.name) - rank(b.name)), ...pictures];
}

function rank(name: string): number {
  const at = FIRST.indexOf(name);
  return at < 0 ? FIRST.length : at;
}

/** Which pictures are shown large in a layout, in order; the others are small, or not shown when alone. */
export function largeOnes(pictures: readonly string[], layout: Layout, chosen: string | null): string[] {
  const main = pictures.includes(chosen ?? "") ? chosen! : pictures[0];
  if (main === undefined) return [];
  if (layout !== "beside") return [main];
  const second = pictures.find((name) => name !== main);
  return second === undefined ? [main] : pictures.filter((name) => name === main || name === second);
}

/** Where to begin: where one left, unless that was the very beginning or the end. */
export function resumePoint(kept: string | null, end: number): number {
  const position = Number(kept ?? "0");
  return Number.isFinite(position) && position > 15 && position < end - 15 ? position : 0;
}

/** What begins within so many seconds of the first track belongs to the beginning. */
const TOGETHER_S = 2;

/** Where all is there that the lesson begins with: it is started before its first picture, and sound is quicker. */
export function firstMoment(tracks: readonly TrackView[]): number {
  const begins = tracks.map((track) => {
    const hole = track.holes.find((each) => each.begin_s <= track.offset_s + 0.01);
    return hole?.end_s ?? track.offset_s;
  });
  const first = Math.min(...begins);
  return Math.max(0, ...begins.filter((begin) => begin <= first + TOGETHER_S));
}

export const SPEEDS: readonly number[] = [0.75, 1, 1.25, 1.5, 2];
/** Of a running lesson: what is caught up faster than this is not understood. */
export const CATCH_UP_SPEEDS: readonly number[] = [1, 1.1, 1.25];
