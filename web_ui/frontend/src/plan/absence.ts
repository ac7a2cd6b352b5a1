import type { OutageEdit, SchoolPlanView } from "../wire.gen";

export type Kind = OutageEdit["kind"];
export const KINDS: readonly Kind[] = ["teacher", "school", "room", "line"];

/** What is said of an absence: who, on which days of the week, in which periods of the bell (none: all day). */
export interface Absence {
  kind: Kind;
  id: string;
  days: number[];
  periods: number[];
  rooms: number;
}

/** One outage for each day and each unbroken run of periods: from the first bell of it to the last. */
export function outagesOf(absence: Absence, bell: SchoolPlanView["bell"]): OutageEdit[] {
  const { kind, id, rooms } = absence;
  const spans = absence.periods.length === 0 ? [[0, 24 * 60] as const] : spansOf(absence.periods, bell);
  return [...absence.days].sort((a, b) => a - b).flatMap((day) => spans.map(([start_min, end_min]) => ({ kind, id, day, start_min, end_min, rooms })));
}

function spansOf(periods: readonly number[], bell: SchoolPlanView["bell"]): (readonly [number, number])[] {
  const spans: [number, number][] = [];
  let last: number | null = null;
  for (const period of [...periods].sort((a, b) => a - b)) {
    const [begins, ends] = bell[period]!;
    if (last === period - 1) spans[spans.length - 1]![1] = ends;
    else spans.push([begins, ends]);
    last = period;
  }
  return spans;
}
