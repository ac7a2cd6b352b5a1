import type { MediaSession } from "../media/session";
import type { LessonView } from "../wire.gen";

/** What `window.qianshou` shows to tests and benchmarks: read only, made when read. Times are `performance.now()`. */
export interface Probe {
  readonly screen: string;
  readonly phase: string | null;
  readonly state: LessonView["state"] | null;
  readonly clickedAt: number | null;
  readonly firstFrameAt: number | null;
  readonly tracks: readonly {
    source: string;
    kind: string;
    rid: string | null;
    reason: string | null;
    packets: number;
    frames: number;
    lost: number;
    kbps: number;
    width: number;
    height: number;
    bufferMs: number;
  }[];
  readonly rttMs: number | null;
  readonly connected: boolean;
}

interface Seen {
  screen: string;
  phase: string | null;
  lesson: LessonView | null;
  media: MediaSession | null;
}

export function publishProbe(look: () => Seen) {
  let clickedAt: number | null = null;
  let firstFrameAt: number | null = null;
  Object.defineProperty(window, "qianshou", {
    configurable: true,
    get: (): Probe => {
      const { screen, phase, lesson, media } = look();
      return Object.freeze({
        screen,
        phase,
        state: lesson?.state ?? null,
        clickedAt,
        firstFrameAt,
        tracks: (media?.slots ?? []).map((slot) => ({
          source: slot.source,
          kind: slot.kind,
          rid: slot.rid,
          reason: slot.reason,
          packets: slot.counters?.packets ?? 0,
          frames: slot.counters?.frames ?? 0,
          lost: slot.counters?.lost ?? 0,
          kbps: slot.stats.kbps,
          width: slot.stats.width,
          height: slot.stats.height,
          bufferMs: slot.stats.bufferMs,
        })),
        rttMs: media?.rttMs ?? null,
        connected: media?.connected ?? false,
      });
    },
  });
  return {
    clicked(): void {
      clickedAt = performance.now();
      firstFrameAt = null;
    },
    frame(at: number): void {
      firstFrameAt ??= at;
    },
  };
}
