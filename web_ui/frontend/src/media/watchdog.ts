/** Milliseconds without a packet, on a track the server says it is sending, after which we offer anew. */
export const STALL_MS = 6_000;
const LONGEST_STALL_MS = 60_000;

/** Notices media that should flow and does not. Each rebuild that does not help doubles the patience. */
export class Watchdog {
  private readonly seen = new Map<string, { packets: number; at: number }>();
  private patienceMs = STALL_MS;

  /** Feed the packet count of a track the server claims to send; true when the connection should be rebuilt. */
  stalled(track: string, packets: number, now: number): boolean {
    const last = this.seen.get(track);
    if (!last || packets !== last.packets) {
      if (last && packets > last.packets) this.patienceMs = STALL_MS;
      this.seen.set(track, { packets, at: now });
      return false;
    }
    if (now - last.at < this.patienceMs) return false;
    this.patienceMs = Math.min(LONGEST_STALL_MS, this.patienceMs * 2);
    this.seen.clear();
    return true;
  }

  /** The track is not expected to flow: start counting when it is again. */
  excuse(track: string): void {
    this.seen.delete(track);
  }

  /** A new connection: count anew, with the patience learnt. */
  restart(): void {
    this.seen.clear();
  }
}
