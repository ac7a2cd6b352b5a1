import type { CourseView, RunPointView } from "../wire.gen";

/** One weekly lesson: of which course, which of its lessons, when. */
export interface Slot {
  course: CourseView;
  lesson: number;
  day: number;
  minute: number;
}

export function slotsOf(courses: readonly CourseView[]): Slot[] {
  return courses.flatMap((course) => course.lessons.map(([day, minute], lesson) => ({ course, lesson, day, minute })));
}

/** Whether a school gives or receives a course; "" is every school. */
export function takesPart(course: CourseView, schoolId: string): boolean {
  return schoolId === "" || course.school_id === schoolId || course.attending.some((one) => one.school_id === schoolId);
}

/** Rows by the minute lessons begin; in each, the lessons of every weekday. */
export function rowsOf(slots: readonly Slot[], days: number): { minute: number; days: Slot[][] }[] {
  const minutes = [...new Set(slots.map((slot) => slot.minute))].sort((a, b) => a - b);
  return minutes.map((minute) => ({
    minute,
    days: Array.from({ length: days }, (_, day) =>
      slots
        .filter((slot) => slot.minute === minute && slot.day === day)
        .sort((a, b) => a.course.subject.localeCompare(b.course.subject, "zh")),
    ),
  }));
}

/** The corners of a line over a run's seconds in a box, as an SVG polyline has them; the last value holds to the end. */
export function lineOf(points: readonly RunPointView[], value: (point: RunPointView) => number, width: number, height: number): string {
  const last = points[points.length - 1];
  if (!last) return "";
  const most = Math.max(1, ...points.map((point) => Math.max(point.bound, point.coverage)));
  const span = Math.max(last.seconds, 0.001);
  const place = (point: RunPointView) => `${((width * point.seconds) / span).toFixed(1)},${(height * (1 - value(point) / most)).toFixed(1)}`;
  return points.map(place).join(" ");
}
