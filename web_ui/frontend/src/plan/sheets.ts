import { dayOf, moment, shiftDay } from "../shared/time";
import type { PlannedLessonView } from "../wire.gen";
import { SCHOOL_ZONE } from "../shared/time";

/** Whose timetable a printed page is. */
export type Whose = "teacher" | "room" | "school" | "point";
export const WHOSE: readonly Whose[] = ["teacher", "room", "school", "point"];

/** One page: the lessons of one week, of somebody. */
export interface Sheet {
  name: string;
  rows: { minute: number; days: PlannedLessonView[][] }[];
}

/** The Monday of a day's week. */
export function mondayOf(day: string): string {
  return shiftDay(day, -((new Date(moment(day, "12:00")).getUTCDay() + 6) % 7));
}

function namesOf(lesson: PlannedLessonView, whose: Whose): string[] {
  if (whose === "teacher") return [`${lesson.teacher_name} · ${lesson.school_name}`];
  if (whose === "room") return [`${lesson.school_name} · ${lesson.room_name}`];
  return whose === "school" ? [lesson.school_name] : lesson.points;
}

const minutes = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: SCHOOL_ZONE });

function minuteOf(lesson: PlannedLessonView): number {
  const [hour, minute] = minutes.format(Date.parse(lesson.starts_at)).split(":").map(Number);
  return hour! * 60 + minute!;
}

/** The days of a week that have a column: Monday to Friday, and days of the weekend on which somebody works. */
export function columnsOf(lessons: readonly PlannedLessonView[], monday: string): string[] {
  const busy = new Set(lessons.map((lesson) => dayOf(Date.parse(lesson.starts_at))));
  return Array.from({ length: 7 }, (_, day) => shiftDay(monday, day)).filter((day, number) => number < 5 || busy.has(day));
}

/** A page for everybody who has lessons that week, by name. Cancelled lessons are on none. */
export function sheetsOf(lessons: readonly PlannedLessonView[], whose: Whose, columns: readonly string[]): Sheet[] {
  const found = new Map<string, PlannedLessonView[]>();
  for (const lesson of lessons) {
    if (lesson.state === "cancelled") continue;
    for (const name of namesOf(lesson, whose)) found.set(name, [...(found.get(name) ?? []), lesson]);
  }
  return [...found]
    .sort(([a], [b]) => a.localeCompare(b, "zh"))
    .map(([name, own]) => ({
      name,
      rows: [...new Set(own.map(minuteOf))]
        .sort((a, b) => a - b)
        .map((minute) => ({
          minute,
          days: columns.map((day) => own.filter((lesson) => minuteOf(lesson) === minute && dayOf(Date.parse(lesson.starts_at)) === day)),
        })),
    }));
}
