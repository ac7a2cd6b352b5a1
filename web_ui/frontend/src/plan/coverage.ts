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
  missing: number;
}

/** Schools that still lack the most first, then those that wanted most, and only the subjects that anybody lacks. */
export function tableOf(coverage: CoverageView): { subjects: string[]; rows: Row[] } {
  const lacking = new Set(coverage.cells.filter((cell) => cell.wanted > 0).map((cell) => cell.subject));
  const subjects = coverage.subjects.filter((subject) => lacking.has(subject));
  const rows = coverage.schools.map((schoolId) => {
    const own = new Map(coverage.cells.filter((cell) => cell.school_id === schoolId).map((cell) => [cell.subject, cell]));
    let wanted = 0;
    let missing = 0;
    for (const cell of own.values()) {
      wanted += cell.wanted;
      missing += Math.max(0, cell.wanted - cell.given);
    }
    return { schoolId, cells: subjects.map((subject) => own.get(subject) ?? null), wanted, missing };
  });
  return { subjects, rows: rows.filter((row) => row.wanted > 0).sort((a, b) => b.missing - a.missing || b.wanted - a.wanted) };
}

export function percentOf(coverage: CoverageView): number {
  return coverage.wanted === 0 ? 100 : Math.floor((100 * coverage.given) / coverage.wanted);
}

/** "08:30" of minutes after midnight. */
export function bellTime(minutes: number): string {
  const two = (number: number) => String(number).padStart(2, "0");
  return `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}
