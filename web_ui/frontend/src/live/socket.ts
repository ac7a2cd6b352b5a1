import type { ClientMessage, Failure, Hello, ServerMessage, Welcome } from "../wire.gen";
import { Connection, type Command } from "./connection";

type Of<T extends ServerMessage["type"]> = Extract<ServerMessage, { type: T }>;
type Unnumbered<M> = M extends { id: number } ? Omit<M, "id"> : never;
/** A request without its number, which the socket gives. */
export type Request = Unnumbered<ClientMessage>;

export type SocketStatus = "stopped" | "connecting" | "open" | "lost";

/** The server answered a request, or the greeting, with an error. */
export class SocketRefused extends Error {
  constructor(readonly failure: Failure) {
    super(failure.code);
  }
}

/** The line broke before the answer came. */
export class SocketLost extends Error {}

export interface SocketOptions {
  /** The greeting, made anew for every connection (a token may have expired). Throwing counts as a failed attempt. */
  hello: () => Promise<Hello>;
  /** Called after every welcome: watch and offer again here. */
  welcomed: (welcome: Welcome) => void;
  /** Called when something a page may show has changed. */
  changed: () => void;
  /** The greeting was refused; return true to try again after a pause. */
  refused: (failure: Failure) => boolean;
}

/** The `/ws` socket, kept open for ever: it redials by itself, and whoever uses it watches again on `welcomed`. */
export class LiveSocket {
  /** Server's clock minus ours, milliseconds. */
  serverAheadMs = 0;
  roundTripMs: number | null = null;
  /** Counts welcomes: what was set up in an earlier generation is unknown to the server now. */
  generation = 0;
  private socket: WebSocket | null = null;
  private readonly connection = new Connection(Math.random);
  private timer: ReturnType<typeof setTimeout> | undefined;
  private nextId = 1;
  private readonly pending = new Map<number, { resolve: (m: ServerMessage) => void; reject: (e: Error) => void }>();
  private readonly pings = new Map<number, number>();
  private readonly handlers = new Map<string, Set<(message: never) => void>>();
  private readonly wake = () => {
    if (document.visibilityState !== "hidden") this.run(this.connection.wake(performance.now()));
  };

  constructor(private readonly options: SocketOptions) {}

  get status(): SocketStatus {
    const { phase, lostAt } = this.connection;
    if (phase.name === "stopped" || phase.name === "open") return phase.name;
    return lostAt === null ? "connecting" : "lost";
  }

  /** `performance.now()` of the loss, or null. */
  get lostAt(): number | null {
    return this.connection.lostAt;
  }

  start(): void {
    addEventListener("online", this.wake);
    document.addEventListener("visibilitychange", this.wake);
    this.run(this.connection.start(performance.now()));
  }

  stop(): void {
    removeEventListener("online", this.wake);
    document.removeEventListener("visibilitychange", this.wake);
    this.run(this.connection.stop());
  }

  /** Handle every message of a type; returns the way to stop. */
  on<T extends ServerMessage["type"]>(type: T, handler: (message: Of<T>) => void): () => void {
    const handlers = this.handlers.get(type) ?? new Set();
    this.handlers.set(type, handlers);
    handlers.add(handler as (message: never) => void);
    return () => handlers.delete(handler as (message: never) => void);
  }

  /** Send without expecting an answer; dropped while the line is down (everything is sent anew on `welcomed`). */
  send(message: ClientMessage): void {
    if (this.connection.phase.name === "open") this.transmit(message);
  }

  /** Send a request and wait for the answer with its number. Throws `SocketRefused` or `SocketLost`. */
  request(message: Request): Promise<ServerMessage> {
    if (this.connection.phase.name !== "open") return Promise.reject(new SocketLost());
    const id = this.nextId++;
    return new Promise((resolve, reject) => {
      this.pending.set(id, { resolve, reject });
      this.transmit({ ...message, id } as ClientMessage);
    });
  }

  private run(commands: Command[]): void {
    for (const command of commands) this[command]();
    clearTimeout(this.timer);
    const next = this.connection.nextTimer();
    if (next !== null) {
      this.timer = setTimeout(() => this.run(this.connection.timer(performance.now())), Math.max(0, next - performance.now()));
    }
    this.options.changed();
  }

  // The commands of `Connection`, by name.

  protected dial(): void {
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(`${scheme}//${location.host}/ws`);
    this.socket = socket;
    socket.onopen = () => {
      if (socket === this.socket) this.run(this.connection.opened(performance.now()));
    };
    socket.onmessage = (event) => {
      if (socket === this.socket) this.receive(JSON.parse(String(event.data)) as ServerMessage);
    };
    socket.onclose = () => {
      if (socket !== this.socket) return;
      this.forget(socket);
      this.run(this.connection.closed(performance.now()));
    };
  }

  protected greet(): void {
    const socket = this.socket;
    this.options.hello().then(
      (hello) => {
        if (socket === this.socket) this.transmit(hello);
      },
      () => socket?.close(),
    );
  }

  protected ping(): void {
    const id = this.nextId++;
    this.pings.set(id, performance.now());
    this.transmit({ type: "ping", id });
  }

  protected hang_up(): void {
    const socket = this.socket;
    if (socket) {
      this.forget(socket);
      socket.close();
    }
  }

  private forget(socket: WebSocket): void {
    if (socket === this.socket) this.socket = null;
    this.pings.clear();
    const pending = [...this.pending.values()];
    this.pending.clear();
    for (const { reject } of pending) reject(new SocketLost());
  }

  private transmit(message: ClientMessage): void {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
  }

  private receive(message: ServerMessage): void {
    const now = performance.now();
    this.connection.heard(now);
    if (message.type === "welcome") {
      this.serverAheadMs = Date.parse(message.server_time) - Date.now();
      this.generation += 1;
      this.run(this.connection.welcomed(now));
      this.options.welcomed(message);
    } else if (message.type === "pong") {
      const sentAt = this.pings.get(message.id);
      this.pings.delete(message.id);
      if (sentAt !== undefined) this.roundTripMs = Math.round(now - sentAt);
      this.run([]);
      return;
    } else if (message.type === "error" && this.connection.phase.name === "greeting") {
      if (this.options.refused(message)) {
        this.hang_up();
        this.run(this.connection.closed(now));
      } else this.stop();
      return;
    }
    const id = "id" in message ? message.id : null;
    if (typeof id === "number") {
      const waiting = this.pending.get(id);
      this.pending.delete(id);
      if (message.type === "error") waiting?.reject(new SocketRefused(message));
      else waiting?.resolve(message);
    }
    for (const handler of this.handlers.get(message.type) ?? []) handler(message as never);
  }
}
