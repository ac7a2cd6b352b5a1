import type { PairingView } from "../wire.gen";

/** One school on the drawing; `y` is its middle. */
export interface Stop {
  id: string;
  y: number;
}

/** A line between two schools: as thick as there are lessons; `signed` where somebody has agreed on it. */
export interface Line {
  pairing: PairingView;
  path: string;
  width: number;
  signed: boolean;
}

export interface PairMap {
  left: Stop[];
  right: Stop[];
  lines: Line[];
  height: number;
}

export const ROW = 34;
const LEFT_X = 300;
const RIGHT_X = 660;

/**
 * Those who help on the left, those who are helped on the right: a drawing of who belongs together, not of where they lie.
 * Who is helped stands near who helps it, so that few lines cross.
 */
export function pairMap(pairings: readonly PairingView[]): PairMap {
  const strong = [...new Set(pairings.map((one) => one.strong_id))];
  const middle = (id: string) => {
    const rows = pairings.filter((one) => one.helped_id === id).map((one) => strong.indexOf(one.strong_id));
    return rows.reduce((sum, row) => sum + row, 0) / rows.length;
  };
  const helped = [...new Set(pairings.map((one) => one.helped_id))].sort((a, b) => middle(a) - middle(b));
  const height = ROW * Math.max(strong.length, helped.length, 1);
  const spread = (ids: readonly string[]): Stop[] => ids.map((id, place) => ({ id, y: (height / ids.length) * (place + 0.5) }));
  const [left, right] = [spread(strong), spread(helped)];
  const at = (stops: readonly Stop[], id: string) => stops.find((stop) => stop.id === id)!.y;
  const most = Math.max(1, ...pairings.map((one) => one.planned));
  const bend = (LEFT_X + RIGHT_X) / 2;
  const lines = pairings.map((pairing) => {
    const [from, to] = [at(left, pairing.strong_id), at(right, pairing.helped_id)];
    const path = `M${LEFT_X} ${from.toFixed(1)}C${bend} ${from.toFixed(1)} ${bend} ${to.toFixed(1)} ${RIGHT_X} ${to.toFixed(1)}`;
    return { pairing, path, width: 1.5 + (6 * pairing.planned) / most, signed: pairing.id !== null };
  });
  return { left, right, lines, height };
}
