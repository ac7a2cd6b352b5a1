/** One line of captions; times in seconds. */
export interface Cue {
  readonly begin: number;
  readonly end: number;
  readonly text: string;
}

const TIMES = /^(?:(\d+):)?(\d\d):(\d\d)[.,](\d{3})\s+-->\s+(?:(\d+):)?(\d\d):(\d\d)[.,](\d{3})/;

/** The cues of a WebVTT file (W3C WebVTT 1), in its order; what is no cue is passed over, markup is taken off. */
export function parseVtt(file: string): Cue[] {
  const cues: Cue[] = [];
  for (const block of file.replace(/\r\n?/g, "\n").split(/\n{2,}/)) {
    const lines = block.split("\n");
    const at = lines.findIndex((line) => TIMES.test(line));
    const found = at >= 0 ? TIMES.exec(lines[at]!) : null;
    if (!found) continue;
    const text = lines
      .slice(at + 1)
      .join("\n")
      .replace(/<[^>]*>/g, "")
      .replace(/&lt;/g, "<")
      .replace(/&gt;/g, ">")
      .replace(/&nbsp;/g, " ")
      .replace(/&amp;/g, "&")
      .trim();
    if (text) cues.push({ begin: seconds(found, 1), end: seconds(found, 5), text });
  }
  return cues;
}

function seconds(found: RegExpExecArray, first: number): number {
  const [hours, minutes, whole, milliseconds] = [0, 1, 2, 3].map((index) => Number(found[first + index] ?? 0));
  return hours! * 3600 + minutes! * 60 + whole! + milliseconds! / 1000;
}

/** What is said at this moment; overlapping cues one below the other. */
export function spokenAt(cues: readonly Cue[], position: number): string {
  return cues
    .filter((cue) => position >= cue.begin && position < cue.end)
    .map((cue) => cue.text)
    .join("\n");
}
