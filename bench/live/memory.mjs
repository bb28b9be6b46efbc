import { figure } from '../lib/report.mjs';
import { goal } from '../lib/rounds.mjs';
import { median } from '../lib/stats.mjs';
import { SESSIONS } from './stage.mjs';

const COUNT = SESSIONS.toLocaleString('en-US');

/** @param {Pick<import('./stage.mjs').Stage, 'ours' | 'bare'>[]} stages what memory grew by in each, from no session to all */
export function memoryOf(stages) {
  const kb = (side, key) => figure(median(stages.map((stage) => stage[side].grown[key])) / SESSIONS / 1000);
  const speed = (side) => figure(median(stages.map((stage) => stage[side].perSecond)));
  const parts = (side) => `RSS ${kb(side, 'rss')} KB, heap ${kb(side, 'heapUsed')} KB`;
  const ratio = (key) => median(stages.map(({ ours, bare }) => ours.grown[key] / bare.grown[key]));
  return {
    rows: [],
    goals: [
      goal(`RSS for a subscribed session / bare ws server, ${COUNT} sessions ≤ 1.5 ×`, { figure: ratio('rss') }, { atMost: 1.5 }),
    ],
    notes: [
      `A session takes, after a collection before and after ${COUNT} of them, each subscribed to a channel of its own: here ${parts('ours')}; of the bare server ${parts('bare')}. Medians of ${stages.length} fresh pairs of processes. By the heap alone the ratio is ${figure(ratio('heapUsed'))}: a service just started has room in its heap that the bare server still has to take.`,
      `Sessions came 64 at a time, ${speed('ours')}/s until they were live, with a token each; of the bare server ${speed('bare')}/s.`,
    ],
  };
}
