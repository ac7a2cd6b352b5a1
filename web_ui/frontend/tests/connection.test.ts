import { describe, expect, it } from "vitest";
import { backoffMs, FIRST_MS, LONGEST_MS } from "../src/live/backoff";
import { Connection, DIAL_LIMIT_MS, GREET_LIMIT_MS, PING_EVERY_MS, SILENCE_LIMIT_MS } from "../src/live/connection";

const half = () => 0.5;

function open(now = 0): Connection {
  const connection = new Connection(half);
  connection.start(now);
  connection.opened(now);
  connection.welcomed(now);
  return connection;
}

describe("backoff", () => {
  it("doubles from the first wait to the longest", () => {
    expect([1, 2, 3].map((failures) => backoffMs(failures, 0.999999))).toEqual([FIRST_MS, 2 * FIRST_MS, 4 * FIRST_MS]);
    expect(backoffMs(50, 0.999999)).toBe(LONGEST_MS);
  });

  it("is never less than half of its step, so that a dead server is not hammered", () => {
    expect(backoffMs(1, 0)).toBe(FIRST_MS / 2);
    expect(backoffMs(50, 0)).toBe(LONGEST_MS / 2);
  });
});

describe("connection", () => {
  it("dials, greets and is open", () => {
    const connection = new Connection(half);
    expect(connection.start(0)).toEqual(["dial"]);
    expect(connection.opened(10)).toEqual(["greet"]);
    expect(connection.welcomed(20)).toEqual([]);
    expect(connection.phase.name).toBe("open");
    expect(connection.lostAt).toBeNull();
  });

  it("starts once", () => {
    const connection = open();
    expect(connection.start(5)).toEqual([]);
  });

  it("dials again by itself after a loss, without anybody clicking", () => {
    const connection = open();
    connection.closed(1_000);
    expect(connection.phase.name).toBe("waiting");
    expect(connection.lostAt).toBe(1_000);
    const next = connection.nextTimer();
    expect(connection.timer(next! - 1)).toEqual([]);
    expect(connection.timer(next!)).toEqual(["dial"]);
  });

  it("remembers when the line was lost through all attempts, and forgets the failures once welcomed", () => {
    const connection = open();
    connection.closed(1_000);
    connection.timer(connection.nextTimer()!);
    connection.closed(9_000);
    expect(connection.lostAt).toBe(1_000);
    expect(connection.failures).toBe(2);
    connection.timer(connection.nextTimer()!);
    connection.opened(10_000);
    connection.welcomed(10_001);
    expect(connection.lostAt).toBeNull();
    expect(connection.failures).toBe(0);
  });

  it("gives up a dial that does not come through and a greeting that is not answered", () => {
    const connection = new Connection(half);
    connection.start(0);
    expect(connection.timer(DIAL_LIMIT_MS)).toEqual(["hang_up"]);
    connection.timer(connection.nextTimer()!);
    connection.opened(20_000);
    expect(connection.timer(20_000 + GREET_LIMIT_MS)).toEqual(["hang_up"]);
    expect(connection.phase.name).toBe("waiting");
  });

  it("pings, and hangs up a line that has gone silent", () => {
    const connection = open();
    expect(connection.timer(PING_EVERY_MS)).toEqual(["ping"]);
    connection.heard(PING_EVERY_MS + 100);
    expect(connection.timer(2 * PING_EVERY_MS)).toEqual(["ping"]);
    expect(connection.timer(PING_EVERY_MS + 100 + SILENCE_LIMIT_MS)).toEqual(["hang_up"]);
    expect(connection.phase.name).toBe("waiting");
  });

  it("does not wait out its pause when the network comes back", () => {
    const connection = open();
    connection.closed(1_000);
    expect(connection.wake(1_001)).toEqual(["dial"]);
  });

  it("notices on waking up that the line died while the computer slept", () => {
    const connection = open();
    expect(connection.wake(3_600_000)).toEqual(["hang_up"]);
  });

  it("stays stopped", () => {
    const connection = open();
    expect(connection.stop()).toEqual(["hang_up"]);
    expect(connection.closed(10)).toEqual([]);
    expect(connection.wake(20)).toEqual([]);
    expect(connection.nextTimer()).toBeNull();
  });

  it("ignores what arrives late from an abandoned dial", () => {
    const connection = new Connection(half);
    connection.start(0);
    connection.closed(5);
    expect(connection.opened(6)).toEqual([]);
    expect(connection.welcomed(7)).toEqual([]);
    expect(connection.phase.name).toBe("waiting");
  });
});
