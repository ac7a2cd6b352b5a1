import type { LiveSocket } from "../live/socket";
import type { MediaTrackState, SourceView, WantedTrack } from "../wire.gen";
import { between, NO_STATS, readReport, type Counters, type TrackStats } from "./stats";

export type Kind = "audio" | "video";

/** One received track: its own stream, so that sound never waits for a picture. */
export interface Slot {
  readonly source: string;
  readonly kind: Kind;
  readonly transceiver: RTCRtpTransceiver;
  readonly stream: MediaStream;
  /** What the server says it sends on it. */
  rid: string | null;
  reason: MediaTrackState["reason"];
  preferred: string | null;
  counters: Counters | null;
  stats: TrackStats;
}

/** How long ICE may be "disconnected" before the connection is given up, milliseconds. */
const DISCONNECTED_LIMIT_MS = 3_000;

/** One RTCPeerConnection that receives a lesson's sources. We offer, the server answers; it never comes back to life. */
export class Peer {
  readonly slots: Slot[] = [];
  /** The socket's generation the server knows it by. */
  readonly generation: number;
  rttMs: number | null = null;
  private readonly pc = new RTCPeerConnection({ bundlePolicy: "max-bundle" });
  private negotiating: Promise<void> | null = null;
  private dirty = false;
  private closed = false;
  private disconnectedAt: number | null = null;

  constructor(
    private readonly socket: LiveSocket,
    private readonly lessonId: string,
    private readonly events: { connected: () => void; broken: (error: unknown) => void },
  ) {
    this.generation = socket.generation;
    this.pc.onconnectionstatechange = () => this.stateChanged();
  }

  get connected(): boolean {
    return this.pc.connectionState === "connected";
  }

  find(source: string, kind: Kind): Slot | undefined {
    return this.slots.find((slot) => slot.source === source && slot.kind === kind);
  }

  /** Receive these sources too (sources that left keep their section: they often come back). */
  receive(sources: readonly SourceView[]): void {
    for (const source of sources) {
      for (const kind of source.kinds) {
        if (this.find(source.name, kind)) continue;
        const transceiver = this.pc.addTransceiver(kind, { direction: "recvonly" });
        lowDelay(transceiver.receiver);
        readLayers(transceiver);
        this.slots.push({
          source: source.name,
          kind,
          transceiver,
          stream: new MediaStream([transceiver.receiver.track]),
          rid: null,
          reason: null,
          preferred: null,
          counters: null,
          stats: NO_STATS,
        });
        this.dirty = true;
      }
    }
    if (this.dirty) this.negotiate();
  }

  /** Choose an encoding for a source's picture; said once, and again only when it changes. */
  prefer(source: string, encoding: string): void {
    const slot = this.find(source, "video");
    const mid = slot?.transceiver.mid;
    if (!slot || slot.preferred === encoding || typeof mid !== "string" || this.pc.remoteDescription === null) return;
    slot.preferred = encoding;
    this.socket.send({ type: "media_prefer", mid, encoding });
  }

  trackState(state: MediaTrackState): void {
    const slot = this.slots.find((found) => found.transceiver.mid === state.mid);
    if (slot) {
      slot.rid = state.rid;
      slot.reason = state.reason;
    }
  }

  async measure(): Promise<void> {
    const entries: Record<string, unknown>[] = [];
    (await this.pc.getStats()).forEach((entry: Record<string, unknown>) => entries.push(entry));
    const { byMid, rttMs } = readReport(entries);
    this.rttMs = rttMs;
    for (const slot of this.slots) {
      const counters = byMid.get(slot.transceiver.mid ?? "");
      if (!counters) continue;
      slot.stats = between(slot.counters, counters);
      slot.counters = counters;
    }
  }

  /** Call now and then: gives up a connection that stays disconnected. */
  check(now: number): void {
    if (this.disconnectedAt !== null && now - this.disconnectedAt > DISCONNECTED_LIMIT_MS) {
      this.disconnectedAt = null;
      this.events.broken(new Error("disconnected"));
    }
  }

  close(): void {
    this.closed = true;
    this.pc.onconnectionstatechange = null;
    this.pc.close();
  }

  private stateChanged(): void {
    const state = this.pc.connectionState;
    this.disconnectedAt = state === "disconnected" ? (this.disconnectedAt ?? performance.now()) : null;
    if (state === "connected") this.events.connected();
    if (state === "failed") this.events.broken(new Error("failed"));
  }

  private negotiate(): void {
    if (this.negotiating || this.closed) return;
    this.negotiating = this.offer()
      .catch((error: unknown) => {
        if (!this.closed) this.events.broken(error);
      })
      .finally(() => {
        this.negotiating = null;
        if (this.dirty) this.negotiate();
      });
  }

  private async offer(): Promise<void> {
    this.dirty = false;
    const offer = await this.pc.createOffer();
    await this.pc.setLocalDescription(offer);
    const tracks: WantedTrack[] = this.slots.flatMap(({ source, kind, transceiver }) =>
      transceiver.mid === null ? [] : [{ mid: transceiver.mid, source, kind }],
    );
    // Candidates are not awaited: the server is ICE-lite and learns ours from the checks we send.
    const answer = await this.socket.request({
      type: "media_offer",
      lesson_id: this.lessonId,
      sdp: offer.sdp ?? "",
      tracks,
    });
    if (this.closed || answer.type !== "media_answer") return;
    await this.pc.setRemoteDescription({ type: "answer", sdp: answer.sdp });
    // The server's default is "auto"; whatever was chosen is said again by the session.
    for (const slot of this.slots) slot.preferred = null;
  }
}

/** Ask for the smallest buffer the network allows: this is a conversation, not a film. */
function lowDelay(receiver: RTCRtpReceiver): void {
  const tuned = receiver as RTCRtpReceiver & { jitterBufferTarget?: number | null; playoutDelayHint?: number | null };
  if ("jitterBufferTarget" in tuned) tuned.jitterBufferTarget = 0;
  else if ("playoutDelayHint" in tuned) (tuned as { playoutDelayHint?: number | null }).playoutDelayHint = 0;
}

/** Chromium offers to read the dependency descriptor, which tells AV1's layers apart, only when asked to. */
function readLayers(transceiver: RTCRtpTransceiver): void {
  type Extension = { uri: string; direction: RTCRtpTransceiverDirection };
  const negotiable = transceiver as RTCRtpTransceiver & {
    getHeaderExtensionsToNegotiate?: () => Extension[];
    setHeaderExtensionsToNegotiate?: (extensions: Extension[]) => void;
  };
  const extensions = negotiable.getHeaderExtensionsToNegotiate?.() ?? [];
  const descriptor = extensions.find((each) => each.uri.includes("dependency-descriptor"));
  if (!descriptor) return;
  descriptor.direction = "sendrecv";
  negotiable.setHeaderExtensionsToNegotiate?.(extensions);
}
