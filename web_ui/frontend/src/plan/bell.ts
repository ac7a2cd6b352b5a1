import { bellTime } from "./coverage";

type Bell = [number, number][];

/** "08:20-09:00" a line. */
export function bellText(bell: Bell): string {
  return bell.map(([begins, ends]) => `${bellTime(begins)}-${bellTime(ends)}`).join("\n");
}

/** The lines as minutes after midnight; or the number, from 1, of the first line that is no period. */
export function bellOf(written: string): Bell | number {
  const bell: Bell = [];
  const lines = written.split("\n").map((line) => line.trim()).filter((line) => line !== "");
  for (const [number, line] of lines.entries()) {
    const found = /^(\d{1,2})[:：](\d{2})\s*[-–—~至]\s*(\d{1,2})[:：](\d{2})$/.exec(line);
    if (!found) return number + 1;
    const [hour, minute, toHour, toMinute] = found.slice(1).map(Number) as [number, number, number, number];
    const [begins, ends] = [60 * hour + minute, 60 * toHour + toMinute];
    if (minute > 59 || toMinute > 59 || ends > 24 * 60 || begins >= ends) return number + 1;
    bell.push([begins, ends]);
  }
  return bell;
}
