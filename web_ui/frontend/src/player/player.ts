import { correction, LessonClock, type Span } from "./clock";
import type { Deck, DeckTrouble } from "./deck";

const TICK_MS = 100;
/** After a jump everybody gets so long to be ready; then it goes on with who is. */
const SETTLE_MS = 2_500;
/** A track that has not been ready for so long is left behind; it comes after when it can. */
const PATIENCE_MS = 6_000;
/** Before a hole ends, what follows it is made ready. */
const PREPARE_S = 2;
/** A stopped picture stands exactly. */
const STILL_S = 0.02;

export interface DeckState {
  readonly key: string;
  readonly trouble: DeckTrouble;
  readonly waiting: boolean;
  /** Seconds ahead of the clock; negative behind. */
  readonly drift: number;
}

/**
 * Plays several tracks as one. The first sound leads: its element is heard as it is, and pictures follow it by being a
 * little faster or slower. Where it has nothing, the next track leads; where nobody has anything, the clock goes on.
 */
export class LessonPlayer {
  readonly clock = new LessonClock();
  private readonly decks = new Map<string, Deck>();
  private readonly unreadySince = new Map<string, number>();
  private readonly prepared = new Map<string, number>();
  private wanted = false;
  private settlingSince: number | null = null;
  private timer: ReturnType<typeof setInterval> | undefined;
  /** Nobody has anything more, and nothing will come. */
  ended = false;

  /** `changed` is called ten times a second while open; `growing` says whether the lesson still runs. */
  constructor(
    private readonly changed: () => void,
    private readonly growing: () => boolean,
  ) {
    this.timer = setInterval(() => this.tick(performance.now()), TICK_MS);
  }

  add(deck: Deck): void {
    this.decks.get(deck.track.key)?.close();
    this.decks.set(deck.track.key, deck);
    deck.load(this.position);
    this.settle();
  }

  remove(key: string): void {
    this.decks.get(key)?.close();
    this.decks.delete(key);
  }

  get position(): number {
    return this.clock.position(performance.now());
  }

  /** The last moment there is on any track. */
  get end(): number {
    return Math.max(0, ...[...this.decks.values()].map((deck) => deck.end));
  }

  get playing(): boolean {
    return this.wanted;
  }

  /** It should play, and waits for data. */
  get waiting(): boolean {
    return this.wanted && !this.clock.running;
  }

  play(): void {
    if (this.ended) this.seek(0);
    this.wanted = true;
    this.settle();
    // In the gesture itself: browsers allow sound only then.
    for (const deck of this.decks.values()) if (deck.track.kind === "audio" && deck.usable) deck.play();
    this.tick(performance.now());
  }

  pause(): void {
    this.wanted = false;
    this.clock.stop(performance.now());
    for (const deck of this.decks.values()) deck.pause();
    this.tick(performance.now());
  }

  seek(position: number): void {
    const now = performance.now();
    const latest = this.growing() ? this.end - 1 : this.end;
    this.clock.set(Math.max(0, Math.min(position, latest)), now);
    this.ended = false;
    for (const deck of this.decks.values()) if (deck.usable) deck.seek(this.clock.position(now));
    this.prepared.clear();
    this.settle();
    this.tick(now);
  }

  setRate(rate: number): void {
    this.clock.setRate(rate, performance.now());
    for (const deck of this.decks.values()) deck.element.playbackRate = rate;
  }

  states(): DeckState[] {
    const position = this.position;
    return [...this.decks.values()].map((deck) => ({
      key: deck.track.key,
      trouble: deck.usable && deck.holeAt(position) ? "hole" : deck.trouble,
      waiting: deck.usable && !deck.ready,
      drift: deck.time - position,
    }));
  }

  close(): void {
    clearInterval(this.timer);
    for (const deck of this.decks.values()) deck.close();
    this.decks.clear();
  }

  private settle(): void {
    this.settlingSince = performance.now();
    this.unreadySince.clear();
    this.clock.stop(performance.now());
  }

