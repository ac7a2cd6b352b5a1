import type { LessonView, SessionView } from "../wire.gen";

export type Filter = "all" | "running" | "upcoming" | "over";
export const FILTERS: readonly Filter[] = ["all", "running", "upcoming", "over"];

const OF: Readonly<Record<LessonView["state"], Exclude<Filter, "all">>> = {
  planned: "upcoming",
  ready: "upcoming",
  live: "running",
  interrupted: "running",
  ended: "over",
  archived: "over",
  cancelled: "over",
};
const ORDER: readonly Filter[] = ["running", "upcoming", "over"];

/** The lessons of a filter: running ones first, then by time. */
export function filtered(lessons: readonly LessonView[], filter: Filter): LessonView[] {
  return lessons
    .filter((lesson) => filter === "all" || OF[lesson.state] === filter)
    .sort(
      (a, b) =>
        ORDER.indexOf(OF[a.state]) - ORDER.indexOf(OF[b.state]) ||
        Date.parse(a.starts_at) - Date.parse(b.starts_at) ||
        a.title.localeCompare(b.title),
    );
}

export function countOf(lessons: readonly LessonView[], filter: Filter): number {
  return filter === "all" ? lessons.length : lessons.filter((lesson) => OF[lesson.state] === filter).length;
}

/** Whether to offer starting, stopping and cancelling; the server has the last word. */
export function mayControl(session: SessionView | null): boolean {
  return session !== null && session.roles.some((role) => role === "admin" || role === "coordinator" || role === "teacher");
}
