import { askEn, askZh } from "./ask";
import { changeEn, changeZh } from "./change";
import { pairEn, pairZh } from "./pair";
import { planEn, planZh } from "./plan";
import { timetableEn, timetableZh } from "./timetable";

/** The coordinator's page before and around the timetable, part by part. */
export const planningZh = { plan: planZh, tt: timetableZh, change: changeZh, ask: askZh, pair: pairZh } as const;
export const planningEn = { plan: planEn, tt: timetableEn, change: changeEn, ask: askEn, pair: pairEn } as const;
