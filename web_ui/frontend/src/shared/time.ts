import type { Language } from "./language";

/** Days and hours are the schools', as on the server (classroom.clock.SCHOOL_ZONE), wherever this browser stands. */
export const SCHOOL_ZONE = "Asia/Shanghai";
/** China has one zone and no summer time. */
const SCHOOL_OFFSET = "+08:00";
const DAY_MS = 24 * 3600 * 1000;

/** "09:05". */
export function clockTime(moment: string | number, language: Language): string {
  return new Intl.DateTimeFormat(language, {
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
    timeZone: SCHOOL_ZONE,
  }).format(new Date(moment));
}

/** "10月12日星期一" or "Monday, October 12". */
export function longDay(day: string, language: Language): string {
  return new Intl.DateTimeFormat(language, {
    month: "long",
    day: "numeric",
    weekday: "long",
    timeZone: SCHOOL_ZONE,
  }).format(Date.parse(moment(day, "12:00")));
}

/** The schools' day as the wire writes it, "2026-10-12". */
export function dayOf(milliseconds: number): string {
  // Canadian English writes dates as ISO 8601 does.
  return new Intl.DateTimeFormat("en-CA", { timeZone: SCHOOL_ZONE, year: "numeric", month: "2-digit", day: "2-digit" }).format(
    milliseconds,
  );
}

/** The wire's moment for a day and an hour of the schools ("2026-10-12", "09:05"). */
export function moment(day: string, time: string): string {
  return `${day}T${time}:00${SCHOOL_OFFSET}`;
}

/** The day `days` later (or earlier). */
export function shiftDay(day: string, days: number): string {
  return dayOf(Date.parse(moment(day, "12:00")) + days * DAY_MS);
}

/** "45:07", or "1:02:03" from an hour on; never negative. */
export function duration(milliseconds: number): string {
  const total = Math.max(0, Math.floor(milliseconds / 1000));
  const two = (value: number) => String(value).padStart(2, "0");
  const hours = Math.floor(total / 3600);
  const minutes = Math.floor(total / 60) % 60;
  return hours > 0 ? `${hours}:${two(minutes)}:${two(total % 60)}` : `${two(minutes)}:${two(total % 60)}`;
}

/** "2026/10/12" or "Oct 12, 2026". */
export function shortDay(moment: string, language: Language): string {
  return new Intl.DateTimeFormat(language, { dateStyle: "medium", timeZone: SCHOOL_ZONE }).format(Date.parse(moment));
}
