import type { CoverageCell, CoverageView } from "../wire.gen";

export type Mark = "none" | "missing" | "some" | "all";

/** How well what lacks is arranged. */
export function markOf(cell: CoverageCell): Mark {
  if (cell.wanted === 0) return "none";
  if (cell.given === 0) return "missing";
  return cell.given < cell.wanted ? "some" : "all";
}

export interface Row {
  schoolId: string;
  /** One for each subject of the table; null where the curriculum asks for nothing. */
  cells: (CoverageCell | null)[];
  wanted: number;
}

/** Schools that lack the most first, and only the subjects that anybody lacks. */
export function tableOf(coverage: CoverageView): { subjects: string[]; rows: Row[] } {
  const lacking = new Set(coverage.cells.filter((cell) => cell.wanted > 0).map((cell) => cell.subject));
  const subjects = coverage.subjects.filter((subject) => lacking.has(subject));
  const rows = coverage.schools.map((schoolId) => {
    const own = new Map(coverage.cells.filter((cell) => cell.school_id === schoolId).map((cell) => [cell.subject, cell]));
    const wanted = [...own.values()].reduce((sum, cell) => sum + cell.wanted, 0);
    return { schoolId, cells: subjects.map((subject) => own.get(subject) ?? null), wanted };
  });
  return { subjects, rows: rows.filter((row) => row.wanted > 0).sort((a, b) => b.wanted - a.wanted) };
}

export function percentOf(coverage: CoverageView): number {
  return coverage.wanted === 0 ? 100 : Math.floor((100 * coverage.given) / coverage.wanted);
}

/** "08:30" of minutes after midnight. */
export function bellTime(minutes: number): string {
  const two = (number: number) => String(number).padStart(2, "0");
  return `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}
