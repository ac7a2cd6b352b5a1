import Hls, { ErrorTypes, Events, type HlsConfig, type LevelDetails } from "hls.js/light";
import type { TrackView } from "../wire.gen";
import { holeAt, type Span } from "./clock";

/** Why a track shows or sounds nothing. "hole": nothing was recorded then. */
export type DeckTrouble = "codec" | "network" | "hole" | null;

const HAVE_FUTURE_DATA = 3;
/** After so many fatal errors in a row without anything played the track is given up. */
const MOST_ERRORS = 5;
const RETRY_MS = 2_000;

/** Whether this browser plays a track; with MSE, or natively as Safari on older phones does. */
export function playable(track: TrackView): boolean {
  if (Hls.isMSESupported()) {
    const source = (window as { ManagedMediaSource?: typeof MediaSource }).ManagedMediaSource ?? MediaSource;
    return source.isTypeSupported(`${track.kind}/mp4; codecs="${track.codec}"`);
  }
  return document.createElement("video").canPlayType("application/vnd.apple.mpegurl") !== "" && track.codec !== "opus";
}

/** One track in one media element. Knows nothing of the others; a clock tells it when it should be where. */
export class Deck {
  private hls: Hls | null = null;
  private errors = 0;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private listed: Span[] = [];
  private listedEnd = 0;
  private wanted = 0;
  trouble: DeckTrouble = null;

  constructor(
    readonly track: TrackView,
    readonly element: HTMLMediaElement,
    private readonly authorization: string | null,
  ) {
    this.listedEnd = track.end_s;
    this.listed = track.holes.map((hole) => ({ begin: hole.begin_s, end: hole.end_s }));
    if (!playable(track)) this.trouble = "codec";
  }

  /** Recording time of what is shown. */
  get time(): number {
    return this.element.currentTime + this.track.offset_s;
  }

  /** The last moment there is, as far as the playlist says. */
  get end(): number {
    return this.listedEnd;
  }

  get usable(): boolean {
    return this.trouble !== "codec" && this.trouble !== "network";
  }

  /** Whether it could go on this moment. */
  get ready(): boolean {
    return this.element.readyState >= HAVE_FUTURE_DATA && !this.element.seeking;
  }

  holeAt(position: number): Span | null {
    return holeAt(position, this.track.offset_s, this.listedEnd, this.listed);
  }

  /** Begin to load, so that `position` can be shown. */
  load(position: number): void {
    if (!this.usable) return;
    this.wanted = position;
    const start = Math.max(0, position - this.track.offset_s);
    if (!Hls.isMSESupported()) {
      this.element.src = this.track.url;
      this.element.currentTime = start;
      return;
    }
    const config: Partial<HlsConfig> = {
      startPosition: start,
      maxBufferLength: 20,
      maxMaxBufferLength: 60,
      backBufferLength: 60,
      // We decide where a running lesson is watched; it never jumps ahead by itself.
      liveSyncDurationCount: 3,
      liveMaxLatencyDurationCount: Infinity,
      liveDurationInfinity: false,
    };
    const authorization = this.authorization;
    if (authorization !== null) {
      config.xhrSetup = (request) => request.setRequestHeader("Authorization", authorization);
    }
    const hls = new Hls(config);
    this.hls = hls;
    hls.on(Events.LEVEL_UPDATED, (_, data) => this.listedAs(data.details));
    hls.on(Events.FRAG_BUFFERED, () => (this.errors = 0));
    hls.on(Events.ERROR, (_, data) => {
      if (data.fatal) this.failed(data.type === ErrorTypes.MEDIA_ERROR);
    });
    hls.loadSource(this.track.url);
    hls.attachMedia(this.element);
  }

  seek(position: number): void {
    this.wanted = position;
    const to = Math.max(0, Math.min(position, this.listedEnd - 0.05) - this.track.offset_s);
    if (Math.abs(this.element.currentTime - to) > 0.001) this.element.currentTime = to;
  }

  play(): void {
    // A refusal (no gesture yet) shows as an element that stays paused.
    this.element.play().catch(() => undefined);
  }

  pause(): void {
    if (!this.element.paused) this.element.pause();
  }

  close(): void {
    clearTimeout(this.retry);
    this.hls?.destroy();
    this.hls = null;
    this.element.removeAttribute("src");
  }

  private listedAs(details: LevelDetails): void {
    const offset = this.track.offset_s;
    const holes: { begin: number; end: number }[] = [];
    for (const fragment of details.fragments) {
      if (!fragment.gap) continue;
      const begin = fragment.start + offset;
      const last = holes[holes.length - 1];
      if (last && Math.abs(last.end - begin) < 0.01) last.end = begin + fragment.duration;
      else holes.push({ begin, end: begin + fragment.duration });
    }
    this.listed = holes;
    this.listedEnd = details.edge + offset;
  }

  /** Begin again where it was: a segment may have been found broken since, and then the new playlist says so. */
  private failed(media: boolean): void {
    this.errors += 1;
    if (media && this.errors <= 2) {
      this.hls?.recoverMediaError();
      return;
    }
    const position = this.element.readyState > 0 ? this.time : this.wanted;
    this.hls?.destroy();
    this.hls = null;
    if (this.errors > MOST_ERRORS) {
      this.trouble = "network";
      return;
    }
    this.retry = setTimeout(() => this.load(position), RETRY_MS);
  }
}
