import type { EncodingView, LessonView, SourceView } from "../wire.gen";

/** What a viewer may choose for the large picture. */
export type QualityChoice = "auto" | "high" | "medium" | "low" | "audio_only";
export const QUALITY_CHOICES: readonly QualityChoice[] = ["auto", "high", "medium", "low", "audio_only"];

/** Which source is large until somebody chooses: the mixed programme, else whoever teaches, else what is taught. */
const LARGE_FIRST: readonly string[] = ["programme", "teacher", "slides", "board", "panorama", "students"];

export interface Stage {
  /** The source shown large; null while no source has a picture. */
  readonly large: string | null;
  /** The others with a picture, in the order they are published. */
  readonly small: readonly string[];
}

/** Lay the sources out: `chosen` is large as long as it is published. */
export function stageOf(sources: readonly SourceView[], chosen: string | null): Stage {
  const seen = sources.filter((source) => source.kinds.includes("video")).map((source) => source.name);
  const large = seen.includes(chosen ?? "")
    ? chosen
    : (LARGE_FIRST.find((name) => seen.includes(name)) ?? seen[0] ?? null);
  return { large, small: seen.filter((name) => name !== large) };
}

/**
 * The `encoding` of `media_prefer` for one source's picture. Small pictures take the lowest encoding, so that the line
 * serves the large one; encodings are given from the highest to the lowest.
 */
export function encodingFor(choice: QualityChoice, encodings: readonly EncodingView[], large: boolean): string {
  if (choice === "audio_only") return "off";
  const highest = encodings[0]?.rid;
  const lowest = encodings[encodings.length - 1]?.rid;
  if (highest === undefined || lowest === undefined || encodings.length === 1) return "auto";
  if (!large) return lowest;
  if (choice === "high") return highest;
  if (choice === "low") return lowest;
  if (choice === "medium") return encodings[Math.floor(encodings.length / 2)]!.rid;
  return "auto";
}

export type LessonPhase = "waiting" | "live" | "interrupted" | "ended" | "cancelled";

/** What a lesson's state means to somebody who came to watch. */
export function phaseOf(state: LessonView["state"]): LessonPhase {
  switch (state) {
    case "planned":
    case "ready":
      return "waiting";
    case "live":
      return "live";
    case "interrupted":
      return "interrupted";
    case "ended":
    case "archived":
      return "ended";
    case "cancelled":
      return "cancelled";
  }
}
