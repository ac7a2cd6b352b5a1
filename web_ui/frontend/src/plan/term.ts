import { shiftDay } from "../shared/time";
import type { PlanRulesView, TermDayView } from "../wire.gen";

/** A number that holds for every lesson of a term, as the server takes it. */
interface Limit {
  name: keyof PlanRulesView;
  least: number;
  most: number;
  step: number | "any";
}

export const LIMITS: readonly Limit[] = [
  { name: "lesson_min", least: 10, most: 120, step: 1 },
  { name: "changeover_min", least: 0, most: 30, step: 1 },
  { name: "grid_min", least: 1, most: 30, step: 1 },
  { name: "max_points", least: 1, most: 20, step: 1 },
  { name: "host_up_mbps", least: 0, most: 100_000, step: "any" },
  { name: "host_down_per_point_mbps", least: 0, most: 100_000, step: "any" },
  { name: "point_down_mbps", least: 0, most: 100_000, step: "any" },
  { name: "point_up_mbps", least: 0, most: 100_000, step: "any" },
  { name: "node_participants", least: 2, most: 100_000, step: 1 },
];

/** What the server takes where nobody says otherwise. */
export const RULES: PlanRulesView = {
  lesson_min: 40, grid_min: 5, max_points: 3, changeover_min: 5,
  host_up_mbps: 6, host_down_per_point_mbps: 1.5, point_down_mbps: 6, point_up_mbps: 1.5, node_participants: 200,
};

/** The days of a term that has other first and last days now. */
export function within(days: readonly TermDayView[], first: string, last: string): TermDayView[] {
  return days.filter((one) => first <= one.day && one.day <= last);
}

/**
 * `days`, and each day from `first` to `last` without lessons, for an exam week or a holiday. What was said of one of
 * them before is replaced; weekends, on which there are no lessons anyway, are left out unless something was said.
 */
export function withSpan(days: readonly TermDayView[], first: string, last: string, kind: TermDayView["kind"], note: string): TermDayView[] {
  const known = new Map(days.map((one) => [one.day, one]));
  for (let day = first; day <= last; day = shiftDay(day, 1)) {
    const weekend = [0, 6].includes(new Date(`${day}T12:00:00Z`).getUTCDay());
    if (!weekend || known.has(day)) known.set(day, { day, kind, follows: null, note });
  }
  return [...known.values()].sort((a, b) => a.day.localeCompare(b.day));
}
