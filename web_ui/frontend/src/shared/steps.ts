import type { LessonState } from "../wire.gen";

/** What a page may offer of `POST /api/v1/lessons/{id}/…` in a state (the transition table of classroom.model.lesson). */
export function stepsFrom(state: LessonState): readonly ("start" | "stop" | "cancel")[] {
  switch (state) {
    case "planned":
    case "ready":
      return ["start", "cancel"];
    case "live":
    case "interrupted":
      return ["stop"];
    default:
      return [];
  }
}
