import { createApp } from '../app.js';
import type { CreateService } from './service.js';

/** The service in this one process. */
export const createService: CreateService = async (config, lifecycle) => {
  const app = await createApp(config, lifecycle);
  return {
    listen: async () => {
      await app.listen(config.port, config.host);
      return app.getUrl();
    },
    close: () => app.close(),
  };
};
