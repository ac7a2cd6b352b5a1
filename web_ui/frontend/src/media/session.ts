import { backoffMs } from "../live/backoff";
import { SocketLost, type LiveSocket } from "../live/socket";
import type { SourceView } from "../wire.gen";
import { encodingFor, type QualityChoice } from "./choice";
import { Peer, type Slot } from "./peer";
import { gradeOf, type Grade } from "./stats";
import { Watchdog } from "./watchdog";

/** A fresh peer that does not connect within this is replaced, milliseconds. */
const CONNECT_LIMIT_MS = 10_000;

/**
 * Keeps a lesson's media flowing whatever breaks. When a connection has to be replaced, the old one plays on until the
 * new one is connected, so a server that only lost our socket costs no sound.
 */
export class MediaSession {
  /** The slots to play now. */
  slots: readonly Slot[] = [];
  private current: Peer | null = null;
  private next: Peer | null = null;
  private nextSince = 0;
  private offeredIn = 0;
  private everUp = false;
  private sources: readonly SourceView[] = [];
  private running = true;
  private failures = 0;
  private retryAt: number | null = null;
  private choice: QualityChoice = "auto";
  private large: string | null = null;
  private readonly watchdog = new Watchdog();
  private readonly timer: ReturnType<typeof setInterval>;
  private readonly unregister: (() => void)[];

  constructor(
    private readonly socket: LiveSocket,
    private readonly lessonId: string,
    private readonly changed: () => void,
  ) {
    this.unregister = [
      socket.on("media_track", (state) => {
        this.known()?.trackState(state);
        this.changed();
      }),
      socket.on("media_lost", () => this.rebuild()),
    ];
    this.timer = setInterval(() => void this.tick(), 1_000);
  }

  /** What is published now; `flowing` is false while the lesson is interrupted. */
  update(sources: readonly SourceView[], flowing: boolean): void {
    this.sources = sources;
    this.running = flowing;
    if (sources.length === 0) return;
    const peer = this.known();
    if (peer) peer.receive(sources);
    else if (this.retryAt === null) this.rebuild();
    this.applyChoice();
  }

  /** The viewer's wishes. */
  choose(choice: QualityChoice, large: string | null): void {
    this.choice = choice;
    this.large = large;
    this.applyChoice();
  }

  /** The socket was welcomed again: the server no longer knows our connection. */
  socketReturned(): void {
    if (this.sources.length > 0) this.rebuild();
  }

  find(source: string, kind: "audio" | "video"): Slot | undefined {
    return this.slots.find((slot) => slot.source === source && slot.kind === kind);
  }

  get rttMs(): number | null {
    return this.current?.rttMs ?? null;
  }

  get connected(): boolean {
    return this.current?.connected ?? false;
  }

  /** Whether there has been a connection, so that "lost" means something. */
  get everConnected(): boolean {
    return this.everUp;
  }

  /** How the large picture (or, without one, the sound) is received; "connecting" until it has been measured. */
  grade(): Grade | "connecting" {
    if (!this.everUp || this.slots.every((slot) => slot.counters === null)) return "connecting";
    const picture = this.large === null ? undefined : this.find(this.large, "video");
    const tracks = picture ? [picture, ...this.slots.filter((slot) => slot.kind === "audio")] : this.slots;
    const loss = Math.max(0, ...tracks.map((slot) => slot.stats.lossPercent));
    const showsPicture = picture !== undefined && picture.reason === null && (picture.counters?.frames ?? 0) > 0;
    const flowing = this.connected && this.slots.some((slot) => slot.stats.kbps > 0);
    return gradeOf(flowing, showsPicture, loss, this.rttMs, picture?.stats.freezes ?? 0);
  }

  close(): void {
    clearInterval(this.timer);
    for (const stop of this.unregister) stop();
    this.socket.send({ type: "media_close" });
    this.next?.close();
    this.current?.close();
    this.next = this.current = null;
    this.slots = [];
  }

  /** The connection the server knows; an older one only plays on until it is replaced. */
  private known(): Peer | null {
    const peer = this.next ?? this.current;
    return peer?.generation === this.socket.generation ? peer : null;
  }

  private rebuild(): void {
    this.retryAt = null;
    this.next?.close();
    this.next = null;
    if (this.sources.length === 0 || this.socket.status !== "open") {
      // `socketReturned`, or `update` with sources, comes later.
      return;
    }
    // One connection per socket: whoever wants another first gives up the one the server still knows.
    if (this.offeredIn === this.socket.generation) this.socket.send({ type: "media_close" });
    this.offeredIn = this.socket.generation;
    const peer = new Peer(this.socket, this.lessonId, {
      connected: () => this.promote(peer),
      broken: (error) => this.broken(peer, error),
    });
    this.next = peer;
    this.nextSince = performance.now();
    this.watchdog.restart();
    peer.receive(this.sources);
    if (this.slots.length === 0) {
      // Nothing plays yet: attach at once, the first frame must not wait for a state change.
      this.slots = peer.slots;
      this.changed();
    }
  }

  private promote(peer: Peer): void {
    if (peer !== this.next) return;
    const old = this.current;
    this.current = peer;
    this.next = null;
    this.everUp = true;
    this.failures = 0;
    this.slots = peer.slots;
    old?.close();
    this.applyChoice();
    this.changed();
  }

  private broken(peer: Peer, error: unknown): void {
    if (peer !== this.next && peer !== this.current) return;
    if (peer === this.next) this.next = null;
    else this.current = null;
    peer.close();
    if (this.slots === peer.slots) this.slots = this.current?.slots ?? [];
    if (this.next) return;
    this.failures += 1;
    // A lost socket brings `socketReturned`; anything else is tried again after a pause.
    this.retryAt = error instanceof SocketLost ? null : performance.now() + backoffMs(this.failures, Math.random());
    this.changed();
  }

  private applyChoice(): void {
    const peer = this.known();
    for (const source of this.sources) {
      if (!source.kinds.includes("video")) continue;
      peer?.prefer(source.name, encodingFor(this.choice, source.encodings, source.name === this.large));
    }
  }

  private async tick(): Promise<void> {
    const now = performance.now();
    if (this.retryAt !== null && now >= this.retryAt) this.rebuild();
    if (this.next && now - this.nextSince > CONNECT_LIMIT_MS) this.broken(this.next, new Error("slow"));
    this.current?.check(now);
    const peer = this.current;
    if (peer) {
      await peer.measure();
      if (peer === this.current && !this.next && this.running && this.anyStalled(peer, now)) this.rebuild();
    }
    this.applyChoice();
    this.changed();
  }

  private anyStalled(peer: Peer, now: number): boolean {
    let stalled = false;
    for (const slot of peer.slots) {
      const name = `${slot.source} ${slot.kind}`;
      const published = this.sources.some((source) => source.name === slot.source && source.kinds.includes(slot.kind));
      if (!published || slot.reason !== null) this.watchdog.excuse(name);
      else if (this.watchdog.stalled(name, slot.counters?.packets ?? 0, now)) stalled = true;
    }
    return stalled;
  }
}
