import { changeEn, changeZh } from "./change";
import { planEn, planZh } from "./plan";
import { timetableEn, timetableZh } from "./timetable";

/** The coordinator's page before and around the timetable, part by part. */
export const planningZh = { plan: planZh, tt: timetableZh, change: changeZh } as const;
export const planningEn = { plan: planEn, tt: timetableEn, change: changeEn } as const;
