import { askEn, askZh } from "./ask";
import { changeEn, changeZh } from "./change";
import { editEn, editZh } from "./edit";
import { noticeEn, noticeZh } from "./notice";
import { pairEn, pairZh } from "./pair";
import { planEn, planZh } from "./plan";
import { printEn, printZh } from "./print";
import { timetableEn, timetableZh } from "./timetable";

/** The coordinator's page before and around the timetable, part by part. */
export const planningZh = { plan: planZh, tt: timetableZh, change: changeZh, ask: askZh, notice: noticeZh, pair: pairZh, print: printZh, edit: editZh } as const;
export const planningEn = { plan: planEn, tt: timetableEn, change: changeEn, ask: askEn, notice: noticeEn, pair: pairEn, print: printEn, edit: editEn } as const;
