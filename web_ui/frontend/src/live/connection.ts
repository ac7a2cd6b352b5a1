import { backoffMs } from "./backoff";

/** Milliseconds. */
export const DIAL_LIMIT_MS = 8_000;
export const GREET_LIMIT_MS = 8_000;
export const PING_EVERY_MS = 5_000;
/** Two pings unanswered: a dead line that TCP has not noticed. */
export const SILENCE_LIMIT_MS = 11_000;

export type Command = "dial" | "greet" | "ping" | "hang_up";

export type Phase =
  | { readonly name: "stopped" }
  | { readonly name: "dialling"; readonly until: number }
  | { readonly name: "greeting"; readonly until: number }
  | { readonly name: "open"; readonly heardAt: number; readonly pingAt: number }
  | { readonly name: "waiting"; readonly until: number };

/**
 * When the socket is dialled, greeted, kept alive, given up and dialled again: a pure state machine. Methods take the
 * time and return what to do now; `nextTimer` says when `timer` wants to be called.
 */
export class Connection {
  phase: Phase = { name: "stopped" };
  failures = 0;
  /** When the line was lost; null while it is open or was never wanted. */
  lostAt: number | null = null;

  constructor(private readonly random: () => number) {}

  start(now: number): Command[] {
    if (this.phase.name !== "stopped") return [];
    this.failures = 0;
    return this.dial(now);
  }

  stop(): Command[] {
    const wasUp = this.phase.name !== "stopped" && this.phase.name !== "waiting";
    this.phase = { name: "stopped" };
    this.lostAt = null;
    return wasUp ? ["hang_up"] : [];
  }

  opened(now: number): Command[] {
    if (this.phase.name !== "dialling") return [];
    this.phase = { name: "greeting", until: now + GREET_LIMIT_MS };
    return ["greet"];
  }

  welcomed(now: number): Command[] {
    if (this.phase.name !== "greeting") return [];
    this.phase = { name: "open", heardAt: now, pingAt: now + PING_EVERY_MS };
    this.failures = 0;
    this.lostAt = null;
    return [];
  }

  /** Any frame arrived. */
  heard(now: number): void {
    if (this.phase.name === "open") this.phase = { ...this.phase, heardAt: now };
  }

  /** The socket closed, or dialling failed. */
  closed(now: number): Command[] {
    if (this.phase.name === "stopped" || this.phase.name === "waiting") return [];
    this.failures += 1;
    this.lostAt ??= now;
    this.phase = { name: "waiting", until: now + backoffMs(this.failures, this.random()) };
    return [];
  }

  /** The network came back or somebody looks at the page again: do not wait any longer. */
  wake(now: number): Command[] {
    if (this.phase.name === "waiting") return this.dial(now);
    if (this.phase.name === "open") return this.timer(now);
    return [];
  }

  timer(now: number): Command[] {
    const phase = this.phase;
    if (phase.name === "waiting" && now >= phase.until) return this.dial(now);
    if ((phase.name === "dialling" || phase.name === "greeting") && now >= phase.until) {
      this.closed(now);
      return ["hang_up"];
    }
    if (phase.name === "open") {
      if (now >= phase.heardAt + SILENCE_LIMIT_MS) {
        this.closed(now);
        return ["hang_up"];
      }
      if (now >= phase.pingAt) {
        this.phase = { ...phase, pingAt: now + PING_EVERY_MS };
        return ["ping"];
      }
    }
    return [];
  }

  /** When `timer` has something to do, or null. */
  nextTimer(): number | null {
    const phase = this.phase;
    if (phase.name === "stopped") return null;
    if (phase.name === "open") return Math.min(phase.pingAt, phase.heardAt + SILENCE_LIMIT_MS);
    return phase.until;
  }

  private dial(now: number): Command[] {
    this.phase = { name: "dialling", until: now + DIAL_LIMIT_MS };
    return ["dial"];
  }
}
