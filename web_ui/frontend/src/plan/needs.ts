import type { NeedEdit, NeedsView, RegistryView } from "../wire.gen";

/** What one class lacks of a subject, as a form has it: `lessons` "" is as computed. */
export interface NeedRow {
  classId: string;
  name: string;
  required: number;
  own: number;
  computed: number;
  lessons: number | "";
  edit: Required<NeedEdit>;
}

/** The classes of a school that are to have the subject, or are said to lack it. */
export function needRows(registry: RegistryView, needs: NeedsView["needs"], schoolId: string, subject: string): NeedRow[] {
  const found = new Map(needs.filter((need) => need.subject === subject).map((need) => [need.class_id, need]));
  return registry.classes
    .filter((group) => group.school_id === schoolId)
    .map((group) => {
      const need = found.get(group.id);
      const required = registry.curriculum.find((line) => line.grade === group.grade && line.subject === subject)?.lessons ?? 0;
      // What is not listed the school gives in full.
      const own = group.own_teaching.find((one) => one.subject === subject)?.lessons ?? required;
      return {
        classId: group.id,
        name: group.name,
        required,
        own: Math.min(own, required),
        computed: need?.computed ?? 0,
        lessons: need?.edited ?? ("" as const),
        edit: {
          class_id: group.id,
          subject,
          lessons: need?.edited ?? null,
          priority: need?.priority ?? 1,
          allowed: need?.allowed ?? null,
          preferred: need?.preferred ?? [],
          previous_teacher_id: need?.previous_teacher_id ?? null,
        },
      };
    })
    .filter((row) => row.required > 0 || found.has(row.classId));
}

/** What was changed in the form, as it is sent. */
export function needEdits(before: readonly NeedRow[], after: readonly NeedRow[]): NeedEdit[] {
  const edits = (rows: readonly NeedRow[]) => rows.map((row) => ({ ...row.edit, lessons: row.lessons === "" ? null : row.lessons }));
  const old = edits(before).map((edit) => JSON.stringify(edit));
  return edits(after).filter((edit, place) => JSON.stringify(edit) !== old[place]);
}
