// Made from openapi.json by `npm run generate`.

export interface paths {
    readonly "/api/v1/analytics/events": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /**
         * Throughput and processing latency of events, in all and by event type
         * @description A range reaches back to the beginning of the UTC hour in which it starts. Events of this region count at their commit, those of other regions at the time they carry, however late they came. The figures follow the log by less than a second. The latency of an event is from the moment it was decided, by the hybrid logical clock it carries, to its commit.
         */
        readonly get: operations["getEventAnalytics"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/api/v1/analytics/state-changes": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /**
         * How state changed: by hour, by day or over the whole range, for each aggregate type
         * @description A range reaches back to the beginning of the UTC hour in which it starts. Events of this region count at their commit, those of other regions at the time they carry, however late they came. The figures follow the log by less than a second. Counts are exact. `groupBy=aggregate` gives one metric for each aggregate type over the whole range.
         */
        readonly get: operations["getStateChangeAnalytics"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/api/v1/audit": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /**
         * Who did or tried what, newest first
         * @description Accepted commands are the events of the log; beside them stands what left no event: refusals, failed logins and what operators changed. Refusals are there after about a quarter of a second. Reads are not audited.
         */
        readonly get: operations["getAudit"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/api/v1/commands/transaction": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly get?: never;
        readonly put?: never;
        /**
         * Change several aggregates together: all or none
         * @description For trades and guild banks. With `rule` conserve the sum of each field in `conserve` over the aggregates stays what it is.
         */
        readonly post: operations["executeTransaction"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/api/v1/dead-letters": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /** Aggregates that a projection could not handle, the newest first */
        readonly get: operations["listDeadLetters"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/api/v1/dead-letters/{deadLetterId}/discard": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly get?: never;
        readonly put?: never;
        /** Give up what was withheld so far; what comes from now on is handled */
        readonly post: operations["discardDeadLetter"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/api/v1/dead-letters/{deadLetterId}/retry": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly get?: never;
        readonly put?: never;
        /**
         * Hand over what was withheld, in order
         * @description If it fails again the aggregate stays `parked`, with the new error.
         */
        readonly post: operations["retryDeadLetter"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/api/v1/events": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly get?: never;
        readonly put?: never;
        /**
         * Append an event and fold it into its aggregate
         * @description Creates or revives the aggregate. `eventData` is a merge patch on the state, unless `stateChanges` is given.
         */
        readonly post: operations["publishEvent"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/api/v1/events/{aggregateType}/{aggregateId}": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /** The history of an aggregate, oldest first */
        readonly get: operations["getAggregateEvents"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/api/v1/events/batch": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly get?: never;
        readonly put?: never;
        /**
         * Append up to 500 events, or a stream of any length, each event with its own answer
         * @description Events of one aggregate are appended in their order. A refused item does not refuse the others.
         *
         *     As application/x-ndjson: one event a line, any number of lines, and one answer a line, in order, sent while the upload is still coming.
         *     `index` is the number of the line, from 0; blank lines are counted and not answered. The last line is
         *     `{"done":true,"accepted":n,"refused":m,"position":p}`, where p is what the header `X-Position` says elsewhere; with `"done":false` it
         *     says why no more lines were taken, such as a token that expired or was revoked meanwhile. Without such a line the answers were cut:
         *     send again what has none, with the same `eventId`s or under the same key.
         */
        readonly post: operations["publishEventBatch"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/api/v1/flags": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /** Events that broke a rule, the newest first */
        readonly get: operations["listFlags"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/api/v1/flags/{flagId}": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /** A flag with its evidence and every step of its review */
        readonly get: operations["getFlag"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/api/v1/flags/{flagId}/assign": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly get?: never;
        readonly put?: never;
        /** Give a flag to somebody */
        readonly post: operations["assignFlag"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/api/v1/flags/{flagId}/resolve": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly get?: never;
        readonly put?: never;
        /** Say what a flag was; once */
        readonly post: operations["resolveFlag"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/api/v1/health": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /** How this instance is doing */
        readonly get: operations["globalStateHealth"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/api/v1/operations": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /** Operations, the newest first */
        readonly get: operations["listOperations"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/api/v1/operations/{operationId}": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /** How far an operation is */
        readonly get: operations["getOperation"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/api/v1/operations/{operationId}/cancel": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly get?: never;
        readonly put?: never;
        /**
         * End an operation; what is finished stays as it is
         * @description One that waits is cancelled at once, one that runs within about a second. It can be resumed.
         */
        readonly post: operations["cancelOperation"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/api/v1/operations/{operationId}/resume": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly get?: never;
        readonly put?: never;
        /** Go on with an operation that failed or was cancelled, from where it was */
        readonly post: operations["resumeOperation"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/api/v1/operations/rebuild": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly get?: never;
        readonly put?: never;
        /** Build states or analytics again from the log, beside those that serve, and swap them */
        readonly post: operations["startRebuild"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/api/v1/operations/rebuild/revert": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly get?: never;
        readonly put?: never;
        /** Go back to the build before */
        readonly post: operations["revertRebuild"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/api/v1/operations/replay": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly get?: never;
        readonly put?: never;
        /** Run a range of events through the fold or through a rule */
        readonly post: operations["startReplay"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/api/v1/operations/verify": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly get?: never;
        readonly put?: never;
        /**
         * Check the whole log: positions, versions, hash chains, checksums, states and signed roots
         * @description The `result` has what was counted and the `findings`, by position. Resumed, it begins anew.
         */
        readonly post: operations["startVerify"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/api/v1/projections": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /** How far each projection of the log is, and why one stands still */
        readonly get: operations["getProjections"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/api/v1/quarantines": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /** Aggregates that are marked because of a rule, the newest first */
        readonly get: operations["listQuarantines"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/api/v1/quarantines/{aggregateType}/{aggregateId}": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /** Whether an aggregate is in quarantine, and when it was */
        readonly get: operations["getQuarantine"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/api/v1/quarantines/{aggregateType}/{aggregateId}/release": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly get?: never;
        readonly put?: never;
        /** Take the mark off an aggregate */
        readonly post: operations["releaseQuarantine"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/api/v1/rollbacks": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /** Rollbacks, the newest first; with limited types those of such aggregates alone */
        readonly get: operations["listRollbacks"];
        readonly put?: never;
        /**
         * What taking changes back would do; nothing changes yet
         * @description Increments are taken back by their amount; a value goes back only where nobody has set it since whose change is in force. Every aggregate of the scope is in `affected`, also one whose `diff` is empty: then its events count no more, should a later rollback take back what lies over them.
         */
        readonly post: operations["previewRollback"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/api/v1/rollbacks/{rollbackId}": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /** One rollback */
        readonly get: operations["getRollback"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/api/v1/rollbacks/{rollbackId}/execute": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly get?: never;
        readonly put?: never;
        /**
         * Take the changes back, by events that make up for them
         * @description Where anything changed since the preview, or somebody else is at it, it is 409, and nothing is done. One that was cut short goes on when it is asked for again, with the changes that it began with.
         */
        readonly post: operations["executeRollback"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/api/v1/rollbacks/{rollbackId}/undo": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly get?: never;
        readonly put?: never;
        /**
         * Take a rollback back
         * @description While somebody else is at it, it is 409. One that was cut short goes on when it is asked for again.
         */
        readonly post: operations["undoRollback"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/api/v1/rules": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /** The rules of the game with their modes, and how many flags each has */
        readonly get: operations["listRules"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/api/v1/state/{aggregateType}/{aggregateId}": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /**
         * The state of an aggregate, now, after one of its versions, or at a time
         * @description From memory or Redis, at most 150 ms old. `Cache-Control: no-cache` or `consistency=strong` reads the database.
         */
        readonly get: operations["getAggregateState"];
        /** Change a state that is at the expected version, or create it with version 0 */
        readonly put: operations["updateAggregateState"];
        readonly post?: never;
        /** Delete a state; its history stays */
        readonly delete: operations["deleteAggregateState"];
        readonly options?: never;
        readonly head?: never;
        /**
         * Change a state, whatever its version
         * @description A merge patch (RFC 7396) on `data`; `{"$inc": n}` in place of a value adds n.
         */
        readonly patch: operations["patchAggregateState"];
        readonly trace?: never;
    };
    readonly "/api/v1/state/{aggregateType}/{aggregateId}/diff": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /**
         * What changed in a state between two versions or times
         * @description Arrays are values, as in a merge patch. A deleted state counts as `{}`.
         */
        readonly get: operations["diffAggregateState"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/api/v1/stream": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /**
         * The changes of a channel as Server-Sent Events
         * @description The same messages as over WebSocket (see the AsyncAPI document); `id` is the cursor. A token in the header, or a ticket in the query.
         */
        readonly get: operations["streamChannel"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/api/v1/stream/tickets": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly get?: never;
        readonly put?: never;
        /**
         * A ticket that opens one stream within 30 s, in place of the token
         * @description For browsers, which cannot send a header with a WebSocket or an EventSource: `/ws?ticket=...`.
         */
        readonly post: operations["createStreamTicket"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/api/v1/tokens/revocations": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /** The revocations in force, oldest first */
        readonly get: operations["getTokenRevocations"];
        readonly put?: never;
        /**
         * Refuse a token, or all tokens of a subject that were issued before now
         * @description In force here when it is answered, on the other instances within about a second. `iat` counts whole seconds, so a subject's tokens of the running second are refused too. Sent again it renews: the later end holds, and a subject's time of issue is now.
         */
        readonly post: operations["revokeTokens"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/api/v1/tokens/revocations/{id}": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly get?: never;
        readonly put?: never;
        readonly post?: never;
        /** Lift a revocation: what it refused is taken again */
        readonly delete: operations["liftTokenRevocation"];
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/api/v1/world-at": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /**
         * Many states as they were at one moment, in the order of their ids
         * @description One consistent cut: all events up to the position that the time resolves to, on every page.
         */
        readonly get: operations["getWorldAt"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/livez": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /** The process answers; it asks nobody else */
        readonly get: operations["livez"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/metrics": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /** Figures of this instance in the Prometheus text format */
        readonly get: operations["getMetrics"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/readyz": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /** Started, not draining, and the database answers */
        readonly get: operations["readyz"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/startupz": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /** The start is over */
        readonly get: operations["startupz"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        readonly __shared: unknown;
        readonly AggregateState: {
            /** Format: uuid */
            readonly aggregateId: string;
            /** @enum {string} */
            readonly aggregateType: "player" | "guild" | "world" | "economy" | "combat";
            /** @description SHA-256 (hex) of the canonical JSON (RFC 8785) of `data` */
            readonly checksum?: string;
            readonly data: {
                readonly [key: string]: unknown;
            };
            readonly events?: readonly components["schemas"]["__shared"][];
            /** Format: date-time */
            readonly lastModified?: string;
            readonly version: number;
        };
        readonly AuditEntry: {
            /** @description The operation of this API, or the type of the event */
            readonly action: string;
            /** @description The subject of the token; absent where there was none that holds */
            readonly actor?: string;
            /** @description Where it came from */
            readonly address?: string;
            /** Format: date-time */
            readonly at: string;
            /** @description Of a command: its effect on the state, as a merge patch with what came of increments, where that is not what `parameters` say; bounded and redacted as they are */
            readonly changes?: {
                readonly [key: string]: unknown;
            };
            /** @description So many were alike: more than 1 only where there were too many to keep each */
            readonly count: number;
            /** @description The stable word of the refusal */
            readonly error?: string;
            /**
             * Format: uuid
             * @description Of a command: the id of its event
             */
            readonly id: string;
            /**
             * @description `command`: an event, so an accepted command; `refusal`: 403, 422, 429; `authentication`: 401; `operation`, `rollback`, `administration`: what operators changed
             * @enum {string}
             */
            readonly kind: "command" | "refusal" | "authentication" | "operation" | "rollback" | "administration";
            /**
             * @description `begun`: it was written down before it was done, and no end of it
             * @enum {string}
             */
            readonly outcome: "accepted" | "refused" | "failed" | "begun";
            /** @description Bounded; values under keys such as `token`, `secret`, `password` or `key` are `[redacted]` */
            readonly parameters?: {
                readonly [key: string]: unknown;
            };
            readonly reason?: string;
            readonly requestId?: string;
            /** @description Of the HTTP answer */
            readonly status?: number;
            /** @description The aggregate, or what else has an id: `rollbackId`, `operationId` */
            readonly target?: {
                readonly aggregateId?: string;
                readonly aggregateType?: string;
            } & {
                readonly [key: string]: unknown;
            };
            readonly traceId?: string;
        };
        readonly AuditList: {
            readonly entries: readonly components["schemas"]["AuditEntry"][];
            readonly hasMore: boolean;
        };
        readonly DeadLetter: {
            /** Format: uuid */
            readonly aggregateId: string;
            readonly aggregateType: string;
            readonly attempts: number;
            /** @description Who could not handle it */
            readonly consumer: string;
            /** Format: uuid */
            readonly deadLetterId: string;
            /** Format: date-time */
            readonly endedAt?: string;
            readonly endedBy?: string;
            /** @description Of the last try */
            readonly error: string;
            /** Format: uuid */
            readonly eventId?: string;
            /** Format: date-time */
            readonly lastAttemptAt: string;
            /** Format: date-time */
            readonly parkedAt: string;
            /** @description Of the first event that was withheld */
            readonly position: number;
            readonly reason?: string;
            /**
             * @description `superseded`: a new build took the place of the one that could not handle it
             * @enum {string}
             */
            readonly status: "parked" | "retried" | "discarded" | "superseded";
            /** @description Events, the first one included */
            readonly withheld: number;
        };
        readonly DeadLetterDiscard: {
            readonly reason: string;
        };
        readonly DeadLetterList: {
            readonly deadLetters: readonly components["schemas"]["DeadLetter"][];
            readonly hasMore: boolean;
        };
        readonly Error: {
            /** @description The HTTP status as a string */
            readonly code: string;
            readonly details?: {
                readonly [key: string]: unknown;
            };
            /** @description A stable word, e.g. VERSION_CONFLICT */
            readonly error: string;
            readonly message: string;
            /** Format: date-time */
            readonly timestamp: string;
        };
        readonly EventAnalyticsResponse: {
            /** @description The hundred event types with the most events */
            readonly byEventType: readonly {
                readonly count: number;
                readonly eventsPerSecond: number;
                readonly eventType: string;
                readonly processingLatencyMs?: components["schemas"]["LatencyQuantiles"];
            }[];
            readonly eventsPerSecond: number;
            /** Format: date-time */
            readonly from: string;
            /** @description Of events made in this region: from decided to durable */
            readonly processingLatencyMs?: components["schemas"]["LatencyQuantiles"];
            /** @description Of events of other regions: from decided there to durable here */
            readonly replicationLatencyMs?: components["schemas"]["LatencyQuantiles"];
            /** @description By hour; hours without events are left out */
            readonly throughput: readonly {
                readonly count: number;
                readonly eventsPerSecond: number;
                /** Format: date-time */
                readonly timestamp: string;
            }[];
            /** @enum {string} */
            readonly timeRange: "1h" | "24h" | "7d" | "30d";
            /** Format: date-time */
            readonly to: string;
            readonly totalEvents: number;
        };
        readonly EventBatchRequest: {
            readonly events: readonly components["schemas"]["EventPublishRequest"][];
        };
        readonly EventBatchResponse: {
            readonly accepted: number;
            readonly refused: number;
            readonly results: readonly {
                /** @description The HTTP status this item would have had alone, as a string */
                readonly code: string;
                readonly details?: {
                    readonly [key: string]: unknown;
                };
                readonly error?: string;
                /** Format: uuid */
                readonly eventId?: string;
                readonly eventVersion?: number;
                readonly index: number;
                readonly message?: string;
                readonly status?: string;
                /** Format: date-time */
                readonly timestamp?: string;
            }[];
        };
        readonly EventHistoryResponse: {
            /** Format: uuid */
            readonly aggregateId: string;
            /** @enum {string} */
            readonly aggregateType: "player" | "guild" | "world" | "economy" | "combat";
            readonly events: readonly components["schemas"]["GameEvent"][];
            readonly hasMore?: boolean;
            /** @description Events in the asked range of versions */
            readonly totalCount?: number;
        };
        /** @description The answer to a line; the last one tells how the stream ended */
        readonly EventLineAnswer: {
            /** @description The HTTP status this item would have had alone, as a string */
            readonly code: string;
            readonly details?: {
                readonly [key: string]: unknown;
            };
            readonly error?: string;
            /** Format: uuid */
            readonly eventId?: string;
            readonly eventVersion?: number;
            readonly index: number;
            readonly message?: string;
            readonly status?: string;
            /** Format: date-time */
            readonly timestamp?: string;
        } | {
            readonly accepted: number;
            readonly code?: string;
            /** @description Whether every line of the upload was taken */
            readonly done: boolean;
            readonly error?: string;
            readonly message?: string;
            /** @description The first line that was not taken */
            readonly nextIndex?: number;
            /** @description Where the last of the accepted events landed: a read with it as `X-Min-Position` shows them all */
            readonly position?: string;
            readonly refused: number;
        };
        readonly EventPublishRequest: {
            /** Format: uuid */
            readonly aggregateId: string;
            /** @enum {string} */
            readonly aggregateType: "player" | "guild" | "world" | "economy" | "combat";
            /** Format: uuid */
            readonly causationId?: string;
            /** Format: uuid */
            readonly correlationId?: string;
            readonly eventData: {
                readonly [key: string]: unknown;
            };
            /**
             * Format: uuid
             * @description Idempotency key of the event: sending it again returns the first answer.
             */
            readonly eventId?: string;
            readonly eventType: string;
            readonly expectedVersion?: number;
            readonly metadata?: {
                readonly [key: string]: unknown;
            };
            /** Format: uuid */
            readonly playerId?: string;
            readonly serverId?: string;
            /** Format: uuid */
            readonly sessionId?: string;
            /** @description The effect on state, where it is not what `eventData` says. */
            readonly stateChanges?: {
                readonly [key: string]: unknown;
            };
        };
        readonly EventPublishResponse: {
            /** Format: uuid */
            readonly eventId: string;
            readonly eventVersion: number;
            /** @enum {string} */
            readonly status?: "published" | "processing" | "processed";
            /** Format: date-time */
            readonly timestamp?: string;
        };
        readonly Flag: {
            /** @description Who made the event. */
            readonly actor: string;
            readonly after?: unknown;
            /** Format: uuid */
            readonly aggregateId: string;
            /** @enum {string} */
            readonly aggregateType: "player" | "guild" | "world" | "economy" | "combat";
            readonly assignee?: string;
            /** @description The value at the path; absent where nothing was, or no scalar. */
            readonly before?: unknown;
            /** Format: uuid */
            readonly eventId: string;
            readonly eventVersion: number;
            /** Format: uuid */
            readonly flagId: string;
            readonly kind: string;
            readonly limit?: number;
            /** @description What was held against `limit`: the sum of a window, or what a command left over. */
            readonly measured?: number;
            /** @enum {string} */
            readonly mode: "flag" | "quarantine" | "reject";
            readonly note?: string;
            /** Format: date-time */
            readonly occurredAt: string;
            /**
             * Format: uuid
             * @description The replay that found it.
             */
            readonly operationId?: string;
            /** @description JSON Pointer of the first path that broke the rule. */
            readonly path: string;
            /** @description How many paths of the event broke the rule, where there are several. */
            readonly paths?: number;
            /** Format: date-time */
            readonly raisedAt: string;
            /** Format: date-time */
            readonly resolvedAt?: string;
            readonly resolvedBy?: string;
            readonly rule: string;
            /** @enum {string} */
            readonly status: "open" | "assigned" | "confirmed" | "dismissed";
        };
        readonly FlagAssignment: {
            readonly assignee: string;
        };
        readonly FlagDetail: {
            /** @description Every step of the review, in order. */
            readonly actions: readonly {
                /** Format: date-time */
                readonly actedAt: string;
                /** @enum {string} */
                readonly action: "assigned" | "confirmed" | "dismissed";
                readonly actor: string;
                readonly assignee?: string;
                readonly note?: string;
            }[];
            /** @description Who made the event. */
            readonly actor: string;
            readonly after?: unknown;
            /** Format: uuid */
            readonly aggregateId: string;
            /** @enum {string} */
            readonly aggregateType: "player" | "guild" | "world" | "economy" | "combat";
            readonly assignee?: string;
            /** @description The value at the path; absent where nothing was, or no scalar. */
            readonly before?: unknown;
            /** Format: uuid */
            readonly eventId: string;
            readonly eventVersion: number;
            /** @description The event and those around it, oldest first. */
            readonly evidence: readonly {
                readonly actor: string;
                readonly event: components["schemas"]["GameEvent"];
            }[];
            /** Format: uuid */
            readonly flagId: string;
            /** @description Whether its aggregate is in quarantine now. */
            readonly isQuarantined: boolean;
            readonly kind: string;
            readonly limit?: number;
            /** @description What was held against `limit`: the sum of a window, or what a command left over. */
            readonly measured?: number;
            /** @enum {string} */
            readonly mode: "flag" | "quarantine" | "reject";
            readonly note?: string;
            /** Format: date-time */
            readonly occurredAt: string;
            /**
             * Format: uuid
             * @description The replay that found it.
             */
            readonly operationId?: string;
            /** @description JSON Pointer of the first path that broke the rule. */
            readonly path: string;
            /** @description How many paths of the event broke the rule, where there are several. */
            readonly paths?: number;
            /** Format: date-time */
            readonly raisedAt: string;
            /** Format: date-time */
            readonly resolvedAt?: string;
            readonly resolvedBy?: string;
            readonly rule: string;
            /** @enum {string} */
            readonly status: "open" | "assigned" | "confirmed" | "dismissed";
            /** @description Of a rule on sums: what the same command did to other aggregates. */
            readonly together?: readonly {
                readonly actor: string;
                readonly event: components["schemas"]["GameEvent"];
            }[];
        };
        readonly FlagList: {
            readonly flags: readonly components["schemas"]["Flag"][];
            readonly hasMore: boolean;
        };
        readonly FlagResolution: {
            readonly note: string;
            /** @enum {string} */
            readonly resolution: "confirmed" | "dismissed";
        };
        readonly GameEvent: {
            /** Format: uuid */
            readonly aggregateId: string;
            /** @enum {string} */
            readonly aggregateType: "player" | "guild" | "world" | "economy" | "combat";
            /** Format: uuid */
            readonly causationId?: string;
            /** Format: uuid */
            readonly correlationId?: string;
            readonly eventData: {
                readonly [key: string]: unknown;
            };
            /** Format: uuid */
            readonly eventId: string;
            readonly eventType: string;
            /** @description The version of the aggregate after this event */
            readonly eventVersion: number;
            readonly metadata?: {
                readonly [key: string]: unknown;
            };
            /** Format: uuid */
            readonly playerId?: string;
            /** Format: date-time */
            readonly processedAt?: string;
            readonly serverId?: string;
            /** Format: uuid */
            readonly sessionId?: string;
            /** Format: date-time */
            readonly timestamp: string;
        };
        readonly HealthResponse: {
            /** @description Open sockets, HTTP and WebSocket. */
            readonly activeConnections: number;
            /** @description Absent until a cache has been read. */
            readonly cacheHitRate?: number;
            /** @description Each check by name; only with `verbose`. */
            readonly checks?: {
                readonly [key: string]: {
                    /** @description How long the answer took, or has been waited for. */
                    readonly latencyMs: number;
                    readonly message?: string;
                    /** @enum {string} */
                    readonly status: "up" | "degraded" | "down";
                };
            };
            /** @enum {string} */
            readonly status: "healthy" | "degraded" | "starting" | "draining";
            /** Format: date-time */
            readonly timestamp: string;
            /** @description Seconds since the process began. */
            readonly uptime: number;
            readonly version: string;
        };
        /** @description In ms, exact below 16 ms, within 6.25 % above */
        readonly LatencyQuantiles: {
            readonly p50: number;
            readonly p95: number;
            readonly p99: number;
        };
        readonly Operation: {
            /** Format: date-time */
            readonly createdAt: string;
            readonly createdBy: string;
            readonly done: number;
            readonly error?: string;
            readonly etaSeconds?: number;
            /** Format: date-time */
            readonly finishedAt?: string;
            readonly kind: string;
            /** Format: uuid */
            readonly operationId: string;
            readonly parameters: {
                readonly [key: string]: unknown;
            };
            readonly progress: number;
            /** @description Of `unit` in a second: lately while it runs, over its last run when it is finished. */
            readonly rate: number;
            readonly result?: {
                readonly [key: string]: unknown;
            };
            /** Format: date-time */
            readonly startedAt?: string;
            /** @enum {string} */
            readonly status: "queued" | "running" | "cancelling" | "completed" | "failed" | "cancelled";
            /** @description 0 until it is known. */
            readonly total: number;
            /** @description What `done` and `total` count. */
            readonly unit: string;
        };
        readonly OperationList: {
            readonly hasMore: boolean;
            readonly operations: readonly components["schemas"]["Operation"][];
        };
        readonly Projection: {
            /** @description Of the newest positions it handled, how many were counted in the log just now, and how many are there */
            readonly gaps: {
                readonly checked: number;
                readonly dense: boolean;
                readonly found: number;
            };
            /** @description Of the newest event of the log */
            readonly head: number;
            readonly lag: {
                readonly events: number;
                /** @description Since the oldest event that is not handled was committed */
                readonly seconds: number;
            };
            readonly name: string;
            /** @description Aggregates that it could not handle and is not given any more: see `/dead-letters` */
            readonly parked: number;
            readonly partition: number;
            /** @description Of the last event it handled */
            readonly position: number;
            /** @description What failed on the instance that answers */
            readonly stall?: {
                readonly failures: number;
                readonly reason: string;
                /** Format: date-time */
                readonly since: string;
            };
            /** @description It failed on the instance that answers, or has work and did not move for a minute */
            readonly stalled: boolean;
            /** @description Since its checkpoint moved */
            readonly unmovedSeconds: number;
        };
        readonly ProjectionList: {
            readonly projections: readonly components["schemas"]["Projection"][];
        };
        readonly Quarantine: {
            /** Format: uuid */
            readonly aggregateId: string;
            /** @enum {string} */
            readonly aggregateType: "player" | "guild" | "world" | "economy" | "combat";
            /** Format: uuid */
            readonly eventId: string;
            readonly eventVersion: number;
            /** Format: uuid */
            readonly flagId: string;
            readonly reason?: string;
            /** Format: date-time */
            readonly releasedAt?: string;
            readonly releasedBy?: string;
            readonly rule: string;
            /** Format: date-time */
            readonly since: string;
        };
        readonly QuarantineList: {
            readonly hasMore: boolean;
            readonly quarantines: readonly components["schemas"]["Quarantine"][];
        };
        readonly QuarantineRelease: {
            readonly reason: string;
        };
        readonly QuarantineStatus: {
            /** Format: uuid */
            readonly aggregateId: string;
            /** @enum {string} */
            readonly aggregateType: "player" | "guild" | "world" | "economy" | "combat";
            readonly isQuarantined: boolean;
            /** @description The newest 100, the newest first. */
            readonly quarantines: readonly components["schemas"]["Quarantine"][];
        };
        readonly RebuildRequest: {
            /** @description Take the new build though it differs from the one it replaces. Default: false. */
            readonly acceptDifferences?: boolean;
            /**
             * @description States of this type only.
             * @enum {string}
             */
            readonly aggregateType?: "player" | "guild" | "world" | "economy" | "combat";
            readonly reason?: string;
            /** @enum {string} */
            readonly target: "states" | "analytics";
        };
        readonly RebuildRevertRequest: {
            /**
             * @description States of this type only.
             * @enum {string}
             */
            readonly aggregateType?: "player" | "guild" | "world" | "economy" | "combat";
            readonly reason?: string;
            /** @enum {string} */
            readonly target: "states" | "analytics";
        };
        readonly ReplayRequest: {
            /** @enum {string} */
            readonly aggregateType?: "player" | "guild" | "world" | "economy" | "combat";
            /** @description Default: true. */
            readonly dryRun?: boolean;
            /** Format: date-time */
            readonly from?: string;
            readonly fromPosition?: number;
            /** @description Required with `rule`: the id of a rule, or a `RuleDeclaration` to be tried. */
            readonly rule?: string | {
                readonly [key: string]: unknown;
            };
            /** @enum {string} */
            readonly through: "fold" | "rule";
            /** Format: date-time */
            readonly to?: string;
            /** @description Included. */
            readonly toPosition?: number;
        };
        readonly Rollback: {
            readonly affected: readonly {
                /** Format: uuid */
                readonly aggregateId: string;
                readonly aggregateType: string;
                readonly diff: readonly {
                    readonly new?: unknown;
                    readonly old?: unknown;
                    readonly path: string;
                }[];
                readonly version: number;
            }[];
            /** @description Paths that were also changed later, or cannot go back all the way, and what becomes of them. */
            readonly conflicts: readonly {
                /** Format: uuid */
                readonly aggregateId: string;
                readonly aggregateType: string;
                readonly path: string;
                /** @enum {string} */
                readonly resolution: "kept" | "taken back by the amount" | "set back below a later change" | "limited by the bounds";
            }[];
            /** Format: date-time */
            readonly createdAt: string;
            readonly createdBy: string;
            /** Format: date-time */
            readonly executedAt?: string;
            readonly executedBy?: string;
            /**
             * Format: date-time
             * @description Of the preview.
             */
            readonly expiresAt: string;
            readonly reason?: string;
            /** Format: uuid */
            readonly rollbackId: string;
            readonly scope: {
                readonly [key: string]: unknown;
            };
            /** @enum {string} */
            readonly status: "previewed" | "executing" | "executed" | "undoing" | "undone";
            /** Format: date-time */
            readonly undoneAt?: string;
            readonly undoneBy?: string;
            readonly undoReason?: string;
        };
        readonly RollbackExecution: {
            /** @description The number of affected aggregates, as a string. */
            readonly confirm: string;
            readonly reason: string;
        };
        readonly RollbackList: {
            readonly hasMore: boolean;
            readonly rollbacks: readonly {
                /** @description How many it affects. */
                readonly aggregates: number;
                /** @description How many there are. */
                readonly conflicts: number;
                /** Format: date-time */
                readonly createdAt: string;
                readonly createdBy: string;
                /** Format: date-time */
                readonly executedAt?: string;
                readonly executedBy?: string;
                /**
                 * Format: date-time
                 * @description Of the preview.
                 */
                readonly expiresAt: string;
                readonly reason?: string;
                /** Format: uuid */
                readonly rollbackId: string;
                readonly scope: {
                    readonly [key: string]: unknown;
                };
                /** @enum {string} */
                readonly status: "previewed" | "executing" | "executed" | "undoing" | "undone";
                /** Format: date-time */
                readonly undoneAt?: string;
                readonly undoneBy?: string;
                readonly undoReason?: string;
            }[];
        };
        readonly RollbackRequest: {
            readonly scope: {
                readonly aggregate: {
                    /** Format: uuid */
                    readonly aggregateId: string;
                    /** @enum {string} */
                    readonly aggregateType: "player" | "guild" | "world" | "economy" | "combat";
                    /** Format: date-time */
                    readonly toTime?: string;
                    readonly toVersion?: number;
                };
            } | {
                /** Format: uuid */
                readonly correlationId: string;
            } | {
                /** Format: uuid */
                readonly causationId: string;
            } | {
                readonly actor: string;
                /** Format: date-time */
                readonly from: string;
                /** Format: date-time */
                readonly to: string;
            };
        };
        readonly RollbackResult: {
            readonly events: readonly {
                /** Format: uuid */
                readonly aggregateId: string;
                readonly aggregateType: string;
                /** Format: uuid */
                readonly eventId: string;
                readonly eventType: string;
                readonly eventVersion: number;
            }[];
            /** Format: uuid */
            readonly rollbackId: string;
            /** @enum {string} */
            readonly status: "executed" | "undone";
        };
        readonly RollbackUndo: {
            readonly reason: string;
        };
        readonly RuleDeclaration: {
            /** @description One line for whoever reviews its flags. */
            readonly about: string;
            /** @enum {string} */
            readonly aggregateType: "player" | "guild" | "world" | "economy" | "combat";
            readonly id: string;
            /** @enum {string} */
            readonly kind: "bounds";
            readonly max?: number;
            readonly min?: number;
            /** @enum {string} */
            readonly mode: "off" | "flag" | "quarantine" | "reject";
            /** @description Keys with `/` between them; `*` is any one key. */
            readonly path: string;
        } | {
            /** @description One line for whoever reviews its flags. */
            readonly about: string;
            /** @enum {string} */
            readonly aggregateType: "player" | "guild" | "world" | "economy" | "combat";
            /** @enum {string} */
            readonly direction: "up" | "down";
            readonly id: string;
            /** @enum {string} */
            readonly kind: "monotonic";
            /** @enum {string} */
            readonly mode: "off" | "flag" | "quarantine" | "reject";
            /** @description Keys with `/` between them; `*` is any one key. */
            readonly path: string;
        } | {
            /** @description One line for whoever reviews its flags. */
            readonly about: string;
            /** @enum {string} */
            readonly aggregateType: "player" | "guild" | "world" | "economy" | "combat";
            readonly id: string;
            /** @enum {string} */
            readonly kind: "rate";
            /** @description To which the increases within any window may add up; decreases do not count. */
            readonly max: number;
            /** @enum {string} */
            readonly mode: "off" | "flag" | "quarantine" | "reject";
            /** @description Keys with `/` between them; `*` is any one key. */
            readonly path: string;
            readonly windowSeconds: number;
        } | {
            /** @description One line for whoever reviews its flags. */
            readonly about: string;
            /** @enum {string} */
            readonly aggregateType: "player" | "guild" | "world" | "economy" | "combat";
            /** @description Pairs of from and to; `*` is any value that is there, null is none. */
            readonly forbidden: readonly (readonly unknown[])[];
            readonly id: string;
            /** @enum {string} */
            readonly kind: "transition";
            /** @enum {string} */
            readonly mode: "off" | "flag" | "quarantine" | "reject";
            /** @description Keys with `/` between them; `*` is any one key. */
            readonly path: string;
        } | {
            /** @description One line for whoever reviews its flags. */
            readonly about: string;
            /** @enum {string} */
            readonly aggregateType: "player" | "guild" | "world" | "economy" | "combat";
            readonly id: string;
            /** @enum {string} */
            readonly kind: "conserve";
            /** @enum {string} */
            readonly mode: "off" | "flag" | "quarantine" | "reject";
            /** @description What adds up, over all aggregates of a command, to what it was before. */
            readonly terms: readonly {
                /** @enum {string} */
                readonly aggregateType: "player" | "guild" | "world" | "economy" | "combat";
                /** @enum {string} */
                readonly counts: "for" | "against";
                /** @description Keys with `/` between them; `*` is any one key. */
                readonly path: string;
            }[];
        };
        readonly RuleList: {
            readonly rules: readonly {
                /** @description How many it raised. */
                readonly flags: {
                    readonly assigned: number;
                    readonly confirmed: number;
                    readonly dismissed: number;
                    readonly open: number;
                };
                readonly rule: components["schemas"]["RuleDeclaration"];
            }[];
        };
        readonly StateAnalyticsResponse: {
            readonly metrics: readonly components["schemas"]["StateMetric"][];
            readonly summary?: components["schemas"]["StateAnalyticsSummary"];
            /** @enum {string} */
            readonly timeRange: "1h" | "24h" | "7d" | "30d";
        };
        readonly StateAnalyticsSummary: {
            readonly averageChangesPerAggregate: number;
            readonly mostActiveAggregate?: {
                /** Format: uuid */
                readonly aggregateId: string;
                /** @enum {string} */
                readonly aggregateType: "player" | "guild" | "world" | "economy" | "combat";
                readonly changeCount: number;
            };
            /**
             * Format: date-time
             * @description The beginning of the hour with the most changes
             */
            readonly peakActivityTime?: string;
            readonly totalAggregates: number;
            readonly totalChanges: number;
        };
        readonly StateDiff: {
            /** Format: uuid */
            readonly aggregateId: string;
            /** @enum {string} */
            readonly aggregateType: "player" | "guild" | "world" | "economy" | "combat";
            readonly changes: readonly {
                readonly new?: unknown;
                readonly old?: unknown;
                /** @description JSON Pointer (RFC 6901) */
                readonly path: string;
            }[];
            readonly from: {
                /** Format: date-time */
                readonly timestamp: string;
                readonly version: number;
            };
            /** @description JSON Patch (RFC 6902) that makes the data of `from` the data of `to` */
            readonly patch: readonly {
                /** @enum {string} */
                readonly op: "add" | "remove" | "replace";
                /** @description JSON Pointer (RFC 6901) */
                readonly path: string;
                readonly value?: unknown;
            }[];
            readonly to: {
                /** Format: date-time */
                readonly timestamp: string;
                readonly version: number;
            };
        };
        readonly StateMetric: {
            /** @enum {string} */
            readonly aggregateType: "player" | "guild" | "world" | "economy" | "combat";
            /** @description The mean of the versions that the changes made */
            readonly averageVersion?: number;
            readonly changeCount: number;
            /**
             * Format: date-time
             * @description When the hour or the UTC day begins; by aggregate type, when the range begins
             */
            readonly timestamp: string;
            /** @description The five event types with the most events */
            readonly topEvents?: readonly {
                readonly count: number;
                readonly eventType: string;
            }[];
            /** @description Aggregates that changed, each once */
            readonly uniqueAggregates?: number;
        };
        readonly StatePatch: {
            readonly [key: string]: unknown;
        };
        readonly StateUpdateRequest: {
            /** @description A merge patch (RFC 7396) on `data`. `{"$inc": n}` in place of a value adds n. */
            readonly changes: {
                readonly [key: string]: unknown;
            };
            /** @description The version this update is based on; 0: must not exist yet. */
            readonly expectedVersion: number;
            readonly metadata?: {
                readonly [key: string]: unknown;
            };
            /** Format: uuid */
            readonly userId?: string;
        };
        readonly StateUpdateResponse: {
            /** Format: uuid */
            readonly aggregateId: string;
            /** @enum {string} */
            readonly aggregateType: "player" | "guild" | "world" | "economy" | "combat";
            /** @description What was changed, as a merge patch with increments resolved */
            readonly appliedChanges?: {
                readonly [key: string]: unknown;
            };
            readonly newVersion: number;
            /** Format: date-time */
            readonly timestamp?: string;
        };
        readonly StreamTicket: {
            /** Format: date-time */
            readonly expiresAt: string;
            readonly ticket: string;
        };
        readonly TokenRevocation: {
            /**
             * Format: date-time
             * @description Absent: until it is lifted
             */
            readonly expiresAt?: string;
            /** Format: uuid */
            readonly id: string;
            readonly reason?: string;
            /** Format: date-time */
            readonly revokedAt: string;
            readonly revokedBy: string;
            readonly subject?: string;
            readonly tokenId?: string;
        };
        readonly TokenRevocationList: {
            readonly hasMore: boolean;
            readonly revocations: readonly components["schemas"]["TokenRevocation"][];
        };
        readonly TokenRevocationRequest: {
            /**
             * Format: date-time
             * @description When the revocation ends. Without it, when it is lifted: so that no token outlives it.
             */
            readonly expiresAt?: string;
            readonly reason?: string;
            /** @description The claim `sub`: every token of it that was issued before now, by `iat`. */
            readonly subject?: string;
            /** @description The claim `jti` of the token. */
            readonly tokenId?: string;
        };
        readonly TransactionRequest: {
            /**
             * Format: uuid
             * @description The event that caused it; all its events say so.
             */
            readonly causationId?: string;
            readonly changes: readonly {
                /** Format: uuid */
                readonly aggregateId: string;
                /** @enum {string} */
                readonly aggregateType: "player" | "guild" | "world" | "economy" | "combat";
                readonly changes: {
                    readonly [key: string]: unknown;
                };
                /** @description 0: must not exist yet. Absent: whatever is there. */
                readonly expectedVersion?: number;
            }[];
            /** @description Fields, or JSON Pointers, of whole numbers whose sum over the aggregates must not change. One that a `conserve` rule of `/rules` names is summed as that rule says, type by type: gold is `gold` of a player and `treasury.gold` of a guild. Any other is the same path in all of them. */
            readonly conserve?: readonly string[];
            /**
             * Format: uuid
             * @description Of all its events; made here if absent.
             */
            readonly correlationId?: string;
            readonly metadata?: {
                readonly [key: string]: unknown;
            };
            /** @enum {string} */
            readonly rule?: "conserve";
        };
        readonly TransactionResponse: {
            /** @description One for each item, in its order */
            readonly results: readonly components["schemas"]["StateUpdateResponse"][];
        };
        readonly VerifyRequest: {
            /** @description Findings after which it stops. Default: 1000. */
            readonly limit?: number;
            readonly reason?: string;
        };
        readonly WorldAt: {
            /** Format: date-time */
            readonly at?: string;
            readonly hasMore: boolean;
            readonly states: readonly components["schemas"]["AggregateState"][];
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    readonly getEventAnalytics: {
        readonly parameters: {
            readonly query?: {
                /** @description Without it, all types that the token may read. */
                readonly aggregateType?: "player" | "guild" | "world" | "economy" | "combat";
                readonly timeRange?: "1h" | "24h" | "7d" | "30d";
            };
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The figures */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["EventAnalyticsResponse"];
                };
            };
            /** @description The request is malformed */
            readonly 400: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description No valid token */
            readonly 401: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description The token does not allow it */
            readonly 403: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Too many requests: see Retry-After */
            readonly 429: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Not now: see Retry-After */
            readonly 503: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    readonly getStateChangeAnalytics: {
        readonly parameters: {
            readonly query?: {
                /** @description Without it, all types that the token may read. */
                readonly aggregateType?: "player" | "guild" | "world" | "economy" | "combat";
                readonly groupBy?: "hour" | "day" | "aggregate";
                readonly timeRange?: "1h" | "24h" | "7d" | "30d";
            };
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The figures */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["StateAnalyticsResponse"];
                };
            };
            /** @description The request is malformed */
            readonly 400: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description No valid token */
            readonly 401: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description The token does not allow it */
            readonly 403: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Too many requests: see Retry-After */
            readonly 429: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Not now: see Retry-After */
            readonly 503: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    readonly getAudit: {
        readonly parameters: {
            readonly query?: {
                /** @description The subject of the token. */
                readonly actor?: string;
                /** @description Comes with aggregateType. */
                readonly aggregateId?: string;
                readonly aggregateType?: "player" | "guild" | "world" | "economy" | "combat";
                /** @description Of a command: its effect on the state, as a merge patch with what came of increments, where that is not what `parameters` say; bounded and redacted as they are */
                readonly changes?: {
                    readonly [key: string]: unknown;
                };
                /** @description Keeps the time of the first page. */
                readonly cursor?: string;
                /** @description Entries from this time on. Without it, of the 24 hours before `to`. */
                readonly from?: string;
                readonly kind?: "command" | "refusal" | "authentication" | "operation" | "rollback" | "administration";
                readonly limit?: number;
                readonly outcome?: "accepted" | "refused" | "failed" | "begun";
                /** @description Entries before this time. Without it, up to now. */
                readonly to?: string;
            };
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description A page; the header Link leads to the next one */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["AuditList"];
                };
            };
            /** @description The request is malformed, or the search takes too long */
            readonly 400: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description No valid token */
            readonly 401: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description The token does not allow it */
            readonly 403: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Too many requests: see Retry-After */
            readonly 429: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Not now: see Retry-After */
            readonly 503: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    readonly executeTransaction: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: {
                /** @description Sending the same request again under this key returns the first answer. */
                readonly "Idempotency-Key"?: string;
            };
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody: {
            readonly content: {
                readonly "application/json": components["schemas"]["TransactionRequest"];
            };
        };
        readonly responses: {
            /** @description All changed */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["TransactionResponse"];
                };
            };
            /** @description The request is malformed */
            readonly 400: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description No valid token */
            readonly 401: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description The token does not allow it */
            readonly 403: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description There is no such state */
            readonly 404: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description The version is another one */
            readonly 409: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description The body is too large */
            readonly 413: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description The content type is another one */
            readonly 415: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description It cannot be applied, or breaks a rule, or a key was used for something else */
            readonly 422: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Too many requests: see Retry-After */
            readonly 429: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Not now: see Retry-After */
            readonly 503: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    readonly listDeadLetters: {
        readonly parameters: {
            readonly query?: {
                readonly consumer?: string;
                readonly cursor?: string;
                readonly limit?: number;
                readonly status?: "parked" | "retried" | "discarded" | "superseded";
            };
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description A page; the header Link leads to the next one */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["DeadLetterList"];
                };
            };
            /** @description The request is malformed */
            readonly 400: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description No valid token */
            readonly 401: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description The token does not allow it */
            readonly 403: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Too many requests: see Retry-After */
            readonly 429: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Not now: see Retry-After */
            readonly 503: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    readonly discardDeadLetter: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                readonly deadLetterId: string;
            };
            readonly cookie?: never;
        };
        readonly requestBody: {
            readonly content: {
                readonly "application/json": components["schemas"]["DeadLetterDiscard"];
            };
        };
        readonly responses: {
            /** @description Discarded */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["DeadLetter"];
                };
            };
            /** @description The request is malformed */
            readonly 400: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description No valid token */
            readonly 401: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description The token does not allow it */
            readonly 403: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description There is no such dead letter */
            readonly 404: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description The body is too large */
            readonly 413: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description The content type is another one */
            readonly 415: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description It is not parked any more, or cannot be retried here */
            readonly 422: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Too many requests: see Retry-After */
            readonly 429: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Not now: see Retry-After */
            readonly 503: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    readonly retryDeadLetter: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                readonly deadLetterId: string;
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description As it is now */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["DeadLetter"];
                };
            };
            /** @description The request is malformed */
            readonly 400: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description No valid token */
            readonly 401: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description The token does not allow it */
            readonly 403: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description There is no such dead letter */
            readonly 404: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description It is not parked any more, or cannot be retried here */
            readonly 422: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Too many requests: see Retry-After */
            readonly 429: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Not now: see Retry-After */
            readonly 503: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    readonly publishEvent: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: {
                /** @description Sending the same request again under this key returns the first answer. */
                readonly "Idempotency-Key"?: string;
            };
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody: {
            readonly content: {
                readonly "application/json": components["schemas"]["EventPublishRequest"];
            };
        };
        readonly responses: {
            /** @description Durable and in the state */
            readonly 201: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["EventPublishResponse"];
                };
            };
            /** @description The request is malformed */
            readonly 400: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description No valid token */
            readonly 401: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description The token does not allow it */
            readonly 403: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description There is no such state */
            readonly 404: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description The version is another one */
            readonly 409: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description The body is too large */
            readonly 413: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description The content type is another one */
            readonly 415: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description It cannot be applied, or breaks a rule, or a key was used for something else */
            readonly 422: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Too many requests: see Retry-After */
            readonly 429: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Not now: see Retry-After */
            readonly 503: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    readonly getAggregateEvents: {
        readonly parameters: {
            readonly query?: {
                readonly cursor?: string;
                readonly fromVersion?: number;
                readonly limit?: number;
                readonly toVersion?: number;
            };
            readonly header?: never;
            readonly path: {
                readonly aggregateId: string;
                readonly aggregateType: "player" | "guild" | "world" | "economy" | "combat";
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description A page of events */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["EventHistoryResponse"];
                };
            };
            /** @description The request is malformed */
            readonly 400: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description No valid token */
            readonly 401: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description The token does not allow it */
            readonly 403: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description There is no such state */
            readonly 404: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Too many requests: see Retry-After */
            readonly 429: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Not now: see Retry-After */
            readonly 503: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    readonly publishEventBatch: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: {
                /** @description Items that were appended under this key are not appended again. */
                readonly "Idempotency-Key"?: string;
            };
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody: {
            readonly content: {
                readonly "application/json": components["schemas"]["EventBatchRequest"];
                readonly "application/x-ndjson": components["schemas"]["EventPublishRequest"];
            };
        };
        readonly responses: {
            /** @description One answer an item, in order */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["EventBatchResponse"];
                    readonly "application/x-ndjson": components["schemas"]["EventLineAnswer"];
                };
            };
            /** @description The request is malformed */
            readonly 400: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description No valid token */
            readonly 401: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description The token does not allow it */
            readonly 403: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description The body is too large */
            readonly 413: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description The content type is another one */
            readonly 415: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Too many requests: see Retry-After */
            readonly 429: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Not now: see Retry-After */
            readonly 503: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    readonly listFlags: {
        readonly parameters: {
            readonly query?: {
                readonly aggregateId?: string;
                readonly aggregateType?: "player" | "guild" | "world" | "economy" | "combat";
                readonly cursor?: string;
                readonly limit?: number;
                readonly rule?: string;
                readonly status?: "open" | "assigned" | "confirmed" | "dismissed";
            };
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description A page; the header Link leads to the next one */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["FlagList"];
                };
            };
            /** @description The request is malformed */
            readonly 400: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description No valid token */
            readonly 401: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description The token does not allow it */
            readonly 403: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Too many requests: see Retry-After */
            readonly 429: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Not now: see Retry-After */
            readonly 503: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    readonly getFlag: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                readonly flagId: string;
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The flag */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["FlagDetail"];
                };
            };
            /** @description The request is malformed */
            readonly 400: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description No valid token */
            readonly 401: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description The token does not allow it */
            readonly 403: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description There is no such flag */
            readonly 404: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Too many requests: see Retry-After */
            readonly 429: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Not now: see Retry-After */
            readonly 503: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    readonly assignFlag: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                readonly flagId: string;
            };
            readonly cookie?: never;
        };
        readonly requestBody: {
            readonly content: {
                readonly "application/json": components["schemas"]["FlagAssignment"];
            };
        };
        readonly responses: {
            /** @description As it is now */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Flag"];
                };
            };
            /** @description The request is malformed */
            readonly 400: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description No valid token */
            readonly 401: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description The token does not allow it */
            readonly 403: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description There is no such flag */
            readonly 404: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description It is resolved already */
            readonly 409: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description The body is too large */
            readonly 413: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description The content type is another one */
            readonly 415: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Too many requests: see Retry-After */
            readonly 429: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Not now: see Retry-After */
            readonly 503: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    readonly resolveFlag: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                readonly flagId: string;
            };
            readonly cookie?: never;
        };
        readonly requestBody: {
            readonly content: {
                readonly "application/json": components["schemas"]["FlagResolution"];
            };
        };
        readonly responses: {
            /** @description As it is now */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Flag"];
                };
            };
            /** @description The request is malformed */
            readonly 400: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description No valid token */
            readonly 401: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description The token does not allow it */
            readonly 403: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description There is no such flag */
            readonly 404: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description It is resolved already */
            readonly 409: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description The body is too large */
            readonly 413: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description The content type is another one */
            readonly 415: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Too many requests: see Retry-After */
            readonly 429: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Not now: see Retry-After */
            readonly 503: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    readonly globalStateHealth: {
        readonly parameters: {
            readonly query?: {
                /** @description Adds each check with its status and latency. */
                readonly verbose?: "" | "true" | "false";
            };
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description It is so */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["HealthResponse"];
                };
            };
            /** @description It is not, or not now */
            readonly 503: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    readonly listOperations: {
        readonly parameters: {
            readonly query?: {
                readonly cursor?: string;
                readonly limit?: number;
                readonly status?: "queued" | "running" | "cancelling" | "completed" | "failed" | "cancelled";
            };
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description A page; the header Link leads to the next one */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["OperationList"];
                };
            };
            /** @description The request is malformed */
            readonly 400: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description No valid token */
            readonly 401: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description The token does not allow it */
            readonly 403: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Too many requests: see Retry-After */
            readonly 429: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Not now: see Retry-After */
            readonly 503: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    readonly getOperation: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                readonly operationId: string;
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The operation */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Operation"];
                };
            };
            /** @description The request is malformed */
            readonly 400: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description No valid token */
            readonly 401: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description The token does not allow it */
            readonly 403: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description There is no such operation */
            readonly 404: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Too many requests: see Retry-After */
            readonly 429: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Not now: see Retry-After */
            readonly 503: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    readonly cancelOperation: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                readonly operationId: string;
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description As it is now */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Operation"];
                };
            };
            /** @description The request is malformed */
            readonly 400: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description No valid token */
            readonly 401: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description The token does not allow it */
            readonly 403: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description There is no such operation */
            readonly 404: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Too many requests: see Retry-After */
            readonly 429: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Not now: see Retry-After */
            readonly 503: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    readonly resumeOperation: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                readonly operationId: string;
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description Queued; the header Location leads to it */
            readonly 202: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Operation"];
                };
            };
            /** @description The request is malformed */
            readonly 400: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description No valid token */
            readonly 401: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description The token does not allow it */
            readonly 403: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description There is no such operation */
            readonly 404: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Another operation works on the same: `details.operationId` */
            readonly 409: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description It cannot be applied, or breaks a rule, or a key was used for something else */
            readonly 422: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Too many requests: see Retry-After */
            readonly 429: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Not now: see Retry-After */
            readonly 503: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    readonly startRebuild: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: {
                /** @description Sending the same request again under this key answers with the same operation. */
                readonly "Idempotency-Key"?: string;
            };
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody: {
            readonly content: {
                readonly "application/json": components["schemas"]["RebuildRequest"];
            };
        };
        readonly responses: {
            /** @description Queued; the header Location leads to it */
            readonly 202: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Operation"];
                };
            };
            /** @description The request is malformed */
            readonly 400: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description No valid token */
            readonly 401: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description The token does not allow it */
            readonly 403: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Another operation works on the same: `details.operationId` */
            readonly 409: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description The body is too large */
            readonly 413: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description The content type is another one */
            readonly 415: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description It cannot be applied, or breaks a rule, or a key was used for something else */
            readonly 422: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Too many requests: see Retry-After */
            readonly 429: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Not now: see Retry-After */
            readonly 503: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    readonly revertRebuild: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: {
                /** @description Sending the same request again under this key answers with the same operation. */
                readonly "Idempotency-Key"?: string;
            };
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody: {
            readonly content: {
                readonly "application/json": components["schemas"]["RebuildRevertRequest"];
            };
        };
        readonly responses: {
            /** @description Queued; the header Location leads to it */
            readonly 202: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Operation"];
                };
            };
            /** @description The request is malformed */
            readonly 400: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description No valid token */
            readonly 401: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description The token does not allow it */
            readonly 403: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Another operation works on the same: `details.operationId` */
            readonly 409: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description The body is too large */
            readonly 413: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description The content type is another one */
            readonly 415: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description It cannot be applied, or breaks a rule, or a key was used for something else */
            readonly 422: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Too many requests: see Retry-After */
            readonly 429: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Not now: see Retry-After */
            readonly 503: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    readonly startReplay: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: {
                /** @description Sending the same request again under this key answers with the same operation. */
                readonly "Idempotency-Key"?: string;
            };
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody: {
            readonly content: {
                readonly "application/json": components["schemas"]["ReplayRequest"];
            };
        };
        readonly responses: {
            /** @description Queued; the header Location leads to it */
            readonly 202: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Operation"];
                };
            };
            /** @description The request is malformed */
            readonly 400: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description No valid token */
            readonly 401: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description The token does not allow it */
            readonly 403: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Another operation works on the same: `details.operationId` */
            readonly 409: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description The body is too large */
            readonly 413: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description The content type is another one */
            readonly 415: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description It cannot be applied, or breaks a rule, or a key was used for something else */
            readonly 422: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Too many requests: see Retry-After */
            readonly 429: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Not now: see Retry-After */
            readonly 503: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    readonly startVerify: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: {
                /** @description Sending the same request again under this key answers with the same operation. */
                readonly "Idempotency-Key"?: string;
            };
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody: {
            readonly content: {
                readonly "application/json": components["schemas"]["VerifyRequest"];
            };
        };
        readonly responses: {
            /** @description Queued; the header Location leads to it */
            readonly 202: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Operation"];
                };
            };
            /** @description The request is malformed */
            readonly 400: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description No valid token */
            readonly 401: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description The token does not allow it */
            readonly 403: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Another operation works on the same: `details.operationId` */
            readonly 409: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description The body is too large */
            readonly 413: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description The content type is another one */
            readonly 415: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description It cannot be applied, or breaks a rule, or a key was used for something else */
            readonly 422: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Too many requests: see Retry-After */
            readonly 429: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Not now: see Retry-After */
            readonly 503: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    readonly getProjections: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The figures */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["ProjectionList"];
                };
            };
            /** @description The request is malformed */
            readonly 400: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description No valid token */
            readonly 401: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description The token does not allow it */
            readonly 403: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Too many requests: see Retry-After */
            readonly 429: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Not now: see Retry-After */
            readonly 503: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    readonly listQuarantines: {
        readonly parameters: {
            readonly query?: {
                readonly aggregateType?: "player" | "guild" | "world" | "economy" | "combat";
                readonly cursor?: string;
                readonly limit?: number;
                readonly status?: "active" | "released";
            };
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description A page; the header Link leads to the next one */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["QuarantineList"];
                };
            };
            /** @description The request is malformed */
            readonly 400: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description No valid token */
            readonly 401: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description The token does not allow it */
            readonly 403: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Too many requests: see Retry-After */
            readonly 429: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Not now: see Retry-After */
            readonly 503: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    readonly getQuarantine: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                readonly aggregateId: string;
                readonly aggregateType: "player" | "guild" | "world" | "economy" | "combat";
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description How it stands */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["QuarantineStatus"];
                };
            };
            /** @description The request is malformed */
            readonly 400: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description No valid token */
            readonly 401: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description The token does not allow it */
            readonly 403: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Too many requests: see Retry-After */
            readonly 429: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Not now: see Retry-After */
            readonly 503: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    readonly releaseQuarantine: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                readonly aggregateId: string;
                readonly aggregateType: "player" | "guild" | "world" | "economy" | "combat";
            };
            readonly cookie?: never;
        };
        readonly requestBody: {
            readonly content: {
                readonly "application/json": components["schemas"]["QuarantineRelease"];
            };
        };
        readonly responses: {
            /** @description Released */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Quarantine"];
                };
            };
            /** @description The request is malformed */
            readonly 400: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description No valid token */
            readonly 401: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description The token does not allow it */
            readonly 403: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description The aggregate is not in quarantine */
            readonly 404: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description The body is too large */
            readonly 413: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description The content type is another one */
            readonly 415: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Too many requests: see Retry-After */
            readonly 429: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Not now: see Retry-After */
            readonly 503: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    readonly listRollbacks: {
        readonly parameters: {
            readonly query?: {
                readonly cursor?: string;
                readonly limit?: number;
            };
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description A page; the header Link leads to the next one */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["RollbackList"];
                };
            };
            /** @description The request is malformed */
            readonly 400: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description No valid token */
            readonly 401: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description The token does not allow it */
            readonly 403: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Too many requests: see Retry-After */
            readonly 429: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Not now: see Retry-After */
            readonly 503: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    readonly previewRollback: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody: {
            readonly content: {
                readonly "application/json": components["schemas"]["RollbackRequest"];
            };
        };
        readonly responses: {
            /** @description The preview */
            readonly 201: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Rollback"];
                };
            };
            /** @description The request is malformed */
            readonly 400: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description No valid token */
            readonly 401: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description The token does not allow it */
            readonly 403: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description There is no such state */
            readonly 404: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description The body is too large */
            readonly 413: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description The content type is another one */
            readonly 415: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description It cannot be applied, or breaks a rule, or a key was used for something else */
            readonly 422: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Too many requests: see Retry-After */
            readonly 429: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Not now: see Retry-After */
            readonly 503: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    readonly getRollback: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                readonly rollbackId: string;
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The rollback */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Rollback"];
                };
            };
            /** @description The request is malformed */
            readonly 400: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description No valid token */
            readonly 401: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description The token does not allow it */
            readonly 403: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description There is no such state */
            readonly 404: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Too many requests: see Retry-After */
            readonly 429: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Not now: see Retry-After */
            readonly 503: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    readonly executeRollback: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                readonly rollbackId: string;
            };
            readonly cookie?: never;
        };
        readonly requestBody: {
            readonly content: {
                readonly "application/json": components["schemas"]["RollbackExecution"];
            };
        };
        readonly responses: {
            /** @description Done */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["RollbackResult"];
                };
            };
            /** @description The request is malformed */
            readonly 400: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description No valid token */
            readonly 401: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description The token does not allow it */
            readonly 403: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description There is no such state */
            readonly 404: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description The version is another one */
            readonly 409: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description The body is too large */
            readonly 413: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description The content type is another one */
            readonly 415: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description It cannot be applied, or breaks a rule, or a key was used for something else */
            readonly 422: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Too many requests: see Retry-After */
            readonly 429: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Not now: see Retry-After */
            readonly 503: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    readonly undoRollback: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                readonly rollbackId: string;
            };
            readonly cookie?: never;
        };
        readonly requestBody: {
            readonly content: {
                readonly "application/json": components["schemas"]["RollbackUndo"];
            };
        };
        readonly responses: {
            /** @description Undone */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["RollbackResult"];
                };
            };
            /** @description The request is malformed */
            readonly 400: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description No valid token */
            readonly 401: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description The token does not allow it */
            readonly 403: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description There is no such state */
            readonly 404: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description The version is another one */
            readonly 409: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description The body is too large */
            readonly 413: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description The content type is another one */
            readonly 415: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description It cannot be applied, or breaks a rule, or a key was used for something else */
            readonly 422: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Too many requests: see Retry-After */
            readonly 429: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Not now: see Retry-After */
            readonly 503: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    readonly listRules: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description All rules, also those that are off */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["RuleList"];
                };
            };
            /** @description The request is malformed */
            readonly 400: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description No valid token */
            readonly 401: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description The token does not allow it */
            readonly 403: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Too many requests: see Retry-After */
            readonly 429: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Not now: see Retry-After */
            readonly 503: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    readonly getAggregateState: {
        readonly parameters: {
            readonly query?: {
                /** @description The state as it was at this time. */
                readonly at?: string;
                /** @description strong: read the database; bounded: at most 150 ms old */
                readonly consistency?: "strong" | "bounded";
                readonly includeEvents?: boolean;
                readonly version?: number;
            };
            readonly header?: {
                /** @description Answer 304 if this is still the entity tag. */
                readonly "If-None-Match"?: string;
                /** @description The `X-Position` of a write: the answer shows at least that, through any instance. */
                readonly "X-Min-Position"?: string;
            };
            readonly path: {
                readonly aggregateId: string;
                readonly aggregateType: "player" | "guild" | "world" | "economy" | "combat";
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The state */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["AggregateState"];
                };
            };
            /** @description The request is malformed */
            readonly 400: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description No valid token */
            readonly 401: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description The token does not allow it */
            readonly 403: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description There is no such state */
            readonly 404: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Too many requests: see Retry-After */
            readonly 429: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Not now: see Retry-After */
            readonly 503: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    readonly updateAggregateState: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: {
                /** @description Sending the same request again under this key returns the first answer. */
                readonly "Idempotency-Key"?: string;
                /** @description The entity tag of the version this is based on, e.g. `"v3"`. */
                readonly "If-Match"?: string;
            };
            readonly path: {
                readonly aggregateId: string;
                readonly aggregateType: "player" | "guild" | "world" | "economy" | "combat";
            };
            readonly cookie?: never;
        };
        readonly requestBody: {
            readonly content: {
                readonly "application/json": components["schemas"]["StateUpdateRequest"];
            };
        };
        readonly responses: {
            /** @description Changed */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["StateUpdateResponse"];
                };
            };
            /** @description The request is malformed */
            readonly 400: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description No valid token */
            readonly 401: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description The token does not allow it */
            readonly 403: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description There is no such state */
            readonly 404: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description The version is another one */
            readonly 409: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description If-Match misses */
            readonly 412: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description The body is too large */
            readonly 413: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description The content type is another one */
            readonly 415: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description It cannot be applied, or breaks a rule, or a key was used for something else */
            readonly 422: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Too many requests: see Retry-After */
            readonly 429: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Not now: see Retry-After */
            readonly 503: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    readonly deleteAggregateState: {
        readonly parameters: {
            readonly query?: {
                readonly expectedVersion?: number;
            };
            readonly header?: {
                /** @description Sending the same request again under this key returns the first answer. */
                readonly "Idempotency-Key"?: string;
                /** @description The entity tag of the version this is based on, e.g. `"v3"`. */
                readonly "If-Match"?: string;
            };
            readonly path: {
                readonly aggregateId: string;
                readonly aggregateType: "player" | "guild" | "world" | "economy" | "combat";
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description Deleted */
            readonly 204: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The request is malformed */
            readonly 400: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description No valid token */
            readonly 401: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description The token does not allow it */
            readonly 403: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description There is no such state */
            readonly 404: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description The version is another one */
            readonly 409: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description If-Match misses */
            readonly 412: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description It cannot be applied, or breaks a rule, or a key was used for something else */
            readonly 422: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Too many requests: see Retry-After */
            readonly 429: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Not now: see Retry-After */
            readonly 503: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    readonly patchAggregateState: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: {
                /** @description Sending the same request again under this key returns the first answer. */
                readonly "Idempotency-Key"?: string;
                /** @description The entity tag of the version this is based on, e.g. `"v3"`. */
                readonly "If-Match"?: string;
            };
            readonly path: {
                readonly aggregateId: string;
                readonly aggregateType: "player" | "guild" | "world" | "economy" | "combat";
            };
            readonly cookie?: never;
        };
        readonly requestBody: {
            readonly content: {
                readonly "application/merge-patch+json": components["schemas"]["StatePatch"];
            };
        };
        readonly responses: {
            /** @description Changed */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["StateUpdateResponse"];
                };
            };
            /** @description The request is malformed */
            readonly 400: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description No valid token */
            readonly 401: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description The token does not allow it */
            readonly 403: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description There is no such state */
            readonly 404: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description If-Match misses */
            readonly 412: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description The body is too large */
            readonly 413: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description The content type is another one */
            readonly 415: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description It cannot be applied, or breaks a rule, or a key was used for something else */
            readonly 422: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Too many requests: see Retry-After */
            readonly 429: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Not now: see Retry-After */
            readonly 503: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    readonly diffAggregateState: {
        readonly parameters: {
            readonly query: {
                /** @description A version, or a time. */
                readonly from: string;
                /** @description A version, or a time. */
                readonly to: string;
            };
            readonly header?: never;
            readonly path: {
                readonly aggregateId: string;
                readonly aggregateType: "player" | "guild" | "world" | "economy" | "combat";
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The differences */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["StateDiff"];
                };
            };
            /** @description The request is malformed */
            readonly 400: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description No valid token */
            readonly 401: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description The token does not allow it */
            readonly 403: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description There is no such state */
            readonly 404: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Too many requests: see Retry-After */
            readonly 429: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Not now: see Retry-After */
            readonly 503: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    readonly streamChannel: {
        readonly parameters: {
            readonly query: {
                /** @description Such as player/{id}, world/*, server/{serverId}, operations/{id}. */
                readonly channel: string;
                /** @description latest: only the newest state of each aggregate. */
                readonly delivery?: "lossless" | "latest";
                /** @description As SUBSCRIBED gave it. */
                readonly epoch?: string;
                /** @description Only these; may be given several times. */
                readonly eventTypes?: readonly string[];
                /** @description The cursor to resume from; `Last-Event-ID` goes before it. */
                readonly from?: string;
                /** @description JSON Pointers, may be given several times: of what changed, one must be at, above or below one of them. */
                readonly paths?: readonly string[];
                readonly presence?: boolean;
                readonly snapshot?: boolean;
                /** @description From `POST /stream/tickets`, in place of a token. */
                readonly ticket?: string;
            };
            readonly header?: {
                /** @description The cursor of the last event that was handled */
                readonly "Last-Event-ID"?: string;
            };
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description Messages without end */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "text/event-stream": string;
                };
            };
            /** @description The request is malformed */
            readonly 400: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description No valid token or ticket */
            readonly 401: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description The token does not allow it */
            readonly 403: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Too many requests or connections: see Retry-After */
            readonly 429: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Not now: see Retry-After */
            readonly 503: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    readonly createStreamTicket: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The ticket */
            readonly 201: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["StreamTicket"];
                };
            };
            /** @description No valid token or ticket */
            readonly 401: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Too many requests or connections: see Retry-After */
            readonly 429: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Not now: see Retry-After */
            readonly 503: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    readonly getTokenRevocations: {
        readonly parameters: {
            readonly query?: {
                readonly cursor?: string;
                readonly limit?: number;
            };
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description A page; the header Link leads to the next one */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["TokenRevocationList"];
                };
            };
            /** @description The request is malformed */
            readonly 400: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description No valid token */
            readonly 401: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description The token does not allow it */
            readonly 403: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Too many requests: see Retry-After */
            readonly 429: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Not now: see Retry-After */
            readonly 503: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    readonly revokeTokens: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody: {
            readonly content: {
                readonly "application/json": components["schemas"]["TokenRevocationRequest"];
            };
        };
        readonly responses: {
            /** @description Revoked */
            readonly 201: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["TokenRevocation"];
                };
            };
            /** @description The request is malformed */
            readonly 400: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description No valid token */
            readonly 401: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description The token does not allow it */
            readonly 403: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description The body is too large */
            readonly 413: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description The content type is another one */
            readonly 415: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description There are too many revocations */
            readonly 422: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Too many requests: see Retry-After */
            readonly 429: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Not now: see Retry-After */
            readonly 503: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    readonly liftTokenRevocation: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                readonly id: string;
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description Lifted */
            readonly 204: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The request is malformed */
            readonly 400: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description No valid token */
            readonly 401: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description The token does not allow it */
            readonly 403: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description There is no such revocation */
            readonly 404: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Too many requests: see Retry-After */
            readonly 429: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Not now: see Retry-After */
            readonly 503: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    readonly getWorldAt: {
        readonly parameters: {
            readonly query?: {
                /** @description Required on the first page; the cursor keeps it for the others. */
                readonly at?: string;
                readonly cursor?: string;
                readonly limit?: number;
                readonly type?: "player" | "guild" | "world" | "economy" | "combat";
            };
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description A page; the header Link leads to the next one */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["WorldAt"];
                };
            };
            /** @description The request is malformed */
            readonly 400: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description No valid token */
            readonly 401: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description The token does not allow it */
            readonly 403: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Too many requests: see Retry-After */
            readonly 429: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Not now: see Retry-After */
            readonly 503: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    readonly livez: {
        readonly parameters: {
            readonly query?: {
                /** @description Adds each check with its status and latency. */
                readonly verbose?: "" | "true" | "false";
            };
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description It is so */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": {
                        /** @description Each check by name; only with `verbose`. */
                        readonly checks?: {
                            readonly [key: string]: {
                                /** @description How long the answer took, or has been waited for. */
                                readonly latencyMs: number;
                                readonly message?: string;
                                /** @enum {string} */
                                readonly status: "up" | "degraded" | "down";
                            };
                        };
                        /** @enum {string} */
                        readonly status: "ok" | "degraded";
                        /** Format: date-time */
                        readonly timestamp: string;
                    };
                };
            };
            /** @description It is not, or not now */
            readonly 503: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    readonly getMetrics: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description Prometheus text */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "text/plain": string;
                };
            };
        };
    };
    readonly readyz: {
        readonly parameters: {
            readonly query?: {
                /** @description Adds each check with its status and latency. */
                readonly verbose?: "" | "true" | "false";
            };
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description It is so */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": {
                        /** @description Each check by name; only with `verbose`. */
                        readonly checks?: {
                            readonly [key: string]: {
                                /** @description How long the answer took, or has been waited for. */
                                readonly latencyMs: number;
                                readonly message?: string;
                                /** @enum {string} */
                                readonly status: "up" | "degraded" | "down";
                            };
                        };
                        /** @enum {string} */
                        readonly status: "ok" | "degraded";
                        /** Format: date-time */
                        readonly timestamp: string;
                    };
                };
            };
            /** @description It is not, or not now */
            readonly 503: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    readonly startupz: {
        readonly parameters: {
            readonly query?: {
                /** @description Adds each check with its status and latency. */
                readonly verbose?: "" | "true" | "false";
            };
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description It is so */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": {
                        /** @description Each check by name; only with `verbose`. */
                        readonly checks?: {
                            readonly [key: string]: {
                                /** @description How long the answer took, or has been waited for. */
                                readonly latencyMs: number;
                                readonly message?: string;
                                /** @enum {string} */
                                readonly status: "up" | "degraded" | "down";
                            };
                        };
                        /** @enum {string} */
                        readonly status: "ok" | "degraded";
                        /** Format: date-time */
                        readonly timestamp: string;
                    };
                };
            };
            /** @description It is not, or not now */
            readonly 503: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
}
