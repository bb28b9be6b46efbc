import '@nestjs/common';
import 'zod';
import '@app/auth';
import '../command/update-player.js';
import '../query/get-player.js';

// Sentences, not SQL.
export const summaries = [
  'Select a player from the list, or update the set of them',
  'Listening on a port, with nothing to do',
  'Deletes from the cache what was inserted into the log',
  'UPDATE_STATE',
];