  /** Sounds before pictures, each in the order they were added. */
  private ordered(): Deck[] {
    const all = [...this.decks.values()].filter((deck) => deck.usable);
    return [...all.filter((deck) => deck.track.kind === "audio"), ...all.filter((deck) => deck.track.kind === "video")];
  }

  private tick(now: number): void {
    const position = this.clock.position(now);
    const decks = this.ordered();
    const inside = decks.filter((deck) => !this.inHole(deck, deck.holeAt(position), position));
    if (!this.wanted) {
      for (const deck of inside) {
        deck.pause();
        if (Math.abs(deck.time - position) > STILL_S && !deck.element.seeking) deck.seek(position);
      }
    } else if (!this.growing() && decks.length > 0 && position >= this.end - 0.1) {
      this.finish(now);
    } else if (this.settlingSince !== null) {
      this.settled(inside, position, now);
    } else {
      this.follow(inside, now);
    }
    this.changed();
  }

  private inHole(deck: Deck, hole: Span | null, position: number): boolean {
    if (!hole) {
      this.prepared.delete(deck.track.key);
      return false;
    }
    deck.pause();
    if (hole.end - position < PREPARE_S && this.prepared.get(deck.track.key) !== hole.end) {
      this.prepared.set(deck.track.key, hole.end);
      deck.seek(hole.end);
    }
    return true;
  }

  private finish(now: number): void {
    this.wanted = false;
    this.ended = true;
    this.clock.stop(now);
    for (const deck of this.decks.values()) deck.pause();
  }

  /** All stand at the same place until all are ready; then they start together. */
  private settled(inside: Deck[], position: number, now: number): void {
    const late = now - (this.settlingSince ?? now) > SETTLE_MS;
    const ready = inside.filter((deck) => deck.ready);
    for (const deck of inside) {
      if (deck.ready && Math.abs(deck.time - position) > STILL_S) deck.seek(position);
    }
    const enough = inside.length === 0 || (late ? ready.length > 0 : inside.every((deck) => deck.ready));
    if (!enough) return;
    this.settlingSince = null;
    this.clock.start(now);
    for (const deck of ready) {
      deck.element.playbackRate = this.clock.rate;
      deck.play();
    }
  }

  private follow(inside: Deck[], now: number): void {
    const leader = this.leader(inside, now);
    if (leader) {
      if (leader.ready) {
        this.clock.set(leader.time, now);
        this.clock.start(now);
        leader.element.playbackRate = this.clock.rate;
        leader.play();
      } else {
        this.clock.stop(now);
      }
    } else {
      // Nobody has anything: an empty part of the lesson passes like any other.
      this.clock.start(now);
    }
    const position = this.clock.position(now);
    for (const deck of inside) if (deck !== leader) this.keepInStep(deck, position);
  }

  /** Who leads: the first that is not hopelessly late. */
  private leader(inside: Deck[], now: number): Deck | undefined {
    for (const deck of inside) {
      if (deck.ready) this.unreadySince.delete(deck.track.key);
      else if (!this.unreadySince.has(deck.track.key)) this.unreadySince.set(deck.track.key, now);
    }
    const patient = (deck: Deck) => now - (this.unreadySince.get(deck.track.key) ?? now) < PATIENCE_MS;
    return inside.find(patient) ?? inside[0];
  }

  private keepInStep(deck: Deck, position: number): void {
    if (!deck.ready) {
      // It fell behind for want of data: where it waits is of no use to anybody any more.
      if (!deck.element.seeking && position - deck.time > 2) deck.seek(position + 0.5);
      return;
    }
    const step = correction(deck.time - position, this.clock.rate, deck.track.kind);
    if (!this.clock.running) {
      deck.pause();
      return;
    }
    if (step.kind === "jump") deck.seek(position + 0.1 * this.clock.rate);
    else deck.element.playbackRate = step.kind === "rate" ? step.rate : this.clock.rate;
    if (deck.element.paused) deck.play();
  }
}
