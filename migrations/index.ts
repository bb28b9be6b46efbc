import { EventStore } from './0001-event-store.js';
import { AppendByArrays } from './0002-append-by-arrays.js';
import { TokenRevocations } from './0003-token-revocations.js';
import { StreamTickets } from './0004-stream-tickets.js';
import { Analytics } from './0005-analytics.js';
import { TimeTravel } from './0006-time-travel.js';
import { Rollbacks } from './0007-rollbacks.js';
import { LogRoots } from './0008-log-roots.js';
import { StateBuilds } from './0009-state-builds.js';
import { Operations } from './0010-operations.js';
import { Flags } from './0011-flags.js';
import { Audit } from './0012-audit.js';
import { AnalyticsTop } from './0013-analytics-top.js';
import { History } from './0014-history.js';
import { Trust } from './0015-trust.js';

/** All migrations in order. Append only: a migration that has shipped does not change. */
export const MIGRATIONS = [
  EventStore, AppendByArrays, TokenRevocations, StreamTickets, Analytics, TimeTravel, Rollbacks, LogRoots, StateBuilds, Operations,
  Flags, Audit, AnalyticsTop, History, Trust,
];
