import { createPublicKey } from 'node:crypto';
import { EventStore } from '@app/event-store';
import { RuleSet } from '@app/kernel';
import { type DynamicModule, type FactoryProvider, Inject, Module, type OnApplicationBootstrap, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { Operations } from '@app/operations';
import type { Pool } from 'pg';
import { FlagFigures } from './flags/flag-figures.js';
import { FLAGS, FlagProjection, PACE } from './flags/flag-projection.js';
import { Flags } from './flags/flags.js';
import { FlagsController } from './flags/flags.controller.js';
import { QuarantinesController } from './flags/quarantines.controller.js';
import { RulesController } from './flags/rules.controller.js';
import { LogVerification, VERIFY } from './log-verification.js';
import { REPLAY_RULE, RuleReplay } from './replay/rule-replay.js';
import { RootSigner, type RootSigning } from './root-signer.js';

const BINDING = Symbol('integrity binding');
const REFRESH_MS = 10_000;

/** What the module is bound to. */
export interface IntegrityBinding {
  /** Its owner ends it. */
  readonly pool: Pool;
  /** For what needs a connection of its own. */
  readonly databaseUrl: string;
  readonly rules: RuleSet;
  /** Absent: this instance signs no roots, and does not check signatures. */
  readonly signing?: RootSigning;
  readonly log: (line: string, level?: 'warn' | 'error') => void;
}

/**
 * The review of what rules found: puts it up from the log, and serves it over HTTP. Binds the replay of the log
 * through a rule and the verification of the log, and signs roots where it has a key. Needs an `EventStore`, `Operations` and the guards of `@app/auth` in the application.
 */
@Module({})
export class IntegrityModule implements OnModuleInit, OnApplicationBootstrap, OnModuleDestroy {
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly events: EventStore, private readonly figures: FlagFigures, @Inject(BINDING) private readonly binding: IntegrityBinding,
    private readonly operations: Operations, private readonly signer: RootSigner,
  ) {}

  static register({ inject, useFactory }: Pick<FactoryProvider<IntegrityBinding>, 'inject' | 'useFactory'>): DynamicModule {
    return {
      module: IntegrityModule,
      controllers: [FlagsController, QuarantinesController, RulesController],
      providers: [
        { provide: BINDING, inject, useFactory }, { provide: RuleSet, inject: [BINDING], useFactory: ({ rules }: IntegrityBinding) => rules }, FlagFigures,
        {
          provide: RootSigner, inject: [BINDING],
          useFactory: ({ pool, signing, log }: IntegrityBinding) => new RootSigner(pool, signing, log),
        },
        {
          provide: Flags, inject: [BINDING, EventStore, FlagFigures],
          useFactory: ({ pool }: IntegrityBinding, events: EventStore, figures: FlagFigures) => new Flags(pool, events, figures),
        },
      ],
      exports: [FlagFigures, RootSigner],
    };
  }

  onModuleInit(): void {
    const { pool, rules, databaseUrl, signing } = this.binding;
    this.operations.register(REPLAY_RULE, new RuleReplay(pool, this.events, rules));
    this.operations.register(VERIFY, new LogVerification(databaseUrl, signing && { key: createPublicKey(signing.key), file: signing.file }));
  }

  onApplicationBootstrap(): void {
    const { log } = this.binding;
    this.events.projections.start(FLAGS, new FlagProjection(this.figures, log).handle, PACE);
    this.signer.start();
    this.refresh();
    this.timer = setInterval(() => this.refresh(), REFRESH_MS).unref();
  }

  async onModuleDestroy(): Promise<void> {
    clearInterval(this.timer);
    await this.signer.stop();
  }

  private refresh(): void {
    const { pool, log } = this.binding;
    this.figures.refresh(pool).catch((error: Error) => log(`open flags are not counted for now: ${error.message}`));
  }
}
