import type { CurriculumLine, RegistryView } from "../wire.gen";

export const GRADES = [1, 2, 3, 4, 5, 6, 7, 8, 9] as const;
/** As in the workbook: at most so many a week. */
export const MOST_LESSONS = 20;

export const keyOf = (grade: number, subject: string) => `${grade} ${subject}`;

/** Lessons a week by grade and subject: the region's, and the national plan's. */
export function curriculumOf(registry: RegistryView): { subjects: string[]; lessons: Record<string, number>; national: Record<string, number> } {
  const subjects = registry.subjects.map((one) => one.name);
  const lessons: Record<string, number> = {};
  const national: Record<string, number> = {};
  for (const subject of subjects) for (const grade of GRADES) lessons[keyOf(grade, subject)] = national[keyOf(grade, subject)] = 0;
  for (const line of registry.curriculum) {
    lessons[keyOf(line.grade, line.subject)] = line.lessons;
    national[keyOf(line.grade, line.subject)] = line.national;
  }
  return { subjects, lessons, national };
}

/** An emptied field is "". */
export function wrong(value: number | "" | undefined): boolean {
  return typeof value !== "number" || !Number.isInteger(value) || value < 0 || value > MOST_LESSONS;
}

/** What a region says that the national plan does not. */
export function differing(subjects: readonly string[], lessons: Record<string, number | "">, national: Record<string, number>): CurriculumLine[] {
  return subjects.flatMap((subject) =>
    GRADES.flatMap((grade) => {
      const value = lessons[keyOf(grade, subject)];
      return typeof value === "number" && value !== (national[keyOf(grade, subject)] ?? 0) ? [{ grade, subject, lessons: value }] : [];
    }),
  );
}

export function sumOf(subjects: readonly string[], lessons: Record<string, number | "">, grade: number): number {
  return subjects.reduce((sum, subject) => sum + (Number(lessons[keyOf(grade, subject)]) || 0), 0);
}
