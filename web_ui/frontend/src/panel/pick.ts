import type { LessonView } from "../wire.gen";

const GRACE_MS = 30 * 60_000;

/**
 * The lesson the panel shows until the teacher picks another: the one running, else the one whose time it is or that
 * comes next, else the last of the day.
 */
export function lessonToShow(lessons: readonly LessonView[], chosen: string | null, nowMs: number): LessonView | null {
  const picked = lessons.find((lesson) => lesson.id === chosen);
  if (picked) return picked;
  const running = lessons.find((lesson) => lesson.state === "live" || lesson.state === "interrupted");
  if (running) return running;
  const waiting = lessons.filter((lesson) => lesson.state === "planned" || lesson.state === "ready");
  return (
    waiting.find((lesson) => Date.parse(lesson.ends_at) + GRACE_MS > nowMs) ??
    waiting[waiting.length - 1] ??
    lessons[lessons.length - 1] ??
    null
  );
}

/** By beginning, then by title, so that the list never jumps. */
export function inOrder(lessons: readonly LessonView[]): LessonView[] {
  return [...lessons].sort((a, b) => Date.parse(a.starts_at) - Date.parse(b.starts_at) || a.title.localeCompare(b.title));
}

/** The points a lesson expects that nobody connected under that name. */
export function missingPoints(lesson: LessonView): string[] {
  const here = new Set((lesson.viewers ?? []).map((viewer) => viewer.name.trim()));
  return lesson.points.filter((point) => !here.has(point.trim()));
}

/** Where a level stands on a meter from silence (0) to full scale (1); -60 dBFS and below is the silent end. */
export function meterPosition(dbfs: number): number {
  return Math.min(1, Math.max(0, (dbfs + 60) / 60));
}
