import type { Language } from "./language";

/** "9:05" as people of the language write it. */
export function clockTime(iso: string, language: Language): string {
  return new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(new Date(iso));
}

/** "10月12日星期一" or "Monday, October 12". */
export function longDay(day: string, language: Language): string {
  return new Intl.DateTimeFormat(language, { month: "long", day: "numeric", weekday: "long" }).format(fromDay(day));
}

/** The local day as the wire writes it, "2026-10-12". */
export function dayOf(moment: Date): string {
  const two = (value: number) => String(value).padStart(2, "0");
  return `${moment.getFullYear()}-${two(moment.getMonth() + 1)}-${two(moment.getDate())}`;
}

/** Noon of a wire day: far from both of its ends, whatever the clock changes do. */
export function fromDay(day: string): Date {
  return new Date(`${day}T12:00:00`);
}

/** The day `days` later (or earlier). */
export function shiftDay(day: string, days: number): string {
  const moment = fromDay(day);
  moment.setDate(moment.getDate() + days);
  return dayOf(moment);
}

/** "45:07", or "1:02:03" from an hour on; never negative. */
export function duration(milliseconds: number): string {
  const total = Math.max(0, Math.floor(milliseconds / 1000));
  const two = (value: number) => String(value).padStart(2, "0");
  const hours = Math.floor(total / 3600);
  const minutes = Math.floor(total / 60) % 60;
  return hours > 0 ? `${hours}:${two(minutes)}:${two(total % 60)}` : `${two(minutes)}:${two(total % 60)}`;
}
