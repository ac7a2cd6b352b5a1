import { askEn, askZh } from "./ask";
import { changeEn, changeZh } from "./change";
import { editEn, editZh } from "./edit";
import { feedEn, feedZh } from "./feed";
import { needEn, needZh } from "./need";
import { noticeEn, noticeZh } from "./notice";
import { pairEn, pairZh } from "./pair";
import { planEn, planZh } from "./plan";
import { printEn, printZh } from "./print";
import { termEn, termZh } from "./term";
import { timetableEn, timetableZh } from "./timetable";

/** The coordinator's page before and around the timetable, part by part. */
export const planningZh = { plan: planZh, tt: timetableZh, change: changeZh, ask: askZh, notice: noticeZh, pair: pairZh, print: printZh, edit: editZh, need: needZh, term: termZh, feed: feedZh } as const;
export const planningEn = { plan: planEn, tt: timetableEn, change: changeEn, ask: askEn, notice: noticeEn, pair: pairEn, print: printEn, edit: editEn, need: needEn, term: termEn, feed: feedEn } as const;
