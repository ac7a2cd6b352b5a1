export type PlayerKey =
  | { do: "toggle" | "mute" | "full" | "captions" | "layout" | "slower" | "faster" | "help" | "start" | "end" }
  | { do: "skip"; seconds: number }
  | { do: "chapter"; step: 1 | -1 }
  | { do: "volume"; by: number }
  | { do: "part"; tenths: number };

/** What a key means to the player; null for keys that are not its. */
export function keyMeans(key: string, shift: boolean): PlayerKey | null {
  if (/^[0-9]$/.test(key)) return { do: "part", tenths: Number(key) };
  switch (key) {
    case " ":
    case "k":
    case "K":
      return { do: "toggle" };
    case "ArrowLeft":
      return shift ? { do: "chapter", step: -1 } : { do: "skip", seconds: -5 };
    case "ArrowRight":
      return shift ? { do: "chapter", step: 1 } : { do: "skip", seconds: 5 };
    case "j":
    case "J":
      return { do: "skip", seconds: -10 };
    case "l":
    case "L":
      return { do: "skip", seconds: 10 };
    case "ArrowUp":
      return { do: "volume", by: 0.05 };
    case "ArrowDown":
      return { do: "volume", by: -0.05 };
    case "m":
    case "M":
      return { do: "mute" };
    case "f":
    case "F":
      return { do: "full" };
    case "c":
    case "C":
      return { do: "captions" };
    case "v":
    case "V":
      return { do: "layout" };
    case "<":
    case ",":
      return { do: "slower" };
    case ">":
    case ".":
      return { do: "faster" };
    case "Home":
      return { do: "start" };
    case "End":
      return { do: "end" };
    case "?":
      return { do: "help" };
    default:
      return null;
  }
}
